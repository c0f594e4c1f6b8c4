"""Where a ticket stands for its reporter, who asks by a link, and what may be answered to it."""

from datetime import datetime
from enum import StrEnum

from shared import events
from shared.values import replace, value

HELD, ANSWERED, CLOSED = "held", "answered", "closed"
IN_PROGRESS = "in_progress"
WITH_AGENCY = frozenset({"routed", "acknowledged", IN_PROGRESS, "reopened"})
OPEN = WITH_AGENCY | {"in_triage", HELD}
MOVING = (
    events.TicketRouted, events.TriageRequested, events.TicketAnswered, events.AnswerOffered, events.TicketHeld,
    events.TicketClosed, events.TicketReopened, events.TicketPartReopened, events.TicketArchived,
    events.TicketWithdrawn, events.TicketSplit,
)  # fmt: skip
"""Facts that notify tells the reporter, or of which it keeps something in any case: no write is for this alone."""
ANSWERED_BY = (events.TicketAnswered, events.AnswerOffered)
SAYING_WHERE = frozenset(kind.TYPE for kind in (events.ClockResumed, *MOVING))


class Action(StrEnum):
    """What a reporter can answer by a link."""

    CONFIRM = "confirm"
    DISPUTE = "dispute"
    REPLY = "reply"
    STOP = "stop"
    STOP_ALL = "stop_all"
    RESUME = "resume"
    RESUME_ALL = "resume_all"


ABOUT_MESSAGES = frozenset({Action.STOP, Action.STOP_ALL, Action.RESUME, Action.RESUME_ALL})
"""What is asked of messages; nobody writes anything for it."""


@value
class Standing:
    """Where a ticket, or a part of it, stands, as far as notify hears of it.

    It tells no difference between the agency's own steps, from receiving to working on: notify does not hear of all.

    Args:
        state: As in `TicketFact`; None before the first fact.
        since: When it came to be so.
        version: Of the fact that said it.
        closed_by: Who closed it last, as in `TicketClosed`.
        answer: What its agency has answered last.
    """

    state: str | None = None
    since: datetime | None = None
    version: int = 0
    closed_by: str | None = None
    answer: str | None = None


def standing_after(known: Standing, data: events.EventData) -> Standing:
    """Return where it stands after *data*; *known* itself if that says nothing new."""
    if data.TYPE not in SAYING_WHERE:
        return known
    match data:
        case events.ClockResumed() if known.state == HELD and known.since and data.resumed_at >= known.since:
            # That the agency goes on is not heard; that its clock runs again is, for it moves a due time.
            return replace(known, state=IN_PROGRESS, since=data.resumed_at)
        case events.TicketFact() if data.version > known.version:
            after = replace(known, state=data.state, since=data.at, version=data.version)
            if isinstance(data, events.TicketClosed):
                return replace(after, closed_by=data.by.value)
            if isinstance(data, ANSWERED_BY):
                return replace(after, answer=data.answer)
            return after
        case _:
            return known


def open_actions(
    standing: Standing, *, is_stopped: bool, is_stopped_everywhere: bool, can_stop_all: bool = True
) -> tuple[Action, ...]:
    """Return what routing would take now, in the order in which it is offered.

    Of a ticket ended for good that is only to stop messages, or to take that back. A ticket that the system has closed
    can be disputed for some days only, which routing counts: who is late is told.

    Args:
        is_stopped: Whether messages about the ticket are stopped.
        is_stopped_everywhere: Whether the ticket has heard that those of all tickets are.
        can_stop_all: Whether these can be stopped: a notice confirms it.
    """
    everywhere = Action.RESUME_ALL if is_stopped_everywhere else Action.STOP_ALL
    stop = (Action.RESUME if is_stopped else Action.STOP, *((everywhere,) if can_stop_all else ()))
    if standing.state == ANSWERED:
        return (Action.CONFIRM, Action.DISPUTE, Action.REPLY, *stop)
    if standing.state == CLOSED and standing.closed_by == events.ClosedBy.SYSTEM.value:
        return (Action.DISPUTE, *stop)
    return (Action.REPLY, *stop) if standing.state in OPEN else stop
