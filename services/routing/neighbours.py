"""Looks up which open tickets share keys with new reports; never compares them."""

from collections.abc import Collection, Sequence
from typing import Protocol

import structlog
from pydantic import TypeAdapter, ValidationError
from pymongo import ASCENDING, IndexModel

from services.routing.domain.duplicates.candidates import Neighbour
from services.routing.domain.ticket.state import State
from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.codec import Raw

FINDABLE = "state.ticket.findable"
BANDS = "state.ticket.sketch.bands"
INDEX = IndexModel([(BANDS, ASCENDING)], partialFilterExpression={FINDABLE: True})
FOUND_MAX = 5000
FIELDS = {
    "_id": 0, "id": "$_id", "agency": "$state.situation.agency", "accepted_at": "$state.ticket.accepted_at",
    "category": "$state.ticket.category", "location": "$state.ticket.report.location",
    "fingerprint": "$state.ticket.sketch",
}  # fmt: skip
NEIGHBOURS = TypeAdapter(tuple[Neighbour, ...])

log = structlog.get_logger()


class Neighbours(Protocol):
    """Where open tickets are found by their keys."""

    async def sharing(self, keys: Collection[int]) -> Sequence[Neighbour]:
        """Return tickets that others may join and that have one of *keys*.

        Raises:
            TransientError: The database cannot be asked now.
        """
        ...


class NoNeighbours:
    """Finds nobody: each report is compared with those of its own batch alone."""

    async def sharing(self, keys: Collection[int]) -> Sequence[Neighbour]:
        """Return nobody."""
        return ()


class StoredNeighbours:
    """Those of routing's own collection, 5,000 at a time: who is not found is not joined, which loses nothing."""

    def __init__(self, store: MongoStore[State]) -> None:
        self.store = store

    async def sharing(self, keys: Collection[int]) -> Sequence[Neighbour]:
        """Return tickets that others may join and that have one of *keys*."""
        if not keys:
            return ()
        found = await self.store.select({FINDABLE: True, BANDS: {"$in": list(keys)}}, FIELDS, FOUND_MAX)
        try:
            return NEIGHBOURS.validate_python(found)
        except ValidationError:
            return [neighbour for raw in found for neighbour in _readable(raw)]


def _readable(raw: Raw) -> tuple[Neighbour, ...]:
    try:
        return NEIGHBOURS.validate_python([raw])
    except ValidationError:
        log.warning("a neighbour cannot be read", ticket_id=str(raw.get("id")))
        return ()
