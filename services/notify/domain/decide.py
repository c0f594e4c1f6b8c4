"""Plans the notifications for an event."""

from collections.abc import Sequence
from datetime import datetime

from services.notify.domain.attempts import NO_HOUSE, House, on_time, quiet_until
from services.notify.domain.correspondence import (
    Correspondence,
    Erased,
    RunningClock,
    Sealed,
    Unknown,
    forgotten,
    project,
)
from services.notify.domain.deliveries import REPORTER, Delivery, Due, Settled, Suppressed, Waiting, attempts_of
from services.notify.domain.notices import Rules, plan
from services.notify.domain.settlement import DAY, counts, put_away, report_settled, settle
from shared import events
from shared.events import Applied, Arrival, ClockFact, Decision, Event, Ignored, TicketFact
from shared.values import replace

NOTHING_NEW = frozenset(
    kind.TYPE
    for kind in (
        events.TicketAcknowledged, events.TicketProgressed, events.TicketResumed, events.UpdateRefused,
        events.ClusterJoined, events.ClusterLeft, events.ClusterCounted,
        events.ClockPaused, events.ClockMet, events.ClockStopped, events.FeedbackWindowExpired,
        events.CompletionWindowExpired, events.BreachCleared, events.BreachCorrected,
    )
)  # fmt: skip
"""Types that leave the projection as it is: who has the ticket, until when and what was asked is said by others."""


def concerns_notify(kind: str, policy: Rules) -> bool:
    """Return whether an event of that type may say something new, or there is a notice for it."""
    return kind not in NOTHING_NEW or kind in policy.by_type


def decide(
    state: Correspondence | None, event: Event, arrival: Arrival, policy: Rules, *, house: House = NO_HOUSE
) -> Decision[Correspondence]:
    """Return the projection after *event* and the deliveries that it causes, in whatever order topics are read.

    What stays within the *house* is over at once; what leaves it waits for a sender who leases it.
    """
    now = arrival.now
    state = state or Correspondence(document_of(event))
    known = project(state, event.data)
    planned = plan(known, event, policy, now)
    if not planned and known == state:
        return Ignored("nobody is notified of it")
    before = put_away(known, now)
    deliveries = list(before.deliveries)
    for delivery in planned:
        why = _suppression_reason(delivery, before.settled, deliveries, event, policy, now)
        deliveries.append(settle(delivery, Suppressed(now, 0, why)) if why else delivery)
    released = [release(delivery, before, policy, now) for delivery in deliveries]
    moved, openings = on_time(before, released, policy, now, house, house.holds)
    settled = report_settled(before, forgotten(moved) if isinstance(moved.contact, Erased) else moved)
    return Applied(settled.state, (*openings, *settled.facts)) if openings else settled


def document_of(event: Event) -> str:
    """Return the ticket id; for a part that of the whole: its reporter has one contact."""
    if isinstance(event.data, TicketFact | ClockFact) and event.data.parent is not None:
        return event.data.parent
    ticket: str = getattr(event.data, "ticket_id")  # noqa: B009  # every type on notify's topics has one
    return ticket


def _suppression_reason(
    delivery: Delivery,
    settled: Sequence[Settled],
    others: Sequence[Delivery],
    event: Event,
    rules: Rules,
    now: datetime,
) -> str | None:
    """Return why a planned delivery is not sent, as *settled* ones and the *others* stand; None if it is."""
    if event.time < now - rules.stale_for:
        return "too_old"
    if len(settled) + len(others) < rules.daily_max:
        return None
    recipient = delivery.role, delivery.agency
    today = sum((each.role, each.agency) == recipient and counts(each, now) for each in settled) + sum(
        (each.role, each.agency) == recipient
        and each.planned_at > now - DAY
        and not isinstance(each.situation, Suppressed)
        for each in others
    )
    return "too_many" if today >= rules.daily_max else None


def release(delivery: Delivery, state: Correspondence, rules: Rules, now: datetime) -> Delivery:
    """Return *delivery*: due once all that it waits for is known, suppressed if there is no contact to wait for."""
    match delivery.situation:
        case Waiting() | Due() as situation if delivery.role == REPORTER and isinstance(state.contact, Erased):
            return settle(delivery, Suppressed(now, attempts_of(situation), "contact_erased"))
        case Waiting() if delivery.role == REPORTER and has_no_contact(state):
            return settle(delivery, Suppressed(now, 0, "no_contact"))
        case Waiting() if _is_ready(delivery, state):
            return replace(delivery, situation=Due(quiet_until(delivery, state, rules, now) or now, 1))
        case _:
            return delivery


def has_no_contact(state: Correspondence) -> bool:
    """Return whether there is no contact, and it is known that none is on its way."""
    return isinstance(state.contact, Unknown) and state.complaint is not None and state.complaint.has_contact is False


def _is_ready(delivery: Delivery, state: Correspondence) -> bool:
    has_contact = delivery.role != REPORTER or isinstance(state.contact, Sealed)
    return (
        state.complaint is not None
        and has_contact
        and (delivery.awaited is None or awaited_clock(delivery, state) is not None)
    )


def awaited_clock(delivery: Delivery, state: Correspondence) -> RunningClock | None:
    """Return the run of the clock whose due time *delivery* shows, once it is known."""
    awaited = delivery.awaited
    run = state.seen_from(delivery.part).clocks.get(awaited.clock) if awaited else None
    return run if awaited and run and (awaited.since is None or run.started_at >= awaited.since) else None
