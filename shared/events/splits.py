"""What routing says about a ticket that is divided into parts, and what it tells itself about them; past tense."""

from typing import ClassVar

from shared.events.base import Classification, EventData, Instant, Model
from shared.events.tickets import Priority, Report, TicketFact


class Part(Model):
    """A part of a divided ticket: a ticket of its own, with its number from 1 and the agency that it went to first."""

    ticket_id: str
    number: int
    agency: str
    agency_name: str


class TicketSplit(TicketFact):
    """An officer divided it: each part is a ticket of its own agency from now on, under the same tracking id."""

    TYPE: ClassVar[str] = "tindak.ticket.split.v1"
    parts: tuple[Part, ...]
    reason: str


class TicketPartReopened(TicketFact):
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


class WholeWithdrawn(PartLink):
    """The reporter took back the ticket of which this one is a part."""

    TYPE: ClassVar[str] = "tindak.link.whole_withdrawn.v1"
