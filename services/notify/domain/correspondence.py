"""The state of notify: a projection of the ticket, and its deliveries."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Literal

from services.notify.domain.deliveries import Delivery
from shared import events

EMERGENCY_FLAG = "possible_emergency"


@dataclass(frozen=True, slots=True)
class Unknown:
    """No contact has come yet; for a report without an identity none ever will."""

    kind: Literal["unknown"] = "unknown"


@dataclass(frozen=True, slots=True)
class Sealed:
    """The contact as intake sealed it; opened only to send."""

    sealed: str
    key_id: str
    locale: str
    kind: Literal["sealed"] = "sealed"


@dataclass(frozen=True, slots=True)
class Erased:
    """The reporter's contact was taken back."""

    kind: Literal["erased"] = "erased"


Contact = Unknown | Sealed | Erased


@dataclass(frozen=True, slots=True)
class Complaint:
    """What notices show of the report itself."""

    title: str
    place: str | None
    classification: str | None
    missing: tuple[str, ...]
    emergency: bool
    confidential: bool = False
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class RunningClock:
    """The last known run of a clock."""

    started_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What is known of how a ticket, or one part of it, is handled.

    Args:
        question: What the agency last asked the reporter.
        version: Of the last ticket event that changed priority or classification.
        agency_version: Of the last ticket event by which another agency had the ticket, or none.
    """

    agency: str | None = None
    priority: str | None = None
    classification: str | None = None
    question: str | None = None
    version: int = 0
    agency_version: int = 0
    clocks: Mapping[events.SlaClock, RunningClock] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part(Handling):
    """How one part of a divided ticket is handled."""

    number: int


@dataclass(frozen=True, slots=True)
class Correspondence(Handling):
    """One ticket and its parts, with all their deliveries; the reporter of all of them has one contact.

    Args:
        parts: By ticket id.
    """

    ticket_id: str
    tracking_id: str | None = None
    complaint: Complaint | None = None
    contact: Contact = field(default_factory=Unknown)
    deliveries: tuple[Delivery, ...] = ()
    parts: Mapping[str, Part] = field(default_factory=dict)
    kind: Literal["correspondence"] = "correspondence"

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


def part_of(data: events.EventData) -> tuple[str, int] | None:
    """Return ticket id and number of the part that *data* is about; None if it is about no part."""
    match data:
        case events.TicketFact(ticket_id=part, part=int(number)) | events.ClockFact(ticket_id=part, part=int(number)):
            return part, number
        case _:
            return None


def project(state: Correspondence, data: events.EventData) -> Correspondence:
    """Return the projection after *data*; equal to *state* if that holds nothing new for notify."""
    state = replace(state, tracking_id=getattr(data, "tracking_id", None) or state.tracking_id)
    about = part_of(data)
    if about is None:
        return _project(state, data)
    part, number = about
    before = replace(state, parts={part: Part(number), **state.parts})
    after = _project(before.seen_from(part), data)
    return replace(state, parts={**state.parts, part: Part(number, **_handling_of(after))})


def _project(state: Correspondence, data: events.EventData) -> Correspondence:
    if isinstance(data, events.TicketFact) and not isinstance(data, events.UpdateRefused):
        state = _held_by(state, data)
    match data:
        case events.ContactSealed():
            return replace(state, contact=Sealed(data.sealed, data.key_id, data.locale.value))
        case events.ContactErased():
            return replace(state, contact=Erased())
        case events.ComplaintAccepted():
            return replace(state, complaint=_complaint_of(data))
        case events.TicketRouted() if data.version > state.version:
            return replace(
                state, priority=data.priority.value, classification=data.classification.value, version=data.version
            )
        case events.TicketReclassified() if data.version > state.version:
            priority = data.priority.value if data.priority else state.priority
            return replace(state, classification=data.classification.value, priority=priority, version=data.version)
        case events.TicketHeld():
            return replace(state, question=data.question)
        case events.ClockStarted():
            return replace(state, clocks={**state.clocks, data.clock: RunningClock(data.started_at, data.due_at)})
        case events.ClockResumed() | events.DueChanged() if data.clock in state.clocks:
            moved = replace(state.clocks[data.clock], due_at=data.due_at)
            return replace(state, clocks={**state.clocks, data.clock: moved})
        case _:
            return state


def _held_by(state: Correspondence, data: events.TicketFact) -> Correspondence:
    # Documents of release 0.1.0 know one version only.
    known = max(state.agency_version, state.version)
    if data.version <= known or data.agency == state.agency:
        return state
    return replace(state, agency=data.agency, agency_version=data.version)


def _complaint_of(data: events.ComplaintAccepted) -> Complaint:
    return Complaint(
        title=data.title,
        place=_place_of(data.location),
        classification=data.classification.value if data.classification else None,
        missing=data.missing,
        emergency=EMERGENCY_FLAG in data.flags,
        confidential=data.confidential,
        sensitive=data.sensitive is not None,
    )


def _place_of(location: events.Location | None) -> str | None:
    """Return where it happened in one line, the narrowest name first; None if nobody said."""
    named = [location.text, location.kelurahan, location.kecamatan] if location else []
    return ", ".join(dict.fromkeys(name for name in named if name)) or None
