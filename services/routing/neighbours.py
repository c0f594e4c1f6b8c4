"""Looks up the open tickets that new reports are compared with: by their keys, or all of a kelurahan."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import UTC, timedelta
from typing import Protocol

import structlog
from pydantic import TypeAdapter, ValidationError
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.routing.domain.duplicates.candidates import Neighbour, Wanted
from services.routing.domain.duplicates.similar_reports import REPORTS_MAX, OpenReport, vector_of
from services.routing.domain.ticket.state import State
from shared.adapters.mongo.outages import outages_are_transient
from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.codec import Raw
from shared.values import value

FINDABLE = "state.ticket.findable"
BANDS = "state.ticket.sketch.bands"
KELURAHAN, ACCEPTED_AT = "state.ticket.report.location.kelurahan", "state.ticket.accepted_at"
OPEN = {"state.situation.kind": {"$in": ["in_triage", "with_agency", "held"]}}
# A part has no tracking id of its own; what a confidential report is like is nobody's business, an erased one is bare.
LISTED = OPEN | {
    "state.ticket.parent": None,
    "state.ticket.report.confidential": {"$ne": True},
    "state.ticket.erased": {"$ne": True},
}
INDEXES = (
    IndexModel([(BANDS, ASCENDING)], partialFilterExpression={FINDABLE: True}),
    IndexModel([(KELURAHAN, ASCENDING), (ACCEPTED_AT, DESCENDING)], partialFilterExpression=OPEN),
)
LOOK_UP_MS_MAX = 500  # nobody waits longer for what people may do without
TEXTS = {
    "_id": 1, "tracking_id": "$state.ticket.tracking_id", "title": "$state.ticket.report.title",
    "body": "$state.ticket.report.body",
}  # fmt: skip
FIELDS = {
    "_id": 0, "id": "$_id", "agency": "$state.situation.agency", "accepted_at": "$state.ticket.accepted_at",
    "category": "$state.ticket.category", "location": "$state.ticket.report.location",
    "fingerprint": "$state.ticket.sketch",
}  # fmt: skip
NEIGHBOURS = TypeAdapter(tuple[Neighbour, ...])

log = structlog.get_logger()


@value
class Listing:
    """The open tickets of a kelurahan, the newest first, and whom those follow that follow another."""

    ids: Sequence[str] = ()
    leaders: Mapping[str, str] = field(default_factory=dict)


class Neighbours(Protocol):
    """Where open tickets are found.

    Raises:
        TransientError: From every method: the database cannot be asked now.
        TimeoutError: From the look-ups for similar reports: it does not answer soon enough.
    """

    async def sharing(self, wanted: Wanted) -> Sequence[Neighbour]:
        """Return tickets that others may join and that are wanted; of too many the newest."""
        ...

    async def listed_in(self, kelurahan: Collection[str]) -> Mapping[str, Listing]:
        """Return the open tickets of each kelurahan, but for parts and confidential ones; at most `REPORTS_MAX`.

        Raises:
            TimeoutError: It takes too long; so for `reports_of`.
        """
        ...

    async def reports_of(self, ids: Collection[str]) -> Mapping[str, OpenReport]:
        """Return the reports of tickets, by ticket."""
        ...


class NoNeighbours:
    """Finds nobody: each report is compared with those of its own batch alone."""

    async def sharing(self, wanted: Wanted) -> Sequence[Neighbour]:
        """Return nobody."""
        return ()

    async def listed_in(self, kelurahan: Collection[str]) -> Mapping[str, Listing]:
        """Return nobody."""
        return dict.fromkeys(kelurahan, Listing())

    async def reports_of(self, ids: Collection[str]) -> Mapping[str, OpenReport]:
        """Return nothing."""
        return {}


class StoredNeighbours:
    """Those of routing's own collection, which all its processes share."""

    def __init__(self, store: MongoStore[State]) -> None:
        self.store = store

    async def sharing(self, wanted: Wanted) -> Sequence[Neighbour]:
        """Return tickets that others may join and that are wanted."""
        if not wanted.keys:
            return ()
        # Instants are stored as text, with fractions of a second or without; a day is before all of its instants.
        since = (wanted.since.astimezone(UTC) - timedelta(days=1)).date().isoformat()
        query = {FINDABLE: True, BANDS: {"$in": list(wanted.keys)}, ACCEPTED_AT: {"$gte": since}}
        async with outages_are_transient():
            cursor = self.store.collection.find({**query, **self.store.quarantine.live()}, FIELDS)
            found = await cursor.sort(ACCEPTED_AT, DESCENDING).limit(wanted.found_max).to_list(None)
        try:
            return NEIGHBOURS.validate_python(found)
        except ValidationError:
            return [neighbour for raw in found for neighbour in _readable(raw)]

    async def listed_in(self, kelurahan: Collection[str]) -> Mapping[str, Listing]:
        """Return the open tickets of each kelurahan."""
        async with asyncio.timeout(LOOK_UP_MS_MAX / 1000):
            return dict(zip(kelurahan, await asyncio.gather(*map(self._listed_in, kelurahan)), strict=True))

    async def _listed_in(self, kelurahan: str) -> Listing:
        # Two columns of one document take least to decode.
        stages: list[Raw] = [
            {"$match": {KELURAHAN: kelurahan, **LISTED, **self.store.quarantine.live()}},
            {"$sort": {ACCEPTED_AT: DESCENDING}},
            {"$limit": REPORTS_MAX},
            {"$project": {"leader": {"$ifNull": ["$state.ticket.cluster", None]}}},
            {"$group": {"_id": None, "ids": {"$push": "$_id"}, "leaders": {"$push": "$leader"}}},
        ]
        async with outages_are_transient():
            found = await self.store.collection.aggregate(stages, maxTimeMS=LOOK_UP_MS_MAX).to_list(1)
        if not found:
            return Listing()
        pairs = zip(found[0]["ids"], found[0]["leaders"], strict=True)
        return Listing(found[0]["ids"], {id_: leader for id_, leader in pairs if leader is not None})

    async def reports_of(self, ids: Collection[str]) -> Mapping[str, OpenReport]:
        """Return the reports of tickets, by ticket."""
        if not ids:
            return {}
        async with asyncio.timeout(LOOK_UP_MS_MAX / 1000):
            found = await self.store.select({"_id": {"$in": list(ids)}}, TEXTS, len(ids))
        return {
            raw["_id"]: open_report(raw["tracking_id"], raw.get("title", ""), raw.get("body", ""))
            for raw in found
            if "tracking_id" in raw
        }


def open_report(tracking_id: str, title: str, body: str) -> OpenReport:
    """Return what is kept of a report to compare others with it."""
    return OpenReport(tracking_id, vector_of(f"{title} {body}"))


def _readable(raw: Raw) -> tuple[Neighbour, ...]:
    try:
        return NEIGHBOURS.validate_python([raw])
    except ValidationError:
        log.warning("a neighbour cannot be read", ticket_id=str(raw.get("id")))
        return ()
