"""What routing tells itself on ``tickets.links``: which tickets are followed together; nobody else reads it."""

from typing import ClassVar

from shared.events.base import Attachment, EventData
from shared.events.tickets import DecidedBy, Report


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
