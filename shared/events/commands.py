"""Commands on ``tickets.updates``: what agencies, officers and reporters ask for, and routing may refuse."""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from shared.events.base import (
    Actor,
    Attachment,
    Classification,
    Code,
    EventData,
    Instant,
    Long,
    MessageScope,
    SealedText,
    Short,
    Text,
    Written,
)
from shared.values import value


def _as_uuid_text(text: str) -> str:
    """Return a UUID in its usual lower-case form; raise ValueError otherwise."""
    return str(UUID(text))


TicketId = Annotated[str, AfterValidator(_as_uuid_text)]
Said = Annotated[Long, StringConstraints(min_length=1)]
BASE64_32 = r"^[A-Za-z0-9+/_-]{42}[AEIMQUYcgkosw048]=$"
SEALED = r"^[A-Za-z0-9+/_-]{62,}={0,2}$"  # key and tag alone have 48 bytes: no number or address is as long
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
    private: SealedText | None = None


class ConfirmTicket(Command):
    """The reporter is content."""

    TYPE: ClassVar[str] = "tindak.ticket.confirm.v1"
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    comment: Long | None = None


class DisputeTicket(Command):
    """The reporter is not content; reopens within the window."""

    TYPE: ClassVar[str] = "tindak.ticket.dispute.v1"
    reason: Said
    private: SealedText | None = None


class WithdrawTicket(Command):
    """The reporter takes the report back."""

    TYPE: ClassVar[str] = "tindak.ticket.withdraw.v1"


class StopMessages(Command):
    """The reporter wants no more messages about the ticket, or about none at all; only urgent ones are still sent.

    With the ``scope`` ``address`` that holds for the address by which the ticket's messages come, over all tickets.
    """

    TYPE: ClassVar[str] = "tindak.ticket.stop_messages.v1"
    scope: MessageScope = MessageScope.TICKET


class ResumeMessages(Command):
    """The reporter takes a stop back; it takes back nothing of the other ``scope``."""

    TYPE: ClassVar[str] = "tindak.ticket.resume_messages.v1"
    scope: MessageScope = MessageScope.TICKET


class AssignTicket(Command):
    """An officer decides the agency, or divides the ticket among 2 to 5 ``agencies``; one of the two is given."""

    TYPE: ClassVar[str] = "tindak.ticket.assign.v1"
    agency: Code | None = None
    agencies: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    reason: Said
    private: SealedText | None = None


class ReclassifyTicket(Command):
    """An officer or the agency corrects what kind of report it is.

    ``ordinary`` is an officer's to say: the report was taken for a sensitive one by mistake.
    """

    TYPE: ClassVar[str] = "tindak.ticket.reclassify.v1"
    classification: Classification
    category: Annotated[Text, StringConstraints(max_length=200)] | None = None
    reason: Said
    ordinary: bool = False


class ArchiveTicket(Command):
    """An officer puts it away without an answer; ``reason`` is an `ArchiveReason`, or else the update is refused."""

    TYPE: ClassVar[str] = "tindak.ticket.archive.v1"
    reason: Short


class MergeTicket(Command):
    """An officer says that it is the same matter as another ticket."""

    TYPE: ClassVar[str] = "tindak.ticket.merge.v1"
    into: TicketId


class PrivacyCommand(Command):
    """An officer answers what a reporter may ask about their own data; ``reason`` says on what occasion."""

    reason: Short


class ExportReporter(PrivacyCommand):
    """Tell what is held of the reporter, sealed for ``public_key``: 32 bytes of X25519 in base64."""

    TYPE: ClassVar[str] = "tindak.reporter.export.v1"
    public_key: Annotated[str, StringConstraints(pattern=BASE64_32)]


class CorrectReporter(PrivacyCommand):
    """Replace the reporter's contact by what is ``sealed`` under the contact key ``key_id`` for the ticket."""

    TYPE: ClassVar[str] = "tindak.reporter.correct.v1"
    sealed: Annotated[str, StringConstraints(max_length=4000, pattern=SEALED)]
    key_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,32}$")]


class EraseReporter(PrivacyCommand):
    """Forget the reporter, for good."""

    TYPE: ClassVar[str] = "tindak.reporter.erase.v1"


class NoticeCommand(Command):
    """Something that an officer decides about notices: all of the ticket, those of one code, or one delivery."""

    notice: Code | None = None
    delivery_id: TicketId | None = None


class ResendNotice(NoticeCommand):
    """Send what has failed, or was held back for a reason that may change; ``again``: also what has been sent."""

    TYPE: ClassVar[str] = "tindak.notice.resend.v1"
    reason: Short | None = None
    again: bool = False


class SuppressNotice(NoticeCommand):
    """Do not send what has not been sent yet."""

    TYPE: ClassVar[str] = "tindak.notice.suppress.v1"
    reason: Short


class UnmergeTicket(Command):
    """An officer takes a merge back."""

    TYPE: ClassVar[str] = "tindak.ticket.unmerge.v1"


@value
class WrittenField:
    """A field of a command that holds a text of its sender's, who may name somebody in it.

    Args:
        name: Of the field.
        is_code: A pattern leaves room for a code only, and the command may do without.
        length_max: So many symbols fit; None for any number.
    """

    name: str
    is_code: bool
    length_max: int | None


@cache
def written_fields(command: type[Command]) -> tuple[WrittenField, ...]:
    """Return the fields of a command that people write; a code that must be given is none, for it is looked up."""
    found = []
    for name, hint in get_type_hints(command, include_extras=True).items():
        for rules in _rules_of_texts(hint):
            is_code = any(rule.pattern is not None for rule in rules)
            lengths = [rule.max_length for rule in rules if rule.max_length is not None]
            if not is_code or command.model_fields[name].default is None:
                found.append(WrittenField(name, is_code, min(lengths, default=None)))
    return tuple(found)


def _rules_of_texts(hint: Any) -> Iterator[list[StringConstraints]]:
    """Yield the rules of each text that people write and that a field of this type may hold by itself."""
    kind, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    if kind is str and any(isinstance(mark, Written) for mark in marks):
        yield [mark for mark in marks if isinstance(mark, StringConstraints)]
    elif get_origin(kind) in (Union, UnionType):
        for one in get_args(kind):
            yield from _rules_of_texts(one)
