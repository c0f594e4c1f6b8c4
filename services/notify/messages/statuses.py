"""Writes the call that tells a channel's own server where a ticket stands: the status as its topic holds it."""

from datetime import datetime

from services.notify.channels import Message
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Delivery
from services.notify.domain.sending.statuses import WEBHOOK
from shared.events import Event, TicketStatusChanged
from shared.events.envelope import encode

SAID_BY = "/tindak/routing"


def status_message(state: Correspondence, delivery: Delivery, language: str, now: datetime) -> Message:
    """Return the call; one that an officer has sent again bears the id of the first."""
    status = TicketStatusChanged.model_validate(delivery.told)
    id_ = delivery.repeats or delivery.id
    event = Event(id=id_, source=SAID_BY, time=status.at, data=status, subject=status.ticket_id)
    return Message(
        id=id_,
        ticket_id=state.ticket_id,
        notice=delivery.notice,
        role=delivery.role,
        channel=WEBHOOK,
        language=language,
        written_at=now,
        address=delivery.role,
        subject="",
        body="",
        tracking_id=status.tracking_id,
        record=encode(event),
    )
