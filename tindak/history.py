"""What the topics tell about one ticket: where it is, who has it, until when; pure, reads nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared import events as e
from shared.events import SlaClock


@dataclass(frozen=True, slots=True)
class History:
    """A ticket as told so far.

    Args:
        accepted: The complaint as intake accepted it; None until its event was seen.
        state: As routing names it.
        version: Routing's count of the facts behind ``state``.
        agency: Code of the agency that has it; None while nobody has.
        due: When each running clock is due; a paused one is absent.
        breaches: Clocks that are overdue now.
        events: All of them, in the order in which they happened.
    """

    accepted: e.ComplaintAccepted | None = None
    state: str | None = None
    version: int = 0
    agency: str | None = None
    due: dict[SlaClock, datetime] = field(default_factory=dict)
    breaches: frozenset[SlaClock] = frozenset()
    events: tuple[e.Event, ...] = ()


def history(told: Iterable[e.Event]) -> History:
    """Return what *told*, events of one ticket from any topics, adds up to; repeats count once."""
    once = {event.id: event for event in told}
    result = History()
    for event in sorted(once.values(), key=lambda event: (event.time, getattr(event.data, "version", 0))):
        result = replace(after(result, event.data), events=(*result.events, event))
    return result


def after(so_far: History, data: e.EventData) -> History:
    """Return the history after one more event."""
    match data:
        case e.ComplaintAccepted():
            return replace(so_far, accepted=data)
        case e.UpdateRefused():
            return so_far
        case e.TicketFact() if data.version > so_far.version:
            return replace(so_far, state=data.state, version=data.version, agency=holder(so_far.agency, data))
        case e.ClockBreached():
            return replace(so_far, breaches=so_far.breaches | {data.clock})
        case e.BreachCleared() | e.BreachCorrected():
            return replace(so_far, breaches=so_far.breaches - {data.clock})
        case e.ClockStarted() | e.ClockResumed() | e.DueChanged():
            return replace(so_far, due=so_far.due | {data.clock: data.due_at})
        case (
            e.ClockPaused() | e.ClockMet() | e.ClockStopped() | e.FeedbackWindowExpired() | e.CompletionWindowExpired()
        ):
            return replace(so_far, due={clock: at for clock, at in so_far.due.items() if clock is not data.clock})
    return so_far


def holder(before: str | None, data: e.TicketFact) -> str | None:
    """Return the code of the agency that has the ticket after a fact of routing."""
    match data:
        case e.TicketRouted():
            return data.agency
        case e.TriageRequested() | e.TicketDeclined():
            return None
    return before
