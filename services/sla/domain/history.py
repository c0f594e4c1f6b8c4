"""The events of a ticket's history that move its clocks, without anything that somebody wrote."""

from datetime import UTC, datetime
from typing import Literal, TypeAlias

from shared import events
from shared.values import value


@value(kw_only=True)
class Step:
    """Something that happened; ``version`` is its place in the ticket's history."""

    version: int
    at: datetime


@value(kw_only=True)
class Routed(Step):
    """An agency is responsible from now on."""

    kind: Literal["routed"] = "routed"
    agency: str
    classification: events.Classification


@value(kw_only=True)
class SentToTriage(Step):
    """Nobody is responsible."""

    kind: Literal["sent_to_triage"] = "sent_to_triage"
    classification: events.Classification


@value(kw_only=True)
class Answered(Step):
    """The agency answered."""

    kind: Literal["answered"] = "answered"
    final: bool


@value(kw_only=True)
class Declined(Step):
    """The agency gave it back; the next step, of the same answer, says who has it then."""

    kind: Literal["declined"] = "declined"


@value(kw_only=True)
class Held(Step):
    """Work waits; ``until`` is what the agency asked for."""

    kind: Literal["held"] = "held"
    reason: events.HoldReason
    until: datetime | None = None


@value(kw_only=True)
class Resumed(Step):
    """Work goes on."""

    kind: Literal["resumed"] = "resumed"


@value(kw_only=True)
class Replied(Step):
    """The reporter wrote."""

    kind: Literal["replied"] = "replied"


@value(kw_only=True)
class Reclassified(Step):
    """It is another kind of report."""

    kind: Literal["reclassified"] = "reclassified"
    classification: events.Classification


@value(kw_only=True)
class Reopened(Step):
    """The reporter was not content, and an agency has it again."""

    kind: Literal["reopened"] = "reopened"
    agency: str


@value(kw_only=True)
class Divided(Step):
    """Its parts have clocks of their own from now on."""

    kind: Literal["divided"] = "divided"


@value(kw_only=True)
class Ended(Step):
    """The matter is ended: closed, archived or withdrawn."""

    kind: Literal["ended"] = "ended"
    why: str
    by_reporter: bool = False


ClockEvent: TypeAlias = (
    Routed | SentToTriage | Answered | Declined | Held | Resumed | Replied | Reclassified | Reopened | Divided | Ended
)


MOVING_CLOCKS = frozenset(
    kind.TYPE
    for kind in (
        events.ComplaintAccepted, events.TicketRouted, events.TriageRequested, events.TicketAnswered,
        events.AnswerOffered, events.TicketDeclined, events.TicketHeld, events.TicketResumed, events.ReporterReplied,
        events.TicketReclassified, events.TicketReopened, events.TicketSplit, events.TicketClosed,
        events.TicketArchived, events.TicketWithdrawn,
    )
)  # fmt: skip
"""Types of the acceptance and of the facts of which `to_clock_event` makes something."""


def in_utc(at: datetime) -> datetime:
    """Return the same instant in Python's own UTC; the zone of what was read as JSON compares ten times as slowly."""
    return at.astimezone(UTC)


def to_clock_event(data: events.EventData) -> ClockEvent | None:
    """Return what a fact about a ticket means for its clocks; None if it moves none.

    Being merged is a link between two tickets: each keeps its own clocks, so that no report can be lost in another.
    """
    if not isinstance(data, events.TicketFact):
        return None
    version, at = data.version, in_utc(data.at)
    match data:
        case events.TicketRouted():
            return Routed(version=version, at=at, agency=data.agency, classification=data.classification)
        case events.TriageRequested():
            return SentToTriage(version=version, at=at, classification=data.classification)
        case events.TicketAnswered() | events.AnswerOffered():
            return Answered(version=version, at=at, final=data.final)
        case events.TicketDeclined():
            return Declined(version=version, at=at)
        case events.TicketHeld():
            return Held(version=version, at=at, reason=data.reason, until=data.until)
        case events.TicketResumed():
            return Resumed(version=version, at=at)
        case events.ReporterReplied():
            return Replied(version=version, at=at)
        case events.TicketReclassified():
            return Reclassified(version=version, at=at, classification=data.classification)
        case events.TicketReopened():
            return Reopened(version=version, at=at, agency=data.agency)
        case events.TicketSplit():
            return Divided(version=version, at=at)
        case events.TicketClosed():
            return Ended(version=version, at=at, why="closed", by_reporter=data.by is events.ClosedBy.REPORTER)
        case events.TicketArchived():
            return Ended(version=version, at=at, why="archived")
        case events.TicketWithdrawn():
            return Ended(version=version, at=at, why="withdrawn")
        case _:
            return None
