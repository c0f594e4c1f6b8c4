"""Finds tickets by their keys in a collection in memory, as an index would."""

from collections.abc import Collection, Sequence
from typing import Any

from services.routing.domain.duplicates.candidates import Neighbour
from services.routing.domain.ticket.state import Filed
from tests.fakes.memory import MemoryStore


class MemoryNeighbours:
    """Looks at every document; gives way as the collection does."""

    def __init__(self, store: MemoryStore[Any]) -> None:
        self.store = store

    async def sharing(self, keys: Collection[int]) -> Sequence[Neighbour]:
        await self.store.step("load")
        wanted = set(keys)
        found = [
            neighbour_of(document.state)
            for document in self.store.documents.values()
            if isinstance(document.state, Filed) and document.state.ticket.findable
        ]
        await self.store.step("loaded")
        return [neighbour for neighbour in found if not wanted.isdisjoint(neighbour.fingerprint.bands)]


def neighbour_of(filed: Filed) -> Neighbour:
    """Return what others may know of a ticket that they may join."""
    ticket = filed.ticket
    assert ticket.sketch is not None
    return Neighbour(
        ticket.id, ticket.accepted_at, ticket.category, ticket.report.location, ticket.sketch, filed.situation.agency
    )
