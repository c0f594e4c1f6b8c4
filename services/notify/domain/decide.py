"""Plans the notifications for an event."""

from collections.abc import Sequence
from datetime import datetime

from services.notify.domain.correspondence import Correspondence, Erased, RunningClock, Sealed, Unknown
from services.notify.domain.deliveries import REPORTER, Delivery, Due, Suppressed, Waiting, attempts_of
from services.notify.domain.notices import Rules, plan
from services.notify.domain.projection import forgotten, project
from services.notify.domain.sending.attempts import NO_HOUSE, House, on_time
from services.notify.domain.sending.pacing import (
    TOO_MANY,
    barred_because,
    queues_too_long,
    quiet_until,
    room_at,
    supersede,
)
from services.notify.domain.sending.statuses import joined, status_delivery
from services.notify.domain.settlement import put_away, report_settled, settle
from shared import events
from shared.events import Applied, Arrival, ClockFact, Decision, Event, Ignored, TicketFact
from shared.values import replace

NOTHING_NEW = frozenset(
    kind.TYPE
    for kind in (
        events.TicketAcknowledged, events.TicketProgressed, events.TicketResumed, events.UpdateRefused,
        events.ClusterCounted,
        events.ClockPaused, events.FeedbackWindowExpired, events.CompletionWindowExpired,
        events.BreachCleared, events.BreachCorrected,
    )
)  # fmt: skip
"""Types that leave the projection as it is: who has the ticket, until when and what was asked is said by others."""

FOR_DIGESTS = frozenset({events.ClockMet.TYPE, events.ClockStopped.TYPE})
"""Types that nobody needs but who writes digests: without any, hearing of them would cost a write for nothing."""


IN_PARTS = (TicketFact, ClockFact, events.TicketStatusChanged)


def concerns_notify(kind: str, policy: Rules) -> bool:
    """Return whether an event of that type may say something new, or there is a notice for it."""
    if kind in policy.by_type:
        return True
    return bool(policy.digests) if kind in FOR_DIGESTS else kind not in NOTHING_NEW


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
    if not planned and known is state:
        return Ignored("nobody is notified of it")
    before = put_away(known, now)
    deliveries = list(before.deliveries)
    for delivery in planned:
        if event.time < now - policy.stale_for:
            deliveries.append(settle(delivery, Suppressed(now, 0, "too_old")))
            continue
        *others, newest = supersede(delivery, deliveries, policy, now)
        is_last = queues_too_long(newest, others, policy)
        deliveries = [*others, settle(newest, Suppressed(now, 0, TOO_MANY)) if is_last else newest]
    return proceed(before, deliveries, policy, now, house)


def tell_channel(
    state: Correspondence | None,
    event: Event,
    status: events.TicketStatusChanged,
    channel: str | None,
    arrival: Arrival,
    policy: Rules,
) -> Decision[Correspondence]:
    """Return the deliveries once the server of *channel* is to be told of *status*, if that channel has one.

    Whoever starts to listen reads what was said for months: what is too old is not told, and leaves no trace.
    """
    now = arrival.now
    if channel is None or channel not in policy.called:
        return Ignored("the channel has no server that is called")
    if event.time < now - policy.stale_for:
        return Ignored("the status is too old to be told")
    known = state or Correspondence(document_of(event))
    if known.tracking_id is None and status.parent is None:
        known = replace(known, tracking_id=status.tracking_id)
    before, told = put_away(known, now), status_delivery(event.id, channel, status, now)
    after = replace(before, deliveries=tuple(joined(before.deliveries, told, now)))
    return report_settled(before, forgotten(after) if isinstance(after.contact, Erased) else after)


def proceed(
    before: Correspondence, deliveries: Sequence[Delivery], policy: Rules, now: datetime, house: House
) -> Applied[Correspondence]:
    """Return the state with *deliveries*, each as far on as it can go now."""
    if not deliveries and not before.deliveries and not isinstance(before.contact, Erased):
        return Applied(before)
    released = [release(delivery, before, deliveries, policy, now, house) for delivery in deliveries]
    moved, openings = on_time(before, released, policy, now, house, house.holds)
    settled = report_settled(before, forgotten(moved) if isinstance(moved.contact, Erased) else moved)
    return Applied(settled.state, (*openings, *settled.facts)) if openings else settled


def document_of(event: Event) -> str:
    """Return the ticket id; for a part that of the whole: its reporter has one contact."""
    parent: str | None = vars(event.data).get("parent")
    if parent is not None and isinstance(event.data, IN_PARTS):
        return parent
    ticket: str = getattr(event.data, "ticket_id")  # noqa: B009  # every type on notify's topics has one
    return ticket


def release(
    delivery: Delivery,
    state: Correspondence,
    others: Sequence[Delivery],
    rules: Rules,
    now: datetime,
    house: House = NO_HOUSE,
) -> Delivery:
    """Return *delivery*: due once all that it waits for is known, suppressed if nobody is to be told or can be."""
    match delivery.situation:
        case Waiting() | Due() as situation if (why := barred_because(delivery, state)) is not None:
            return settle(delivery, Suppressed(now, attempts_of(situation), why))
        case Waiting() if delivery.role == REPORTER and has_no_contact(state):
            return settle(delivery, Suppressed(now, 0, "no_contact"))
        case Waiting() if _is_ready(delivery, state):
            at = room_at(delivery, state, others, rules, now, gathers=not house.holds(delivery)) or now
            return replace(delivery, situation=Due(quiet_until(delivery, state, rules, at) or at, 1))
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
