"""What the archive keeps of a ticket that has ended: that it was handled and how, and nobody's identity."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.routing.domain.ticket.state import Closed, Filed, State, is_ended, name_of
from shared.events.envelope import stamp

Mask = Callable[[str], str]


def last_event_at(state: State | None) -> datetime | None:
    """Return when the last fact of a ticket that has ended happened; None for any other."""
    return state.ticket.at if isinstance(state, Filed) and is_ended(state.situation) else None


def archived(filed: Filed, mask: Mask) -> dict[str, Any]:
    """Return the ticket as it goes into the archive, as JSON.

    The report's own words stay out but for the title, and that, too, of a confidential one. What is left is masked
    again: an earlier release did not mask what agencies write.
    """
    ticket, report = filed.ticket, filed.ticket.report
    location = report.location
    answer = None if report.confidential else ticket.view.answer
    kept = {
        "ticket_id": ticket.id,
        "tracking_id": ticket.tracking_id,
        "channel": report.channel,
        "title": None if report.confidential else mask(report.title),
        "kelurahan": location and location.kelurahan,
        "kecamatan": location and location.kecamatan,
        "classification": ticket.classification.value,
        "category": ticket.category and mask(ticket.category),
        "priority": ticket.priority.value,
        "anonymous": report.anonymous,
        "confidential": report.confidential,
        "erased": ticket.erased,
        "submitted_at": stamp(ticket.submitted_at),
        "accepted_at": stamp(ticket.accepted_at),
        "ended_at": stamp(ticket.at),
        "state": name_of(filed.situation),
        "closed_by": filed.situation.by.value if isinstance(filed.situation, Closed) else None,
        "agency": filed.situation.agency,
        "version": ticket.version,
        "stays": [_stay(stay.model_dump(mode="json", exclude_none=True), mask) for stay in ticket.stays],
        "answer": answer and mask(answer),
        "follows": ticket.cluster,
        "parent": ticket.parent,
        "part": ticket.part,
        "parts": [part.id for part in ticket.parts],
    }
    return {name: value for name, value in kept.items() if value is not None}


def _stay(stay: dict[str, Any], mask: Mask) -> dict[str, Any]:
    because = stay.get("declined_because")
    return stay | ({"declined_because": mask(because)} if because else {})
