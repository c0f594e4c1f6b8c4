"""Reporters who ask to be erased, and what must be left of them at rest: nothing."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from services.routing.domain.ticket.state import Filed
from shared import topics
from shared.delivery.documents.document import Document
from shared.delivery.outgoing import Outgoing
from shared.events import PARTS_MAX, ClusterCounted, Command, EraseReporter
from shared.ids import part_id
from tests.simulation.signature import SIGNATURE

SAID = ("Di RT 05", "RT 03")

if TYPE_CHECKING:
    from tests.simulation.cast import Cast
    from tests.simulation.world import World


def erasures(cast: "Cast", ticket: str) -> list[Command]:
    """Return the command to erase a ticket's reporter, if they ask for it.

    What they say counts as long as they are there, and whoever tells of the same matter may join until then.
    """
    if cast.mood("forget", ticket).random() >= 0.06:
        return []
    parts = set(parts_of(cast.channel_of))
    cast.raced |= parts | cast.channel_of.keys()
    cast.uncertain |= parts
    cast.forgotten.add(ticket)
    return [EraseReporter(ticket_id=ticket, reason="Diminta pelapor.")]


def parts_of(tickets: Iterable[str]) -> Iterator[str]:
    """Yield the ids of all parts that these tickets may have."""
    yield from (part_id(ticket, number) for ticket in tickets for number in range(1, PARTS_MAX + 1))


def remembered(world: "World") -> Iterator[str]:
    """Yield everything that is left of a reporter who asked to be erased."""
    written = re.compile("|".join(map(re.escape, (SIGNATURE, *SAID, *(body[:24] for body in world.cast.bodies)))))
    for ticket in sorted(world.cast.forgotten):
        if not isinstance(world.stores["routing"].documents[ticket].state, Filed):
            continue
        parts = [part.id for part in world.stores["routing"].documents[ticket].state.ticket.parts]
        for service, store in world.stores.items():
            for one in (ticket, *parts):
                document = store.documents.get(one)
                if document is not None and written.search(repr((document.state, *kept_of(document)))):
                    yield f"[erased] {service} holds what was written in {one}"
        contacts = [record for record in world.broker.records() if record.topic == topics.CONTACTS]
        own = [record for record in contacts if (record.key or b"").decode() == ticket]
        if not own or max(own, key=lambda record: record.offset).value is not None:
            yield f"[erased] the last word on the contact of {ticket} is no tombstone"


def kept_of(document: Document[Any]) -> Iterator[Outgoing]:
    """Yield what a document keeps of what was said, but for the reports of others who tell of the same matter."""
    others = f'"{ClusterCounted.TYPE}"'.encode()
    yield from (said for said in (*document.pending, *document.answered()) if others not in (said.value or b""))
