"""What is said about an update that cannot be read, to whoever seems to have sent it; never what it asks for."""

from datetime import datetime

from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.lifecycle.commands import hearers
from services.routing.domain.lifecycle.permissions import sender_of
from shared.events import Fact, UnreadableEvent, UpdateRefused
from shared.topics import TICKETS


def refuse_unreadable(policy: RoutingPolicy, fault: UnreadableEvent, arrived_at: datetime) -> tuple[Fact, ...]:
    """Return the refusal of a record that is no update, told to those who would hear any other; none if nobody sent it.

    It follows from the record alone. Without a ticket it stands in no history: the agency alone hears of it.

    Args:
        fault: All that is wrong with it, and what could be read nevertheless.
        arrived_at: By the broker's clock.
    """
    source, ticket = fault.hints.get("source", ""), fault.hints.get("ticket_id", "")
    sender = sender_of(source)
    if sender is None:
        return ()
    data = UpdateRefused(
        ticket_id=ticket,
        tracking_id="",
        state="unchanged",
        version=0,
        at=arrived_at,
        update_id=fault.hints.get("event_id", ""),
        update_source=source,
        code=fault.reasons[0].code,
        message_id=" ".join(reason.message_id for reason in fault.reasons),
        message_en=" ".join(reason.message_en for reason in fault.reasons),
    )
    told_on = [topic for topic in hearers(policy, sender) if ticket or topic != TICKETS]
    return tuple(Fact(data, topic, ticket, arrived_at) for topic in told_on)
