"""What routing says on ``tickets.events`` and to the agencies about tickets that are followed together; past tense."""

from typing import ClassVar

from shared.events.base import Attachment
from shared.events.tickets import Report, TicketFact


class ClusterJoined(TicketFact):
    """It is followed together with the ticket ``cluster``, which tells of the same matter; it keeps its own clocks."""

    TYPE: ClassVar[str] = "tindak.ticket.cluster_joined.v1"
    cluster: str


class ClusterLeft(TicketFact):
    """It is followed by itself again: ``leader_ended``, ``leader_follows``, ``full`` or ``unknown_leader``."""

    TYPE: ClassVar[str] = "tindak.ticket.cluster_left.v1"
    cluster: str
    reason: str


class ClusterCounted(TicketFact):
    """Another ticket follows this one from now on, or no longer; ``members`` is how many do.

    The text of the other stands only on the topics of those who must act on it.
    """

    TYPE: ClassVar[str] = "tindak.ticket.cluster_counted.v1"
    member: str
    joined: bool
    members: int
    report: Report | None = None


class AnswerOffered(TicketFact):
    """The agency has answered the ticket ``cluster``, and the answer is offered to this one's reporter, too."""

    TYPE: ClassVar[str] = "tindak.ticket.answer_offered.v1"
    agency: str
    cluster: str
    answer: str
    attachments: tuple[Attachment, ...] = ()
    final: bool
