"""Facts about what a reporter may ask of us: to know what is held, to have it corrected, to be forgotten."""

from typing import ClassVar

from shared.events.base import Author, EventData, Instant, MessageScope
from shared.events.tickets import AuthoredFact


class ReporterErased(AuthoredFact):
    """The reporter is forgotten: contact, texts and all that could name them; the ticket itself goes on.

    It says nothing of what was erased, nor why. It is said once of a ticket, and once more of each of its parts.
    """

    TYPE: ClassVar[str] = "tindak.reporter.erased.v1"


class ContactCorrected(AuthoredFact):
    """An officer has replaced the reporter's contact as a whole.

    What was ``sealed`` for the ticket, or for the whole of which it is a part, stands on ``reporters.requests`` alone.
    """

    TYPE: ClassVar[str] = "tindak.reporter.contact_corrected.v1"
    reason: str
    sealed: str | None = None
    key_id: str | None = None


class MessagesStopped(AuthoredFact):
    """The reporter wants no more messages about the ticket, or about that of which it is a part; the ticket goes on.

    With the ``scope`` ``address`` that holds for all tickets whose messages come to the same address.
    """

    TYPE: ClassVar[str] = "tindak.reporter.messages_stopped.v1"
    WANTED: ClassVar[str] = "no more messages"
    scope: MessageScope = MessageScope.TICKET


class MessagesResumed(AuthoredFact):
    """The reporter has taken back a stop of that ``scope``."""

    TYPE: ClassVar[str] = "tindak.reporter.messages_resumed.v1"
    WANTED: ClassVar[str] = "messages again"
    scope: MessageScope = MessageScope.TICKET


class ExportRequested(AuthoredFact):
    """An officer has asked what is held of the reporter; ``public_key`` stands on ``reporters.requests`` alone."""

    TYPE: ClassVar[str] = "tindak.reporter.export_requested.v1"
    reason: str
    public_key: str | None = None


class ReporterExported(EventData):
    """What notify holds of the reporter, ``sealed`` so that only the officer who asked for it can open it."""

    TYPE: ClassVar[str] = "tindak.reporter.exported.v1"
    ticket_id: str
    tracking_id: str | None = None
    officer: Author | None = None
    at: Instant
    sealed: str
