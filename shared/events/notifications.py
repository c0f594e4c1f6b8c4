"""Facts about deliveries, published by notify, and what officers ask about them; they hold no address."""

from typing import ClassVar

from shared.events.base import Author, EventData, Instant
from shared.events.tickets import AuthoredFact

RECEIPT = "receipt_"
"""What the errors begin with that a provider told after it had taken the message."""


class NoticeRequest(AuthoredFact):
    """An officer decides about notices: those of one code, one delivery, or with neither all of the ticket."""

    notice: str | None = None
    delivery_id: str | None = None
    reason: str | None = None


class ResendRequested(NoticeRequest):
    """What has failed, or was held back for a reason that may change, is to be sent; ``again``: also what was sent."""

    TYPE: ClassVar[str] = "tindak.notice.resend_requested.v1"
    again: bool = False


class SuppressionRequested(NoticeRequest):
    """What has not been sent yet is not to be sent."""

    TYPE: ClassVar[str] = "tindak.notice.suppression_requested.v1"


class DeliveryFact(EventData):
    """How one delivery of one notice ended; ``agency`` is the one that the notice speaks of, if there is one.

    ``requested_by`` had it sent once more, for the delivery that it ``repeats``, or had it suppressed.
    """

    ticket_id: str
    tracking_id: str | None = None
    delivery_id: str
    notice: str
    recipient_role: str
    agency: str | None = None
    channel: str
    attempt: int
    requested_by: Author | None = None
    repeats: str | None = None


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
