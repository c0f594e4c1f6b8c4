"""The state of notify: what it knows of the ticket, and its deliveries."""

from collections.abc import Mapping
from dataclasses import field, fields
from datetime import datetime
from typing import Any, Literal

from services.notify.domain.complaint import Complaint as Complaint
from services.notify.domain.contact import Contact as Contact
from services.notify.domain.contact import Erased as Erased
from services.notify.domain.contact import Sealed as Sealed
from services.notify.domain.contact import Unknown as Unknown
from services.notify.domain.deliveries import Delivery, Settled
from services.notify.domain.standing import Standing
from shared import events
from shared.values import replace, value


@value
class AuditHead:
    """The end of the chain of facts about who opened the contact.

    Args:
        hash: Of the last fact; what a chain starts from if there is none.
        opened_at: When each of them happened, the first one first. What is older than the topic keeps may be missing
            there, and nothing else may.
    """

    hash: str = events.CHAIN_START
    opened_at: tuple[datetime, ...] = ()


@value
class RunningClock:
    """The last known run of a clock.

    Args:
        over_at: When it was met or stopped, which is heard of only while somebody gets digests; None before.
        in_working_time: Whether it is known to count only when offices work.
    """

    started_at: datetime
    due_at: datetime
    over_at: datetime | None = None
    in_working_time: bool = False


@value
class Gathered:
    """A notice that an official reads of in the next digest; it tells nothing but its code.

    Args:
        id: Of the delivery, which is over.
        part: As in `Delivery`.
    """

    id: str
    notice: str
    role: str
    agency: str
    at: datetime
    part: str | None = None


@value(kw_only=True)
class Handling:
    """What is known of how a ticket, or one part of it, is handled.

    Args:
        question: What the agency last asked the reporter.
        version: Of the last ticket event that changed priority or classification.
        agency_version: Of the last ticket event by which another agency had the ticket, or none.
        follows: Ticket with which it is followed, for both tell of the same matter; None if of none.
        ended_at: When it ended; None if it has not, or goes on again.
        ended_version: Of the last ticket event by which it ended or went on again.
    """

    agency: str | None = None
    priority: str | None = None
    classification: str | None = None
    question: str | None = None
    version: int = 0
    agency_version: int = 0
    clocks: Mapping[events.SlaClock, RunningClock] = field(default_factory=dict)
    ended_at: datetime | None = None
    ended_version: int = 0
    standing: Standing = field(default_factory=Standing)
    follows: str | None = None


@value
class Part(Handling):
    """How one part of a divided ticket is handled."""

    number: int


@value
class Correspondence(Handling):
    """One ticket and its parts, with all their deliveries; the reporter of all of them has one contact.

    Args:
        deliveries: Those that are not over, and those that were settled last.
        settled: What is kept of those that were settled before, in the order in which they were planned.
        unlisted: How many to the reporter there were that are not even kept so.
        parts: By ticket id.
        has_acted: Whether the reporter has answered, confirmed or disputed since the report.
        is_stopped: Whether the reporter wants no more messages; only urgent ones are still sent.
        is_stopped_everywhere: Whether the same holds for all tickets of the address, as far as this one has heard.
        wished_at: When either was said last; what was said before that is over.
        unsent: Those that are over, were not sent, and could be yet; the last ones, for a while.
        unsent_at: When the last such was given up or held back; None before the first.
        gathered: What officials read of in digests, the last ones, for a while.
    """

    ticket_id: str
    tracking_id: str | None = None
    complaint: Complaint | None = None
    contact: Contact = field(default_factory=Unknown)
    deliveries: tuple[Delivery, ...] = ()
    audit: AuditHead = field(default_factory=AuditHead)
    parts: Mapping[str, Part] = field(default_factory=dict)
    has_acted: bool = False
    settled: tuple[Settled, ...] = ()
    unlisted: int = 0
    is_stopped: bool = False
    is_stopped_everywhere: bool = False
    wished_at: datetime | None = None
    unsent: tuple[Delivery, ...] = ()
    unsent_at: datetime | None = None
    gathered: tuple[Gathered, ...] = ()
    kind: Literal["correspondence"] = "correspondence"

    @property
    def over(self) -> tuple[Settled, ...]:
        """Return all deliveries that are over, as far as they are kept."""
        return (*self.settled, *(kept for each in self.deliveries if (kept := Settled.of(each))))

    @property
    def is_emergency(self) -> bool:
        """Return whether routing or, before it, intake took it for an emergency."""
        by_intake = self.complaint is not None and self.complaint.emergency
        return self.priority == "emergency" or (self.priority is None and by_intake)

    def seen_from(self, part: str | None) -> "Correspondence":
        """Return the state as one of its parts has it; the whole as it is for None."""
        known = self.parts.get(part) if part else None
        return self if known is None else replace(self, **_handling_of(known))


def _handling_of(whole_or_part: Handling) -> dict[str, Any]:
    return {each.name: getattr(whole_or_part, each.name) for each in fields(Handling)}
