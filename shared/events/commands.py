"""Commands on ``tickets.updates``: what agencies, officers and reporters ask for, and routing may refuse."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from shared.events.base import Actor, Attachment, Classification, Code, EventData, Instant, Long, Short, Text


def _as_uuid_text(text: str) -> str:
    """Return a UUID in its usual lower-case form; raise ValueError otherwise."""
    return str(UUID(text))


TicketId = Annotated[str, AfterValidator(_as_uuid_text)]
Said = Annotated[Long, StringConstraints(min_length=1)]
Attachments = Annotated[tuple[Attachment, ...], Field(max_length=10)]


class HoldReason(StrEnum):
    """Why a ticket waits (tunda)."""

    NEEDS_REPORTER = "needs_reporter"
    NEEDS_OTHER_AGENCY = "needs_other_agency"
    FIELD_WORK = "field_work"


class ArchiveReason(StrEnum):
    """Why an officer puts a ticket away without an answer; the reporter's letter has a sentence for each."""

    HATEFUL_CONTENT = "hateful_content"
    NO_EVIDENCE = "no_evidence"
    UNCLEAR = "unclear"
    NOT_GOVERNMENT = "not_government"
    DUPLICATE = "duplicate"
    EXPIRED = "expired"


class Command(EventData):
    """Something that is asked of a ticket."""

    ticket_id: TicketId
    actor: Actor | None = None


class AcknowledgeTicket(Command):
    """The agency has seen it."""

    TYPE: ClassVar[str] = "tindak.ticket.acknowledge.v1"
    note: Long | None = None


class ProgressTicket(Command):
    """The agency tells how far it is."""

    TYPE: ClassVar[str] = "tindak.ticket.progress.v1"
    note: Said
    attachments: Attachments = ()


class AnswerTicket(Command):
    """The agency answers; a final answer ends its work unless the reporter disputes it."""

    TYPE: ClassVar[str] = "tindak.ticket.answer.v1"
    answer: Said
    attachments: Attachments = ()
    final: bool


class DeclineTicket(Command):
    """Bukan wewenang: the agency says that it is not responsible."""

    TYPE: ClassVar[str] = "tindak.ticket.decline.v1"
    reason: Said
    suggested_agency: Code | None = None


class HoldTicket(Command):
    """Tunda: work waits for somebody or something."""

    TYPE: ClassVar[str] = "tindak.ticket.hold.v1"
    reason: HoldReason
    question: Long | None = None
    until: Instant | None = None


class ResumeTicket(Command):
    """Work goes on."""

    TYPE: ClassVar[str] = "tindak.ticket.resume.v1"
    note: Long | None = None


class ReplyToTicket(Command):
    """The reporter writes."""

    TYPE: ClassVar[str] = "tindak.ticket.reply.v1"
    text: Said
    attachments: Attachments = ()


class ConfirmTicket(Command):
    """The reporter is content."""

    TYPE: ClassVar[str] = "tindak.ticket.confirm.v1"
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    comment: Long | None = None


class DisputeTicket(Command):
    """The reporter is not content; reopens within the window."""

    TYPE: ClassVar[str] = "tindak.ticket.dispute.v1"
    reason: Said


class WithdrawTicket(Command):
    """The reporter takes the report back."""

    TYPE: ClassVar[str] = "tindak.ticket.withdraw.v1"


class AssignTicket(Command):
    """An officer decides the agency, or divides the ticket among 2 to 5 ``agencies``; one of the two is given."""

    TYPE: ClassVar[str] = "tindak.ticket.assign.v1"
    agency: Code | None = None
    agencies: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    reason: Said


class ReclassifyTicket(Command):
    """An officer or the agency corrects what kind of report it is.

    ``not_sensitive`` is an officer's to say: the report was taken for a sensitive one by mistake.
    """

    TYPE: ClassVar[str] = "tindak.ticket.reclassify.v1"
    classification: Classification
    category: Annotated[Text, StringConstraints(max_length=200)] | None = None
    reason: Said
    not_sensitive: bool = False


class ArchiveTicket(Command):
    """An officer puts it away without an answer; ``reason`` is an `ArchiveReason`, or else the update is refused."""

    TYPE: ClassVar[str] = "tindak.ticket.archive.v1"
    reason: Short


class MergeTicket(Command):
    """An officer says that it is the same matter as another ticket."""

    TYPE: ClassVar[str] = "tindak.ticket.merge.v1"
    into: TicketId


class UnmergeTicket(Command):
    """An officer takes a merge back."""

    TYPE: ClassVar[str] = "tindak.ticket.unmerge.v1"
