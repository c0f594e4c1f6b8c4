"""Facts about deliveries, published by notify; they hold no address."""

from typing import ClassVar

from shared.events.base import EventData


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


class NotificationFailed(DeliveryFact):
    """It could not be delivered and will not be tried again."""

    TYPE: ClassVar[str] = "tindak.notification.failed.v1"
    error: str


class NotificationSuppressed(DeliveryFact):
    """It was not sent, on purpose."""

    TYPE: ClassVar[str] = "tindak.notification.suppressed.v1"
    why: str
