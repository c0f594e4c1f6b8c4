"""Runs the demo from the first complaint to the last notice, driven by the services' events."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any, TypeVar

from shared import events as e
from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.senders import refusals_topic
from tindak.client.answers import Answer, PendingAnswers
from tindak.client.envelopes import submission
from tindak.client.kafka import Client, Position, Start
from tindak.demo_story.output import DemoOutput
from tindak.demo_story.people import People
from tindak.demo_story.recorder import EventRecorder
from tindak.demo_story.scenarios import STRANGER, complaints
from tindak.demo_story.summary import missing

TOPICS = (topics.TICKETS, topics.SLA, topics.WARNINGS, topics.BREACHES, topics.DELIVERIES)
TO_STRANGER = refusals_topic(STRANGER)  # who alone hears that nothing came of it
OF_AGENCIES = (e.SlaClock.RESPOND, e.SlaClock.RESOLVE, e.SlaClock.VERIFY)

Decision = e.TicketRouted | e.TriageRequested
Complaint = Mapping[str, Any]
Sent = tuple[Outgoing, Position]
T = TypeVar("T")


@dataclass
class DemoRun:
    """One run of the demo.

    Args:
        client: Connection to the broker.
        output: Shows it.
        within_seconds: How long it may take.
        answers: The topics on which intake answers the channels.
    """

    client: Client
    output: DemoOutput
    within_seconds: float
    answers: Sequence[str]
    recorder: EventRecorder = field(default_factory=EventRecorder)
    people: People = field(default_factory=People)
    channels: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=monotonic)
    opened_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def run(self) -> list[str]:
        """Run it to the end; return what was missing when the time was over."""
        async with self.client.follow((*TOPICS, *self.answers, TO_STRANGER), Start.EARLIEST) as records:
            try:
                async with asyncio.timeout(self.within_seconds):
                    await beside(self._run(), self.recorder.listen(records, {TO_STRANGER}))
            except TimeoutError:
                return missing(self.recorder, self.people) or ["the answer to a complaint"]
        return []

    async def _run(self) -> None:
        self.output.heading("Complaints come in")
        firsts, again = split([{**complaint, "submitted_at": self.opened_at.isoformat()} for complaint in complaints()])
        for complaint, sent in zip(firsts, await self._submit(firsts), strict=True):
            answer = await self._answer(sent, after=0)
            if isinstance(answer, e.ComplaintRejected):
                self.output.refused(complaint, answer)
            else:
                self.output.decided(complaint, await self._decision(answer.ticket_id))
                if answer.body != complaint["body"]:
                    self.output.masked(answer.body)
        for complaint in again:
            seen = len(self.recorder.events)
            answer = await self._answer((await self._submit([complaint]))[0], seen)
            if isinstance(answer, e.ComplaintRejected):
                self.output.refused(complaint, answer)
            else:
                self.output.repeated(complaint, answer)
        self.output.heading("Agencies, officers and reporters at work")
        await beside(self._until_complete(), self._react())

    async def _submit(self, given: Sequence[Complaint]) -> list[Sent]:
        self.channels.update(complaint["channel"] for complaint in given)
        events = [submission(complaint, datetime.now(UTC)) for complaint in given]
        return list(zip(events, await self.client.publish(events), strict=True))

    async def _answer(self, sent: Sent, after: int) -> Answer:
        """Return the answer to a submission, if it is not among the first *after* events."""
        pending = PendingAnswers([sent[0]], [sent[1]])

        def answer() -> Answer | None:
            return next((pending.ready()[0] for event in self.recorder.events[after:] if pending.handle(event)), None)

        return await self.recorder.until(answer)

    async def _decision(self, ticket_id: str) -> Decision:
        """Return what routing makes of a ticket at first."""

        def first() -> Decision | None:
            facts = self.recorder.all(e.TicketFact, ticket_id)
            return next((fact for fact in facts if isinstance(fact, Decision)), None)

        return await self.recorder.until(first)

    async def _react(self) -> None:
        """Let people react to each event, and show it, without end."""
        async for event in self.recorder.stream():
            asked = self.people.answer(event.data, datetime.now(UTC))
            self._show(event.data)
            await self.client.publish(asked)

    def _show(self, data: e.EventData) -> None:
        ticket_id = getattr(data, "ticket_id", "")
        accepted = self.people.complaint_of(ticket_id)
        if accepted is None:
            return
        about = (monotonic() - self.began, accepted.tracking_id, accepted.title or accepted.body)
        if self.people.has_scenario(ticket_id):
            if is_shown(data):
                self.output.happened(*about, data)
        elif isinstance(data, e.TicketAnswered):
            self.output.ordinary(*about, data)

    async def _until_complete(self) -> None:
        await self.recorder.until(lambda: None if missing(self.recorder, self.people) else True)


def is_shown(data: e.EventData) -> bool:
    """Return whether an event is shown as it happens: what people do, and delays on the clocks of agencies."""
    match data:
        case e.TicketRouted():
            return data.hop > 1 or data.decided_by is e.DecidedBy.OFFICER  # the first is shown with its complaint
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


async def beside(work: Coroutine[Any, Any, T], other: Coroutine[Any, Any, None]) -> T:
    """Return what *work* returns; *other* runs as long, and its failure ends the work."""
    main, companion = asyncio.create_task(work), asyncio.create_task(other)
    try:
        await asyncio.wait({main, companion}, return_when=asyncio.FIRST_COMPLETED)
        if companion.done():
            companion.result()
        return await main
    finally:
        for task in (main, companion):
            task.cancel()
        await asyncio.gather(main, companion, return_exceptions=True)
