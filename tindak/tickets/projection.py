"""Projects the events of one ticket into its current state: where it is, who has it, until when."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from shared import events as e
from shared.events import SlaClock

ENDED = frozenset({"closed", "archived", "withdrawn"})
WRITTEN = {
    "answer": "", "attachments": (), "body": "", "comment": None, "explanation": (), "note": None, "question": None,
    "reason": "", "similar": (), "source_id": "", "text": "", "title": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TicketProjection:
    """A ticket as its events so far leave it.

    Args:
        accepted: The complaint as intake accepted it; None until its event was seen.
        state: As routing names it.
        version: Routing's count of the facts behind ``state``.
        agency: Code of the agency that has it; None while nobody has.
        stays: Who has had it and for how long, in order; the last one has no end while that agency has it.
        follows: Ticket id of the one that it is followed together with; None if of none.
        members: How many follow it.
        similar: Open reports that were similar when it was filed, the most similar first.
        parts: Those into which it is divided.
        due: When each running clock is due; a paused one is absent.
        breaches: Clocks that are overdue now.
        events: All of them, in the order in which they happened.
    """

    accepted: e.ComplaintAccepted | None = None
    state: str | None = None
    version: int = 0
    agency: str | None = None
    stays: tuple[e.Tenure, ...] = ()
    follows: str | None = None
    members: int = 0
    similar: tuple[e.SimilarTicket, ...] = ()
    parts: tuple[e.Part, ...] = ()
    due: dict[SlaClock, datetime] = field(default_factory=dict)
    breaches: frozenset[SlaClock] = frozenset()
    events: tuple[e.Event, ...] = ()


def project(events: Iterable[e.Event]) -> TicketProjection:
    """Return what the events of one ticket, from any topics, add up to; repeats count once.

    Of a ticket whose reporter was erased it shows nothing that was written, though topics may still hold it.
    """
    once = {event.id: event for event in events}
    if any(isinstance(event.data, e.ReporterErased) for event in once.values()):
        once = {id_: replace(event, data=_bare(event.data)) for id_, event in once.items()}
    result = TicketProjection()
    for event in sorted(once.values(), key=_order):
        result = replace(after(result, event.data), events=(*result.events, event))
    return result


def project_ticket(ticket_id: str | None, events: Iterable[e.Event]) -> TicketProjection:
    """Return one ticket as the *events* of all tickets leave it; None is a ticket of which nothing is known."""
    return project(event for event in events if ticket_id and getattr(event.data, "ticket_id", None) == ticket_id)


def _order(event: e.Event) -> tuple[datetime, int, int]:
    """Return what events are ordered by; of those at one time, what happened to the ticket comes before its clocks."""
    kinds = (e.ComplaintAccepted, e.TicketFact, e.ClockFact, e.DeliveryFact)
    rank = next((number for number, kind in enumerate(kinds) if isinstance(event.data, kind)), len(kinds))
    return event.time, rank, getattr(event.data, "version", 0)


def _bare(data: e.EventData) -> e.EventData:
    """Return *data* without what somebody wrote in it."""
    written = {
        name: nothing
        for name, nothing in WRITTEN.items()
        if (said := getattr(data, name, None)) is not None and not isinstance(said, Enum)
    }
    return data.model_copy(update=written)


def after(so_far: TicketProjection, data: e.EventData) -> TicketProjection:
    """Return the projection after one more event."""
    match data:
        case e.ComplaintAccepted():
            return replace(so_far, accepted=data)
        case e.UpdateRefused():
            return so_far
        case e.TicketFact() if data.version > so_far.version:
            stays = _moved_on(so_far.stays, data)
            moved = replace(so_far, state=data.state, version=data.version, agency=data.agency, stays=stays)
            return _linked(moved, data)
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


def _linked(so_far: TicketProjection, data: e.TicketFact) -> TicketProjection:
    match data:
        case e.TicketRouted() | e.TriageRequested():
            return replace(so_far, similar=data.similar)
        case e.ClusterJoined():
            return replace(so_far, follows=data.cluster)
        case e.TicketMerged():
            return replace(so_far, follows=data.into)
        case e.ClusterLeft() | e.TicketUnmerged():
            return replace(so_far, follows=None)
        case e.TicketSplit():
            return replace(so_far, parts=data.parts)
        case e.ClusterCounted():
            return replace(so_far, members=data.members)
    return so_far


def _moved_on(stays: tuple[e.Tenure, ...], data: e.TicketFact) -> tuple[e.Tenure, ...]:
    """Return who has had the ticket after a fact of routing."""
    last = stays[-1] if stays else None
    had_by = last.agency if last is not None and last.until is None else None
    has_it = None if data.state in ENDED else data.agency
    if has_it != had_by:
        gone = tuple(stay if stay.until else stay.model_copy(update={"until": data.at}) for stay in stays)
        return gone if has_it is None else (*gone, e.Tenure(agency=has_it, since=data.at))
    if isinstance(data, e.TicketDeclined) and last is not None:
        return (*stays[:-1], last.model_copy(update={"declined_because": data.reason}))
    return stays
