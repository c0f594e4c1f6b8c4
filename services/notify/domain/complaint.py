"""What notices show of a report."""

from shared import events
from shared.events.complaints import sensitive_kind
from shared.values import value

EMERGENCY_FLAG = "possible_emergency"


@value
class Complaint:
    """What notices show of the report itself.

    Args:
        withheld: Nothing of it is shown to anybody, for it is sensitive.
        has_contact: Whether a contact came with it; None where nobody said so.
    """

    title: str
    place: str | None
    classification: str | None
    missing: tuple[str, ...]
    emergency: bool
    confidential: bool = False
    withheld: bool = False
    has_contact: bool | None = None


def complaint_of(data: events.ComplaintAccepted) -> Complaint:
    """Return what notices show of a report that was accepted."""
    return Complaint(
        title=data.title,
        place=_place_of(data.location),
        classification=data.classification.value if data.classification else None,
        missing=data.missing,
        emergency=EMERGENCY_FLAG in data.flags,
        confidential=data.confidential,
        withheld=sensitive_kind(data.flags) is not None,
        has_contact=data.has_contact,
    )


def _place_of(location: events.Location | None) -> str | None:
    """Return where it happened in one line, the narrowest name first; None if nobody said."""
    named = [location.text, location.kelurahan, location.kecamatan] if location else []
    return ", ".join(dict.fromkeys(name for name in named if name)) or None
