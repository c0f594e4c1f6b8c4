"""A toy service for tests of delivery: it counts what it hears about a ticket and says each count."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared import topics
from shared.delivery.ports import Record
from shared.events import (
    AcknowledgeTicket,
    Applied,
    Arrival,
    ConfirmTicket,
    Decision,
    Event,
    Fact,
    Ignored,
    ProgressTicket,
    Refused,
    Replayed,
    TicketProgressed,
    UnmergeTicket,
    UnreadableEvent,
    Untracked,
    WithdrawTicket,
)
from tests.builders import TRACKING


@dataclass(frozen=True)
class Count:
    """How many events of a ticket were heard, and when time says the count once more."""

    heard: int
    due_at: datetime | None = None


def progressed(ticket: str, heard: int, at: datetime) -> TicketProgressed:
    """Return the count as a fact, in the clothes of a real one."""
    return TicketProgressed(
        ticket_id=ticket, tracking_id=TRACKING, state="working", version=heard, at=at, agency="dishub", note=str(heard)
    )


@dataclass
class Counter:
    """Counts accepted complaints and updates.

    A withdrawal is answered without a trace; a progress report asks for the answer to the event that its note names;
    a confirmation is ignored, and counts as applied; an unmerging is ignored without a trace; an acknowledgement
    meets a bug in the method that ``breaks`` names. What cannot be read is refused if ``refuses``.
    It hears no type of ``deaf_to``.
    """

    breaks: str | None = None
    refuses: bool = False
    keeps_answers: bool = False
    repeats_within: timedelta | None = None
    counts_again_at: datetime | None = None
    service: str = "routing"
    deaf_to: frozenset[str] = frozenset()
    topics: tuple[str, ...] = (topics.ACCEPTED, topics.UPDATES)

    def hears(self, kind: str) -> bool:
        return kind not in self.deaf_to

    def key_of(self, event: Event) -> str:
        self.meet_bug("key_of", event)
        return str(event.data.ticket_id)  # type: ignore[attr-defined]  # all that it hears has one

    def decide(self, state: Count | None, event: Event, arrival: Arrival) -> Decision[Count]:
        self.meet_bug("decide", event)
        ticket = self.key_of(event)
        if isinstance(event.data, WithdrawTicket):
            return Untracked((Fact(progressed(ticket, 0, event.time), topics.TRIAGE, ticket),))
        if isinstance(event.data, ProgressTicket):
            return Replayed(event.data.note)
        if isinstance(event.data, ConfirmTicket):
            return Ignored("nobody asked", state)
        if isinstance(event.data, UnmergeTicket):
            return Ignored("nobody asked")
        count = Count((state.heard if state else 0) + 1, self.counts_again_at)
        unsayable = self.breaks == "encode" and isinstance(event.data, AcknowledgeTicket)
        key = "\ud800" if unsayable else ticket
        return Applied(count, (Fact(progressed(ticket, count.heard, event.time), topics.TICKETS, key),))

    def refuse(self, record: Record, arrival: Arrival, fault: UnreadableEvent) -> Refused:
        if self.breaks == "refuse":
            raise ZeroDivisionError
        at = arrival.arrived_at
        return (
            Refused((Fact(progressed("nobody", 0, at), topics.TRIAGE, ""),), keep=False) if self.refuses else Refused()
        )

    def due_at(self, state: Count) -> datetime | None:
        if self.breaks == "due_at":
            raise ZeroDivisionError
        return state.due_at

    def expires_at(self, state: Count) -> datetime | None:
        return None

    def tick(self, state: Count, now: datetime) -> Decision[Count]:
        if self.breaks == "tick":
            raise ZeroDivisionError
        fact = Fact(progressed("ticket", state.heard, now), topics.SLA, "ticket")
        return Applied(replace(state, due_at=None), (fact,))

    def meet_bug(self, method: str, event: Event) -> None:
        if self.breaks == method and isinstance(event.data, AcknowledgeTicket):
            raise ZeroDivisionError
