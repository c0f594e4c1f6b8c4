"""Finds the ticket that somebody names by tracking id or ticket id."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from shared import topics
from shared.events import PARTS_MAX, ComplaintAccepted
from shared.ids import parse_tracking_id, part_id
from tindak.client.kafka import Client
from tindak.client.records import data_of
from tindak.console import Failure, Misuse
from tindak.retention.archive import Archive, Kept, Settings


class TicketArchived(Failure):
    """The ticket has ended long ago; ``kept`` is what the archive has of it."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        super().__init__(f"{kept['tracking_id']} has ended and stands in the archive; `tindak track` shows it.")


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as its accepted complaint names it; of a part, the tracking id ends in its number.

    Args:
        parent: Ticket id of the whole; None for a ticket that is no part.
    """

    id: str
    tracking_id: str
    channel: str
    parent: str | None = None

    @property
    def whole(self) -> str:
        """Return the id of the ticket that bears the reporter's contact."""
        return self.parent or self.id


async def find_ticket(client: Client, text: str, *, or_unheard: bool = False) -> Ticket:
    """Return the ticket with this tracking id (in any spelling) or ticket id; ``/2`` behind it means its second part.

    Args:
        or_unheard: Whether a ticket id is taken as it is if no complaint has it any more; its channel is empty then.

    Raises:
        Misuse: It can be neither.
        TicketArchived: The broker does not hold it any more, and the archive does.
        Failure: No accepted complaint has it.
    """
    whole, slash, number = text.partition("/")
    part = _numbered(number, text) if slash else None
    wanted = spelled(whole)
    for record in await client.read([topics.ACCEPTED]):
        data = data_of(record)
        if not isinstance(data, ComplaintAccepted):
            continue
        found = Ticket(data.ticket_id, data.tracking_id, data.channel)
        if wanted in (found.tracking_id, found.id):
            return found if part is None else part_of(found, part)
        named = next((one for one in _parts_of(found) if one.id == wanted), None)
        if named is not None:
            return named
    kept = archived_ticket(wanted, part)
    if kept is not None:
        raise TicketArchived(kept)
    if or_unheard and parse_tracking_id(wanted) is None:
        found = Ticket(wanted, wanted, "")
        return found if part is None else part_of(found, part)
    raise Failure(f"No accepted complaint has the id {wanted}; `tindak watch accepted --from earliest` lists them.")


def archived_ticket(wanted: str, part: int | None = None) -> Kept | None:
    """Return what the archive keeps of a ticket, or of a part of it; None if nothing."""
    archive = Archive(Settings().archive_dir)
    kept = archive.find(wanted)
    return kept if kept is None or part is None else archive.find(part_id(str(kept["ticket_id"]), part))


def part_of(whole: Ticket, number: int) -> Ticket:
    """Return a part of a divided ticket; whether it is divided is not asked."""
    return Ticket(part_id(whole.id, number), f"{whole.tracking_id}/{number}", whole.channel, whole.id)


def _parts_of(whole: Ticket) -> Iterator[Ticket]:
    yield from (part_of(whole, number) for number in range(1, PARTS_MAX + 1))


def _numbered(number: str, text: str) -> int:
    """Return the number of a part, from 1; raise Misuse if it is none."""
    if not number.isascii() or not number.isdigit() or not 1 <= int(number) <= PARTS_MAX:
        raise Misuse(f"`{text}` names no part: one of 1 to {PARTS_MAX} follows the stroke, like K7QF-9D2MX-4Q/2.")
    return int(number)


def spelled(text: str) -> str:
    """Return a tracking id or ticket id in its usual spelling; raise Misuse if *text* is neither."""
    tracking = parse_tracking_id(text)
    if tracking is not None:
        return tracking
    try:
        return str(UUID(text))
    except ValueError:
        raise Misuse(f"`{text}` is neither a tracking id (like K7QF-9D2MX-4Q) nor a ticket id.") from None
