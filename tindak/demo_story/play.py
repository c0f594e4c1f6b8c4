"""The story from the first complaint to the last notice; driven by what the services say, never by the clock."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any, TypeVar

from shared import events as e
from shared import topics
from tindak.answers import Answer, answer_to_submission
from tindak.client import Client, Start, Written
from tindak.demo_story.cast import Cast
from tindak.demo_story.chronicle import Chronicle
from tindak.demo_story.ending import missing
from tindak.demo_story.narrator import Narrator
from tindak.demo_story.script import complaints
from tindak.envelopes import submission

HEARD = (
    topics.ACCEPTED, topics.REJECTED, topics.TICKETS, topics.SLA, topics.WARNINGS, topics.BREACHES, topics.DELIVERIES,
)  # fmt: skip
OF_AGENCIES = (e.SlaClock.RESPOND, e.SlaClock.RESOLVE, e.SlaClock.VERIFY)

Decision = e.TicketRouted | e.TriageRequested
T = TypeVar("T")


@dataclass
class Play:
    """One performance.

    Args:
        client: Connection to the broker.
        narrator: Tells it.
        within_seconds: How long it may take.
    """

    client: Client
    narrator: Narrator
    within_seconds: float
    chronicle: Chronicle = field(default_factory=Chronicle)
    cast: Cast = field(default_factory=Cast)
    channels: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=monotonic)

    async def perform(self) -> list[str]:
        """Play it to the end; return what was missing when the time was over."""
        async with self.client.follow(HEARD, Start.EARLIEST) as records:
            try:
                async with asyncio.timeout(self.within_seconds):
                    await beside(self._story(), self.chronicle.listen(records))
            except TimeoutError:
                return missing(self.chronicle, self.cast) or ["the answer to a complaint"]
        return []

    async def _story(self) -> None:
        self.narrator.heading("Complaints come in")
        given: dict[str, dict[str, Any]] = {}
        for complaint in complaints():
            # A channel that repeats a report repeats it as it was, its time included.
            at = datetime.now(UTC).isoformat()
            whole = {"submitted_at": given.get(complaint["source_id"], {}).get("submitted_at", at), **complaint}
            given.setdefault(complaint["source_id"], whole)
            await self._hand_in(whole)
        self.narrator.heading("Agencies, officers and reporters at work")
        await beside(self._until_complete(), self._act())

    async def _hand_in(self, complaint: Mapping[str, Any]) -> None:
        """Submit one complaint, wait for what becomes of it, and tell it."""
        heard = len(self.chronicle.told)
        self.channels[complaint["channel"]] += 1
        lies = (await self.client.publish([submission(complaint, datetime.now(UTC))]))[0]
        answer: Answer = await self.chronicle.until(lambda: self._answer(complaint, lies, heard))
        if isinstance(answer, e.ComplaintRejected):
            self.narrator.refused(complaint, answer)
        elif self._decision(answer.ticket_id):
            self.narrator.repeated(complaint, answer)
        else:
            ticket_id = answer.ticket_id
            decision: Decision = await self.chronicle.until(lambda: self._decision(ticket_id))
            self.narrator.decided(complaint, decision)

    def _answer(self, complaint: Mapping[str, Any], lies: Written, heard: int) -> Answer | None:
        wanted = answer_to_submission(complaint, lies)
        return next((answer for event in self.chronicle.told[heard:] if (answer := wanted(event))), None)

    def _decision(self, ticket_id: str) -> Decision | None:
        facts = self.chronicle.all(e.TicketFact, ticket_id)
        return next((fact for fact in facts if isinstance(fact, e.TicketRouted | e.TriageRequested)), None)

    async def _act(self) -> None:
        """Let everybody answer what they hear, and tell what happens, without end."""
        async for event in self.chronicle.onwards():
            asked = self.cast.answer(event, datetime.now(UTC))
            self._tell(event)
            if asked is not None:
                await self.client.publish([asked])

    def _tell(self, event: e.Event) -> None:
        data = event.data
        part = self.cast.parts.get(getattr(data, "ticket_id", ""))
        if part is None:
            return
        told = (monotonic() - self.began, part.tracking_id, self._title(event))
        if self.cast.is_storied(getattr(data, "ticket_id", "")):
            if is_worth_telling(data):
                self.narrator.happened(*told, data)
        elif isinstance(data, e.TicketAnswered):
            self.narrator.ordinary(*told, data)

    def _title(self, event: e.Event) -> str:
        accepted = next(self.chronicle.all(e.ComplaintAccepted, getattr(event.data, "ticket_id", "")))
        return accepted.title or accepted.body

    async def _until_complete(self) -> None:
        await self.chronicle.until(lambda: None if missing(self.chronicle, self.cast) else True)


def is_worth_telling(data: e.EventData) -> bool:
    """Return whether something is told as it happens: what people do, and what clocks of agencies say about delay."""
    match data:
        case e.TicketRouted():
            return data.hop > 1 or data.decided_by is e.DecidedBy.OFFICER  # the first routing has been told
        case e.TriageRequested():
            return data.version > 1
        case e.ClockWarned() | e.ClockBreached() | e.BreachEscalated() | e.BreachCleared():
            return data.clock in OF_AGENCIES
    return isinstance(data, e.TicketFact)


async def beside(story: Coroutine[Any, Any, T], other: Coroutine[Any, Any, None]) -> T:
    """Return what *story* returns; *other* runs as long, and if it fails, that ends the story."""
    main, companion = asyncio.create_task(story), asyncio.create_task(other)
    try:
        await asyncio.wait({main, companion}, return_when=asyncio.FIRST_COMPLETED)
        if companion.done():
            companion.result()
        return await main
    finally:
        for task in (main, companion):
            task.cancel()
        await asyncio.gather(main, companion, return_exceptions=True)
