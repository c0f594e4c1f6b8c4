"""Who is told what once an event is heard, and what that still waits for; never sends."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.notify.domain.correspondence import Correspondence, Erased, RunningClock, Sealed, learn
from services.notify.domain.deliveries import REPORTER, Delivery, Due, Suppressed, Waiting, attempts_of
from services.notify.domain.endings import ended, told
from services.notify.domain.notices import Rules, plan
from shared.events import Arrival, ClockFact, Decision, Event, Ignored, TicketFact

DAY = timedelta(days=1)


def decide(state: Correspondence | None, event: Event, arrival: Arrival, policy: Rules) -> Decision[Correspondence]:
    """Return what is known and who is to be told once *event* is heard; the order of the topics makes no difference."""
    now = arrival.now
    before = state or Correspondence(document_of(event))
    known = learn(before, event.data)
    planned = list(plan(known, event, policy, now))
    if known == before and not planned:
        return Ignored("nobody is told of it")
    for delivery in planned:
        why = _barred(delivery, known, event, policy, now)
        added = ended(delivery, Suppressed(now, 0, why)) if why else delivery
        known = replace(known, deliveries=(*known.deliveries, added))
    return told(before, _released(known, now))


def document_of(event: Event) -> str:
    """Return the ticket id; for a part that of the whole, whose reporter has given one contact for all."""
    if isinstance(event.data, TicketFact | ClockFact) and event.data.parent is not None:
        return event.data.parent
    ticket: str = getattr(event.data, "ticket_id")  # noqa: B009  # every type on notify's topics has one
    return ticket


def _barred(delivery: Delivery, state: Correspondence, event: Event, rules: Rules, now: datetime) -> str | None:
    """Return why a planned delivery is not sent at all; None if it is."""
    if event.time < now - rules.stale_for:
        return "too_old"
    today = [
        other
        for other in state.deliveries
        if (other.role, other.agency) == (delivery.role, delivery.agency)
        and other.planned_at > now - DAY
        and not isinstance(other.situation, Suppressed)
    ]
    return "too_many" if len(today) >= rules.daily_max else None


def _released(state: Correspondence, now: datetime) -> Correspondence:
    """Return *state* with what waits no longer; what is for a reporter whose contact was erased is suppressed."""
    return replace(state, deliveries=tuple(release(delivery, state, now) for delivery in state.deliveries))


def release(delivery: Delivery, state: Correspondence, now: datetime) -> Delivery:
    """Return *delivery* as what is known by now lets it be."""
    match delivery.situation:
        case Waiting() | Due() as situation if delivery.role == REPORTER and isinstance(state.contact, Erased):
            return ended(delivery, Suppressed(now, attempts_of(situation), "contact_erased"))
        case Waiting() if _is_ready(delivery, state):
            return replace(delivery, situation=Due(now, 1))
        case _:
            return delivery


def _is_ready(delivery: Delivery, state: Correspondence) -> bool:
    has_contact = delivery.role != REPORTER or isinstance(state.contact, Sealed)
    return (
        state.complaint is not None
        and has_contact
        and (delivery.awaited is None or awaited_run(delivery, state) is not None)
    )


def awaited_run(delivery: Delivery, state: Correspondence) -> RunningClock | None:
    """Return the run of the clock whose due time *delivery* tells, once it is known."""
    awaited = delivery.awaited
    run = state.seen_from(delivery.part).clocks.get(awaited.clock) if awaited else None
    return run if awaited and run and (awaited.since is None or run.started_at >= awaited.since) else None
