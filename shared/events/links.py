"""Events about tickets that belong together: clusters, and the parts of divided tickets."""

from typing import ClassVar

from shared.events.base import Attachment, Author, Classification, EventData, Instant, Model, Priority
from shared.events.complaints import Report
from shared.events.tickets import AuthoredFact, DecidedBy


class ClusterJoined(AuthoredFact):
    """It is followed together with the ticket ``cluster``, which tells of the same matter; it keeps its own clocks."""

    TYPE: ClassVar[str] = "tindak.ticket.cluster_joined.v1"
    cluster: str


class ClusterLeft(AuthoredFact):
    """It is followed by itself again.

    ``reason`` is ``leader_ended``, ``leader_follows``, ``full``, ``followed_alone`` or ``unknown_leader``.
    """

    TYPE: ClassVar[str] = "tindak.ticket.cluster_left.v1"
    cluster: str
    reason: str


class ClusterCounted(AuthoredFact):
    """Another ticket follows this one from now on, or no longer; ``members`` is how many do.

    The text of the other stands only on the topics of those who must act on it.
    """

    TYPE: ClassVar[str] = "tindak.ticket.cluster_counted.v1"
    member: str
    joined: bool
    members: int
    report: Report | None = None


class AnswerOffered(AuthoredFact):
    """The agency has answered the ticket ``cluster``, and the answer is offered to this one's reporter, too."""

    TYPE: ClassVar[str] = "tindak.ticket.answer_offered.v1"
    agency: str
    cluster: str
    answer: str
    attachments: tuple[Attachment, ...] = ()
    final: bool


class Link(EventData):
    """Something between a ticket that leads and one that follows; ``ticket_id`` is the one that must hear of it."""

    ticket_id: str


class TicketLinked(Link):
    """The ticket ``member`` follows this one from now on."""

    TYPE: ClassVar[str] = "tindak.link.added.v1"
    member: str
    tracking_id: str
    report: Report


class TicketUnlinked(Link):
    """The ticket ``member`` follows this one no longer."""

    TYPE: ClassVar[str] = "tindak.link.removed.v1"
    member: str


class LinkRefused(Link):
    """This ticket cannot follow ``leader``."""

    TYPE: ClassVar[str] = "tindak.link.refused.v1"
    leader: str
    reason: str


class Branching(Link):
    """Goes to this ticket and through it to those of ``then``, all of which follow ``leader``."""

    leader: str
    then: tuple[str, ...] = ()


class AnswerPassedOn(Branching):
    """The agency has answered the leader, and its answer is offered to this ticket."""

    TYPE: ClassVar[str] = "tindak.link.answer_passed_on.v1"
    agency: str
    answer: str
    attachments: tuple[Attachment, ...] = ()
    final: bool


class LeaderChanged(Branching):
    """Those who follow ``leader`` follow ``successor`` from now on."""

    TYPE: ClassVar[str] = "tindak.link.leader_changed.v1"
    successor: str


class LeaderRouted(Branching):
    """An agency has got the leader, and those who follow it go along; ``was`` are the agencies that had it before.

    ``hop`` is how many agencies the leader has had, as in `TicketRouted`: of two words the one with more is later.
    """

    TYPE: ClassVar[str] = "tindak.link.leader_routed.v1"
    agency: str
    was: tuple[str, ...] = ()
    hop: int
    decided_by: DecidedBy


class Part(Model):
    """A part of a divided ticket: a ticket of its own, with its number from 1 and the agency that it went to first."""

    ticket_id: str
    number: int
    agency: str
    agency_name: str


class TicketSplit(AuthoredFact):
    """An officer divided it: each part is a ticket of its own agency from now on, under the same tracking id."""

    TYPE: ClassVar[str] = "tindak.ticket.split.v1"
    parts: tuple[Part, ...]
    reason: str


class TicketPartReopened(AuthoredFact):
    """All its parts had ended, and the reporter was not content with one of them."""

    TYPE: ClassVar[str] = "tindak.ticket.part_reopened.v1"
    reopened: str


class PartLink(EventData):
    """Something between a divided ticket and a part of it; ``ticket_id`` is the one that must hear of it."""

    ticket_id: str


class PartOpened(PartLink):
    """This ticket is a part of ``parent`` from now on, and ``agency`` gets it."""

    TYPE: ClassVar[str] = "tindak.link.part_opened.v1"
    parent: str
    number: int
    tracking_id: str
    agency: str
    reason: str
    report: Report
    classification: Classification
    category: str | None = None
    priority: Priority = Priority.NORMAL
    submitted_at: Instant
    accepted_at: Instant
    source_id: str | None = None


class PartEnded(PartLink):
    """The part ``part`` of this ticket has ended, as of that ``version`` of its history."""

    TYPE: ClassVar[str] = "tindak.link.part_ended.v1"
    part: str
    version: int
    state: str


class PartReopened(PartLink):
    """The part ``part`` of this ticket goes on after its end, as of that ``version`` of its history."""

    TYPE: ClassVar[str] = "tindak.link.part_reopened.v1"
    part: str
    version: int


class ReporterForgotten(PartLink):
    """The reporter of the whole, or of one of its parts, was erased, and so of this ticket; ``by`` whom."""

    TYPE: ClassVar[str] = "tindak.link.reporter_forgotten.v1"
    by: Author | None = None


class WholeWithdrawn(PartLink):
    """The reporter took back the ticket of which this one is a part."""

    TYPE: ClassVar[str] = "tindak.link.whole_withdrawn.v1"
