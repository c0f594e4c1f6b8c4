"""What a provider's receipt does to a delivery: it has arrived, or its next way is tried."""

from datetime import datetime
from typing import Literal, assert_never

from services.notify.domain.correspondence import Correspondence, Sealed
from services.notify.domain.deliveries import REPORTER, Delivery, Due, Failed, Sending, Sent, Suppressed, Waiting
from services.notify.domain.settlement import about, settle
from shared import events
from shared.events import Applied, Fact, Ignored
from shared.topics import DELIVERIES
from shared.values import replace, value

LOG = "log"
KNOWN = "the receipt is known already"
UNKNOWN = "there is no such delivery"


@value
class Receipt:
    """What a provider says has become of a message that it took.

    Args:
        channel: By which it took the message.
        provider_id: The provider's own id of the message; None if the receipt names none.
        error: Of what did not arrive: a code, and never the provider's words.
    """

    ticket_id: str
    delivery_id: str
    channel: str
    outcome: Literal["delivered", "failed"]
    provider_id: str | None = None
    error: str = "receipt_failed"


@value
class Early:
    """The receipt is here before it is saved that the message was taken; what it means can be told soon."""


def receive(
    state: Correspondence, receipt: Receipt, now: datetime
) -> Applied[Correspondence] | Ignored[Correspondence] | Early:
    """Return the deliveries after a receipt.

    What has once arrived stays so, whatever else is said: providers promise no order, and a recipient may have several
    devices. What did not arrive is sent by the recipient's next way, as long as its text is kept. A message of which
    nobody knew whether the provider had taken it is not sent again once the provider says that it has arrived.
    """
    delivery = next((each for each in state.deliveries if each.id == receipt.delivery_id), None)
    if delivery is None:
        is_known = any(each.id == receipt.delivery_id for each in state.settled)
        return Ignored("the delivery is over" if is_known else UNKNOWN)
    situation = delivery.situation
    match situation:
        case Sent() if receipt.channel == situation.channel:
            return _about_sent(state, delivery, situation, receipt, now)
        case Sending() if receipt.channel not in delivery.failed_ways:
            return Early()
        case Due() if receipt.outcome == "delivered":
            return _about_untold(state, delivery, situation, receipt, now)
        case Due() if receipt.channel not in delivery.failed_ways:
            return Ignored("it is tried again anyway")
        case Sent() | Sending() | Due():
            return Ignored(KNOWN if receipt.channel in delivery.failed_ways else "another way has been taken")
        case Failed() | Suppressed() | Waiting():
            return Ignored("nothing is on its way")
        case _:
            assert_never(situation)


def _about_sent(
    state: Correspondence, delivery: Delivery, sent: Sent, receipt: Receipt, now: datetime
) -> Applied[Correspondence] | Ignored[Correspondence]:
    if sent.delivered_at is not None:
        return Ignored(KNOWN)
    if receipt.outcome == "delivered":
        arrived = replace(sent, delivered_at=now, receipt_by=None)
        return Applied(_with(state, settle(delivery, arrived)), (_arrival(state, delivery, arrived, receipt, now),))
    if None not in (sent.provider_id, receipt.provider_id) and sent.provider_id != receipt.provider_id:
        return Ignored("another message counts as sent")
    failed = Failed(now, sent.attempt, sent.channel, receipt.error)
    said = (_failure(state, delivery, failed, now),)
    if again := _next_way(state, delivery, sent, now):
        return Applied(_with(state, again), said)
    return Applied(replace(_with(state, settle(delivery, failed)), unsent_at=now), said)


def _next_way(state: Correspondence, delivery: Delivery, sent: Sent, now: datetime) -> Delivery | None:
    """Return *delivery* by the channels that are left; None if there are none, or nothing is left to be told.

    The log is no way: a line in it reaches nobody.
    """
    failed_ways = (*delivery.failed_ways, sent.channel)
    left = tuple(channel for channel in delivery.channels if channel not in (*failed_ways, LOG))
    can_be_written = delivery.role != REPORTER or isinstance(state.contact, Sealed)
    if not left or not can_be_written or not delivery.awaits_receipt(now):
        return None
    return replace(delivery, channels=left, failed_ways=failed_ways, situation=Due(now, 1))


def _about_untold(
    state: Correspondence, delivery: Delivery, due: Due, receipt: Receipt, now: datetime
) -> Applied[Correspondence] | Ignored[Correspondence]:
    """Return the deliveries once one that would be sent again, or by its next way, has arrived after all."""
    was_said = receipt.channel in delivery.failed_ways
    if due.attempt == 1 and not was_said:
        return Ignored("nothing is on its way")
    arrived = Sent(now, max(due.attempt - 1, 1), receipt.channel, receipt.provider_id, delivered_at=now)
    facts = [_arrival(state, delivery, arrived, receipt, now)]
    if not was_said:
        sent = events.NotificationSent(
            **about(state, delivery), channel=arrived.channel, attempt=arrived.attempt, provider_id=arrived.provider_id
        )
        occasion = "|".join(("delivery", delivery.id, *delivery.failed_ways))
        facts.insert(0, Fact(sent, DELIVERIES, state.ticket_id, now, occasion))
    return Applied(_with(state, settle(delivery, arrived)), tuple(facts))


def _with(state: Correspondence, after: Delivery) -> Correspondence:
    return replace(state, deliveries=tuple(after if each.id == after.id else each for each in state.deliveries))


def _arrival(state: Correspondence, delivery: Delivery, sent: Sent, receipt: Receipt, now: datetime) -> Fact:
    data = events.NotificationDelivered(
        **about(state, delivery),
        channel=sent.channel,
        attempt=sent.attempt,
        provider_id=sent.provider_id or receipt.provider_id,
        at=now,
    )
    return Fact(data, DELIVERIES, state.ticket_id, now, f"delivered|{delivery.id}|{sent.channel}")


def _failure(state: Correspondence, delivery: Delivery, failed: Failed, now: datetime) -> Fact:
    data = events.NotificationFailed(
        **about(state, delivery), channel=failed.channel, attempt=failed.attempt, error=failed.error
    )
    return Fact(data, DELIVERIES, state.ticket_id, now, f"receipt|{delivery.id}|{failed.channel}")
