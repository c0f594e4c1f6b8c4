"""From what a person types to the ticket that is meant; never guesses."""

from dataclasses import dataclass
from uuid import UUID

from shared import topics
from shared.events import ComplaintAccepted
from shared.ids import parse_tracking_id
from tindak.client import Client
from tindak.console import Failure, Misuse
from tindak.records import data_of


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as its accepted complaint names it."""

    id: str
    tracking_id: str
    channel: str


async def find_ticket(client: Client, text: str) -> Ticket:
    """Return the ticket with this tracking id (in any spelling) or ticket id.

    Raises:
        Misuse: It can be neither.
        Failure: No accepted complaint that the broker still holds has it.
    """
    wanted = spelled(text)
    for record in await client.read([topics.ACCEPTED]):
        data = data_of(record)
        if isinstance(data, ComplaintAccepted) and wanted in (data.tracking_id, data.ticket_id):
            return Ticket(data.ticket_id, data.tracking_id, data.channel)
    raise Failure(f"No accepted complaint has the id {wanted}; `tindak watch accepted --from earliest` lists them.")


def spelled(text: str) -> str:
    """Return a tracking id or ticket id in its usual spelling; raise Misuse if *text* is neither."""
    tracking = parse_tracking_id(text)
    if tracking is not None:
        return tracking
    try:
        return str(UUID(text))
    except ValueError:
        raise Misuse(f"`{text}` is neither a tracking id (like K7QF-9D2MX-4Q) nor a ticket id.") from None
