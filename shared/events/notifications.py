"""Facts about deliveries, published by notify; they hold no address."""

from typing import ClassVar

from shared.events.base import EventData, Instant

RECEIPT = "receipt_"
"""What the errors begin with that a provider told after it had taken the message."""


class DeliveryFact(EventData):
    """How one delivery of one notice ended; ``agency`` is the one that the notice speaks of, if there is one."""

    ticket_id: str
    tracking_id: str | None = None
    delivery_id: str
    notice: str
    recipient_role: str
    agency: str | None = None
    channel: str
    attempt: int


class NotificationSent(DeliveryFact):
    """The provider took it."""

    TYPE: ClassVar[str] = "tindak.notification.sent.v1"
    provider_id: str | None = None


class NotificationDelivered(DeliveryFact):
    """The provider says that it has arrived."""

    TYPE: ClassVar[str] = "tindak.notification.delivered.v1"
    provider_id: str | None = None
    at: Instant


class NotificationFailed(DeliveryFact):
    """It could not be delivered on this channel and will not be tried again on it.

    With an ``error`` of ``receipt_...`` it was sent, and the provider said later that it did not arrive; where the
    recipient has another way, how that ended is told next.
    """

    TYPE: ClassVar[str] = "tindak.notification.failed.v1"
    error: str


class NotificationSuppressed(DeliveryFact):
    """It was not sent, on purpose."""

    TYPE: ClassVar[str] = "tindak.notification.suppressed.v1"
    why: str
