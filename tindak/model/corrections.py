"""What officers and agencies corrected about the routing, as rows that a text model learns from; reads nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from shared.delivery.ports import Record
from shared.events import ComplaintAccepted, DecidedBy, Event, Step, TicketDeclined, TicketRouted, TicketSplit
from shared.events.complaints import sensitive_kind
from shared.output import write_csv
from tindak.policy.labelled_reports import tickets_on
from tindak.tickets.projection import project

COLUMNS = ("time", "text", "address", "kelurahan", "kecamatan", "category", "agency", "corrected_by", "ticket_id")
OFFICER = "officer"
RETURN = "return"


@dataclass(frozen=True, slots=True)
class Correction:
    """The agency that people found to be responsible for a report.

    Args:
        by: ``officer`` for an assignment, ``return`` for the agency that a declining one named and that kept it.
    """

    complaint: ComplaintAccepted
    agency: str
    by: str
    at: datetime

    @property
    def row(self) -> dict[str, str]:
        """Return it as a row of training data; what is not known is empty."""
        complaint, place = self.complaint, self.complaint.location
        return {
            "time": self.at.isoformat(),
            "text": f"{complaint.title}\n{complaint.body}",
            "address": (place and place.text) or "",
            "kelurahan": (place and place.kelurahan) or "",
            "kecamatan": (place and place.kecamatan) or "",
            "category": complaint.category or "",
            "agency": self.agency,
            "corrected_by": self.by,
            "ticket_id": complaint.ticket_id,
        }


def corrections_on(records: Iterable[Record], since: datetime | None = None) -> list[Correction]:
    """Return the correction of each ticket among *records*, oldest first; only those made at *since* or later.

    Args:
        records: Of the accepted complaints and of the tickets' history, in any order.
        since: Aware.
    """
    found = [corrected for events in tickets_on(records) if (corrected := _correction(events)) is not None]
    return sorted((one for one in found if since is None or one.at >= since), key=lambda one: one.at)


def _correction(events: Sequence[Event]) -> Correction | None:
    """Return what people corrected about one ticket: the most recent decision that no agency has given back since.

    An agency that declines only says who is not responsible; that teaches nothing until somebody says who is.
    """
    ended = project(events)
    if ended.accepted is None or sensitive_kind(ended.accepted.flags) is not None:
        return None  # a sensitive report goes where the policy says, and its text into no file
    found: Correction | None = None
    for event in ended.events:
        match event.data:
            case TicketRouted(explanation=(*_, Step(step="cluster"))):
                found = None  # it went along with another ticket, and nobody looked at its own text
            case TicketRouted(decided_by=DecidedBy.OFFICER) as routed:
                found = Correction(ended.accepted, routed.agency, OFFICER, routed.at)
            case TicketRouted() as routed:
                found = Correction(ended.accepted, routed.agency, RETURN, routed.at) if routed.hop > 1 else None
            case TicketDeclined() as declined if found is not None and found.agency == declined.agency:
                found = None
            case TicketSplit():
                return None  # its text tells of several matters and stands for no single agency
            case _:
                continue
    return found


def write(corrections: Sequence[Correction], out: TextIO) -> None:
    """Write *corrections* to *out* as CSV with a header."""
    write_csv(out, [COLUMNS, *([one.row[column] for column in COLUMNS] for one in corrections)])
