"""Plays the demo's story from the first complaint to the last notice, driven by the services' events."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any, TypeVar

from shared import events as e
from shared import topics
from tindak.client.answers import Answer, PendingAnswers
from tindak.client.envelopes import submission
from tindak.client.kafka import Client, Position, Start
from tindak.demo_story.cast import Cast
from tindak.demo_story.chronicle import Chronicle
from tindak.demo_story.ending import missing
from tindak.demo_story.narrator import Narrator
from tindak.demo_story.script import complaints

HEARD = (
    topics.ACCEPTED, topics.REJECTED, topics.TICKETS, topics.SLA, topics.WARNINGS, topics.BREACHES, topics.DELIVERIES,
)  # fmt: skip
OF_AGENCIES = (e.SlaClock.RESPOND, e.SlaClock.RESOLVE, e.SlaClock.VERIFY)

Decision = e.TicketRouted | e.TriageRequested
Complaint = Mapping[str, Any]
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
    opened_at: datetime = field(default_factory=lambda: datetime.now(UTC))

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
        firsts, again = split([{**complaint, "submitted_at": self.opened_at.isoformat()} for complaint in complaints()])
        for complaint, position in zip(firsts, await self._submit(firsts), strict=True):
            answer = await self._answer(complaint, position, heard=0)
            if isinstance(answer, e.ComplaintRejected):
                self.narrator.refused(complaint, answer)
            else:
                self.narrator.decided(complaint, await self._decision(answer.ticket_id))
                if answer.body != complaint["body"]:
                    self.narrator.masked(answer.body)
        for complaint in again:
            heard = len(self.chronicle.told)
            answer = await self._answer(complaint, (await self._submit([complaint]))[0], heard)
            if isinstance(answer, e.ComplaintRejected):
                self.narrator.refused(complaint, answer)
            else:
                self.narrator.repeated(complaint, answer)
        self.narrator.heading("Agencies, officers and reporters at work")
        await beside(self._until_complete(), self._act())

    async def _submit(self, given: Sequence[Complaint]) -> list[Position]:
        self.channels.update(complaint["channel"] for complaint in given)
        return await self.client.publish([submission(complaint, datetime.now(UTC)) for complaint in given])

    async def _answer(self, complaint: Complaint, position: Position, heard: int) -> Answer:
        """Return the answer to a submission, if it is not among the first *heard* events."""
        pending = PendingAnswers([complaint], [position])

        def answer() -> Answer | None:
            return next((pending.ready()[0] for event in self.chronicle.told[heard:] if pending.hear(event)), None)

        return await self.chronicle.until(answer)

    async def _decision(self, ticket_id: str) -> Decision:
        """Return what routing makes of a ticket at first."""

        def first() -> Decision | None:
            facts = self.chronicle.all(e.TicketFact, ticket_id)
            return next((fact for fact in facts if isinstance(fact, Decision)), None)

        return await self.chronicle.until(first)

    async def _act(self) -> None:
        """Let everybody answer what they hear, and tell what happens, without end."""
        async for event in self.chronicle.onwards():
            asked = self.cast.answer(event.data, datetime.now(UTC))
            self._tell(event.data)
            await self.client.publish(asked)

    def _tell(self, data: e.EventData) -> None:
        ticket_id = getattr(data, "ticket_id", "")
        accepted = self.cast.known(ticket_id)
        if accepted is None:
            return
        told = (monotonic() - self.began, accepted.tracking_id, accepted.title or accepted.body)
        if self.cast.is_storied(ticket_id):
            if is_worth_telling(data):
                self.narrator.happened(*told, data)
        elif isinstance(data, e.TicketAnswered):
            self.narrator.ordinary(*told, data)

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


def split(given: Sequence[Complaint]) -> tuple[list[Complaint], list[Complaint]]:
    """Return what is submitted for the first time, and what comes again under the same source id, in order."""
    firsts: dict[tuple[str, str], Complaint] = {}
    again = []
    for complaint in given:
        source = complaint["channel"], complaint["source_id"]
        if source in firsts:
            again.append(complaint)
        firsts.setdefault(source, complaint)
    return list(firsts.values()), again


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
