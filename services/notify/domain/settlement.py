"""Settles deliveries, makes the fact that reports each outcome, and keeps little of those that are over."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import REPORTER, Delivery, Failed, Sent, Settled, Situation, Suppressed
from shared import events
from shared.events import Applied, Fact
from shared.topics import DELIVERIES
from shared.values import replace

DAY = timedelta(days=1)
SETTLED_MAX = 100


def settle(delivery: Delivery, situation: Situation) -> Delivery:
    """Return *delivery* in its last situation, without the values for its template unless a receipt may change that."""
    may_go_on = isinstance(situation, Sent) and situation.receipt_by is not None
    return replace(delivery, situation=situation, told=delivery.told if may_go_on else {})


def put_away(state: Correspondence, now: datetime) -> Correspondence:
    """Return *state* with little kept of the deliveries that are over; of the oldest only how many they were.

    What counts against its recipient's share of the day is kept whatever there is, and whole what may yet turn out not
    to have arrived.
    """
    over = [each for each in state.deliveries if each.is_settled and not each.awaits_receipt(now)]
    if not over:
        return state
    settled = (*state.settled, *(kept for each in over if (kept := Settled.of(each))))
    beyond = len(settled) - SETTLED_MAX
    unlisted = state.unlisted
    if beyond > 0:
        dropped = [each for each in settled if not counts(each, now)][:beyond]
        gone = {each.id for each in dropped}
        settled = tuple(each for each in settled if each.id not in gone)
        unlisted += sum(each.role == REPORTER for each in dropped)
    open_ = tuple(each for each in state.deliveries if not each.is_settled or each.awaits_receipt(now))
    return replace(state, deliveries=open_, settled=settled, unlisted=unlisted)


def counts(settled: Settled, now: datetime) -> bool:
    """Return whether a delivery that is over counts against what its recipient is told in 24 hours."""
    return settled.at > now - DAY and settled.outcome != "suppressed"


def report_settled(before: Correspondence, after: Correspondence) -> Applied[Correspondence]:
    """Return the decision for *after*: a fact for each delivery that was not settled in *before*."""
    settled = [each for each in after.deliveries if each.is_settled]
    if not settled:
        return Applied(after)
    was_settled = {delivery.id for delivery in before.deliveries if delivery.is_settled}
    return Applied(after, tuple(_facts_of(after, (each for each in settled if each.id not in was_settled))))


def about(state: Correspondence, delivery: Delivery) -> dict[str, Any]:
    """Return what every fact about *delivery* says."""
    return {
        "ticket_id": state.ticket_id,
        "tracking_id": state.tracking_id,
        "delivery_id": delivery.id,
        "notice": delivery.notice,
        "recipient_role": delivery.role,
        "agency": delivery.agency,
    }


def _facts_of(state: Correspondence, deliveries: Iterable[Delivery]) -> Iterable[Fact]:
    """Yield a fact for each settled delivery; what is said of its next way is another one than of the first."""
    for delivery in deliveries:
        said = about(state, delivery)
        data: events.DeliveryFact
        match delivery.situation:
            case Sent(at, attempt, channel, provider_id):
                data = events.NotificationSent(**said, channel=channel, attempt=attempt, provider_id=provider_id)
            case Failed(at, attempt, channel, error):
                data = events.NotificationFailed(**said, channel=channel, attempt=attempt, error=error)
            case Suppressed(at, attempt, why):
                data = events.NotificationSuppressed(**said, channel=delivery.channels[0], attempt=attempt, why=why)
            case _:
                continue
        occasion = "|".join(("delivery", delivery.id, *delivery.failed_ways))
        yield Fact(data, DELIVERIES, state.ticket_id, at, occasion)
