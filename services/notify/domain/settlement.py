"""Settles deliveries and makes the fact that reports each outcome."""

from collections.abc import Iterable

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Delivery, Failed, Sent, Situation, Suppressed
from shared import events
from shared.events import Applied, Fact
from shared.topics import DELIVERIES
from shared.values import replace


def settle(delivery: Delivery, situation: Situation) -> Delivery:
    """Return *delivery* in its last situation, without the values for its template."""
    return replace(delivery, situation=situation, told={})


def report_settled(before: Correspondence, after: Correspondence) -> Applied[Correspondence]:
    """Return the decision for *after*: a fact for each delivery that was not settled in *before*."""
    was_settled = {delivery.id for delivery in before.deliveries if delivery.is_settled}
    return Applied(after, tuple(_facts_of(after, (d for d in after.deliveries if d.id not in was_settled))))


def _facts_of(state: Correspondence, deliveries: Iterable[Delivery]) -> Iterable[Fact]:
    """Yield a fact for each settled delivery."""
    for delivery in deliveries:
        about = {
            "ticket_id": state.ticket_id,
            "tracking_id": state.tracking_id,
            "delivery_id": delivery.id,
            "notice": delivery.notice,
            "recipient_role": delivery.role,
            "agency": delivery.agency,
        }
        data: events.DeliveryFact
        match delivery.situation:
            case Sent(at, attempt, channel, provider_id):
                data = events.NotificationSent(**about, channel=channel, attempt=attempt, provider_id=provider_id)
            case Failed(at, attempt, channel, error):
                data = events.NotificationFailed(**about, channel=channel, attempt=attempt, error=error)
            case Suppressed(at, attempt, why):
                data = events.NotificationSuppressed(**about, channel=delivery.channels[0], attempt=attempt, why=why)
            case _:
                continue
        yield Fact(data, DELIVERIES, state.ticket_id, at, occasion=f"delivery|{delivery.id}")
