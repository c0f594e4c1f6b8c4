"""Facts about tickets, published by routing on ``tickets.events`` and to the agencies."""

from enum import StrEnum
from typing import ClassVar

from shared.events.base import Attachment, Author, Classification, EventData, Instant, Model, Priority, SealedText
from shared.events.commands import HoldReason
from shared.events.complaints import Report

PARTS_MAX = 5  # among so many agencies a report may be divided


class DecidedBy(StrEnum):
    """Who or what chose the agency."""

    REQUESTED = "requested"
    RULE = "rule"
    MODEL = "model"
    OFFICER = "officer"


class ClosedBy(StrEnum):
    """Who ended the ticket."""

    REPORTER = "reporter"
    SYSTEM = "system"
    AGENCY = "agency"
    OFFICER = "officer"


class Step(Model):
    """One step of a routing decision, as people may read it."""

    step: str
    rule: str | None = None
    policy_version: str
    outcome: str
    score: float | None = None


class Suggestion(Model):
    """An agency that a triage officer may choose, and why."""

    agency: str
    score: float
    why: str


class SimilarTicket(Model):
    """An open ticket of the same kelurahan with a report like this one, for people to judge; ``score`` is 0 to 1."""

    tracking_id: str
    score: float


class ProposedPart(Model):
    """An agency that one of several matters in a report may belong to; the words and rules that speak for it."""

    agency: str
    words: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


class Tenure(Model):
    """How long an agency has had a ticket; ``until`` is absent while it has it."""

    agency: str
    since: Instant
    until: Instant | None = None
    declined_because: str | None = None


class TicketFact(EventData):
    """Something that happened to a ticket; ``version`` counts its facts from 1.

    ``state`` is where the fact leads: ``in_triage``, ``routed``, ``acknowledged``, ``in_progress``, ``reopened``,
    ``held``, ``answered``, ``closed``, ``archived``, ``withdrawn`` or ``split``. A ticket that is a part of another one
    names that as its ``parent``, and its own number among the parts, from 1, as ``part``.

    ``agency`` is the agency that has the ticket after the fact; absent if none has it. An ended ticket stays with the
    agency that had it, to which a dispute leads back. ``confidential`` is true where nothing of it is for the public.
    """

    CAUSED_BY: ClassVar[str] = "by"
    ticket_id: str
    tracking_id: str
    state: str
    version: int
    at: Instant
    parent: str | None = None
    part: int | None = None
    agency: str | None = None
    confidential: bool | None = None

    @property
    def author(self) -> Author | None:
        """Return who brought it about; None for what time or a rule of ours did."""
        author: Author | None = getattr(self, self.CAUSED_BY, None)
        return author


class AuthoredFact(TicketFact):
    """A fact whose author, if somebody brought it about, stands in ``by``."""

    by: Author | None = None


class EndingFact(TicketFact):
    """A fact whose author stands in ``by_whom``, for its ``by`` is a word since release 0.1.0."""

    CAUSED_BY: ClassVar[str] = "by_whom"
    by_whom: Author | None = None


class TicketRouted(AuthoredFact):
    """An agency is responsible from now on; report, due time and link stand only on the agency's own topic.

    ``resolve_due_at`` is known if the ticket has been with another agency before; until when a first answer is due
    depends on the agency and follows as ``clock_started``.

    The reasons say why the matter lies outside the city's authority; they are absent where it does not. Only of a
    sensitive report ``priority_reason``, ``officer`` and advice for its reporter are told.
    """

    TYPE: ClassVar[str] = "tindak.ticket.routed.v1"
    agency: str
    agency_name: str
    priority: Priority = Priority.NORMAL
    classification: Classification
    category: str | None = None
    hop: int
    decided_by: DecidedBy
    confidence: float | None = None
    explanation: tuple[Step, ...]
    reason_id: str | None = None
    reason_en: str | None = None
    cluster: str | None = None
    similar: tuple[SimilarTicket, ...] = ()
    accepted_at: Instant
    submitted_at: Instant
    report: Report | None = None
    private: SealedText | None = None
    resolve_due_at: Instant | None = None
    link: str | None = None
    priority_reason: str | None = None
    officer: str | None = None
    advice_id: str | None = None
    advice_en: str | None = None


class TriageRequested(AuthoredFact):
    """Nobody is responsible yet; an officer must decide; ``stays`` are the last 20 of those who had it.

    ``parts`` are the agencies among which a report of several matters may be divided; empty for one matter.
    """

    TYPE: ClassVar[str] = "tindak.ticket.triage_requested.v1"
    reason: str
    priority: Priority = Priority.NORMAL
    classification: Classification
    category: str | None = None
    suggestions: tuple[Suggestion, ...] = ()
    parts: tuple[ProposedPart, ...] = ()
    explanation: tuple[Step, ...] = ()
    stays: tuple[Tenure, ...] = ()
    cluster: str | None = None
    similar: tuple[SimilarTicket, ...] = ()
    accepted_at: Instant
    submitted_at: Instant
    report: Report | None = None
    priority_reason: str | None = None
    officer: str | None = None


class TicketAcknowledged(AuthoredFact):
    """The agency has seen it."""

    TYPE: ClassVar[str] = "tindak.ticket.acknowledged.v1"
    agency: str
    note: str | None = None


class TicketProgressed(AuthoredFact):
    """The agency told how far it is."""

    TYPE: ClassVar[str] = "tindak.ticket.progressed.v1"
    agency: str
    note: str
    attachments: tuple[Attachment, ...] = ()


class TicketAnswered(AuthoredFact):
    """The agency answered."""

    TYPE: ClassVar[str] = "tindak.ticket.answered.v1"
    agency: str
    answer: str
    attachments: tuple[Attachment, ...] = ()
    final: bool


class TicketDeclined(AuthoredFact):
    """The agency that still has the ticket said that it is not responsible; where it goes is the next fact."""

    TYPE: ClassVar[str] = "tindak.ticket.declined.v1"
    agency: str
    reason: str
    suggested_agency: str | None = None


class TicketHeld(AuthoredFact):
    """Work waits (tunda)."""

    TYPE: ClassVar[str] = "tindak.ticket.held.v1"
    agency: str
    reason: HoldReason
    question: str | None = None
    until: Instant | None = None


class TicketResumed(AuthoredFact):
    """Work goes on."""

    TYPE: ClassVar[str] = "tindak.ticket.resumed.v1"
    note: str | None = None


class ReporterReplied(AuthoredFact):
    """The reporter wrote."""

    TYPE: ClassVar[str] = "tindak.ticket.reporter_replied.v1"
    text: str
    attachments: tuple[Attachment, ...] = ()
    private: SealedText | None = None


class TicketClosed(EndingFact):
    """The matter is ended; ``reason`` is ``all_parts_closed`` where that is why."""

    TYPE: ClassVar[str] = "tindak.ticket.closed.v1"
    by: ClosedBy
    reason: str | None = None
    rating: int | None = None
    comment: str | None = None


class TicketReopened(AuthoredFact):
    """The reporter was not content with the answer."""

    TYPE: ClassVar[str] = "tindak.ticket.reopened.v1"
    agency: str
    reason: str
    private: SealedText | None = None


class TicketReclassified(AuthoredFact):
    """It is another kind of report than was thought; ``priority`` is told where it is no sensitive one after all."""

    TYPE: ClassVar[str] = "tindak.ticket.reclassified.v1"
    classification: Classification
    was: Classification
    category: str | None = None
    reason: str
    priority: Priority | None = None


class TicketArchived(EndingFact):
    """Put away without an answer."""

    TYPE: ClassVar[str] = "tindak.ticket.archived.v1"
    by: ClosedBy = ClosedBy.OFFICER
    reason: str


class TicketWithdrawn(AuthoredFact):
    """The reporter took it back; ``reason`` is ``whole_withdrawn`` where he took back that of which it is a part."""

    TYPE: ClassVar[str] = "tindak.ticket.withdrawn.v1"
    reason: str | None = None


class TicketMerged(AuthoredFact):
    """It is followed together with another ticket."""

    TYPE: ClassVar[str] = "tindak.ticket.merged.v1"
    into: str


class TicketUnmerged(AuthoredFact):
    """It is followed by itself again."""

    TYPE: ClassVar[str] = "tindak.ticket.unmerged.v1"


class TicketUnassigned(AuthoredFact):
    """The ticket is no longer with ``agency``; said on that agency's topic only, and not part of the history."""

    TYPE: ClassVar[str] = "tindak.ticket.unassigned.v1"
    agency: str
    reason: str
