"""Looks up the open tickets that new reports are compared with: those that may be joined, or all of a kelurahan."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import structlog
from pydantic import TypeAdapter, ValidationError
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.routing.domain.duplicates.candidates import Neighbour
from services.routing.domain.duplicates.similar_reports import REPORTS_MAX, OpenReport, vector_of
from services.routing.domain.ticket.state import State
from shared.adapters.mongo.outages import outages_are_transient
from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.codec import Raw
from shared.values import value

FINDABLE, FINDABLE_SINCE = "state.ticket.findable", "state.ticket.findable_since"
KELURAHAN, ACCEPTED_AT = "state.ticket.report.location.kelurahan", "state.ticket.accepted_at"
OPEN = {"state.situation.kind": {"$in": ["in_triage", "with_agency", "held"]}}
# A part has no tracking id of its own; what a confidential report is like is nobody's business, an erased one is bare.
LISTED = OPEN | {
    "state.ticket.parent": None,
    "state.ticket.report.confidential": {"$ne": True},
    "state.ticket.erased": {"$ne": True},
}
INDEXES = (
    # With all that is asked for, so that no document is read.
    IndexModel(
        [(FINDABLE, ASCENDING), (FINDABLE_SINCE, DESCENDING), ("_id", ASCENDING)],
        partialFilterExpression={FINDABLE: True},
    ),
    IndexModel([(KELURAHAN, ASCENDING), (ACCEPTED_AT, DESCENDING)], partialFilterExpression=OPEN),
)
LOOK_UP_MS_MAX = 500  # nobody waits longer for what people may do without
LISTED_AT_ONCE, REPORTS_AT_ONCE = 8, 200  # what is there in time counts, and is not asked for again
TEXTS = {
    "_id": 1, "tracking_id": "$state.ticket.tracking_id", "title": "$state.ticket.report.title",
    "body": "$state.ticket.report.body",
}  # fmt: skip
FIELDS = {
    "_id": 0, "id": "$_id", "agency": "$state.situation.agency", "accepted_at": "$state.ticket.accepted_at",
    "category": "$state.ticket.category", "location": "$state.ticket.report.location",
    "fingerprint": "$state.ticket.sketch",
}  # fmt: skip
KEYS = {"keys": "$state.ticket.sketch.bands"}
READ_MAX = 1_000  # tickets whose keys are read at once
NEIGHBOURS, BAND_KEYS = TypeAdapter(tuple[Neighbour, ...]), TypeAdapter(tuple[int, ...])

Found = TypeVar("Found")

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

    async def findable_since(self, since: datetime | None, limit: int) -> Sequence[str]:
        """Return the tickets that others may join since then or later, the newest first; None for all of them."""
        ...

    async def keys_of(self, ids: Collection[str]) -> Mapping[str, Sequence[int]]:
        """Return the band keys of those of *ids* that others may join, in the order of *ids*."""
        ...

    async def joinable(self, ids: Collection[str]) -> Sequence[Neighbour]:
        """Return those of *ids* that others may join now."""
        ...

    async def listed_in(self, kelurahan: Collection[str]) -> Mapping[str, Listing]:
        """Return the open tickets of each kelurahan, but for parts and confidential ones; at most `REPORTS_MAX`.

        Kelurahan that cannot be listed soon enough are left out.

        Raises:
            TimeoutError: That are all of them.
        """
        ...

    async def reports_of(self, ids: Collection[str]) -> Mapping[str, OpenReport]:
        """Return the reports of tickets, by ticket, that can be read soon enough; errors as of `listed_in`."""
        ...


class NoNeighbours:
    """Finds nobody: each report is compared with those of its own batch alone."""

    async def findable_since(self, since: datetime | None, limit: int) -> Sequence[str]:
        """Return nobody."""
        return ()

    async def keys_of(self, ids: Collection[str]) -> Mapping[str, Sequence[int]]:
        """Return nothing."""
        return {}

    async def joinable(self, ids: Collection[str]) -> Sequence[Neighbour]:
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

    async def findable_since(self, since: datetime | None, limit: int) -> Sequence[str]:
        """Return the tickets that others may join since then or later."""
        async with outages_are_transient():
            found = await self.store.collection.aggregate(findable_stages(since, limit)).to_list(1)
        ids: Sequence[str] = found[0]["ids"] if found else ()
        return ids

    async def keys_of(self, ids: Collection[str]) -> Mapping[str, Sequence[int]]:
        """Return the band keys of those of *ids* that others may join."""
        found: dict[str, Sequence[int]] = {}
        left = list(ids)
        while left:
            asked, left = left[:READ_MAX], left[READ_MAX:]
            raws = await self.store.select({"_id": {"$in": asked}, FINDABLE: True}, KEYS, len(asked))
            read = {raw["_id"]: _keys_in(raw) for raw in raws}
            found |= {id_: read[id_] for id_ in asked if id_ in read}
        return found

    async def joinable(self, ids: Collection[str]) -> Sequence[Neighbour]:
        """Return those of *ids* that others may join now."""
        found = await self.store.select({"_id": {"$in": list(ids)}, FINDABLE: True}, FIELDS, len(ids))
        try:
            return NEIGHBOURS.validate_python(found)
        except ValidationError:
            return [neighbour for raw in found for neighbour in _readable(raw)]

    async def listed_in(self, kelurahan: Collection[str]) -> Mapping[str, Listing]:
        """Return the open tickets of each kelurahan that can be listed in time."""

        async def listed(asked: Sequence[str]) -> Mapping[str, Listing]:
            return dict(zip(asked, await asyncio.gather(*map(self._listed_in, asked)), strict=True))

        return await _in_time(list(kelurahan), LISTED_AT_ONCE, listed)

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
        """Return the reports of tickets that can be read in time, by ticket."""

        async def read(asked: Sequence[str]) -> Mapping[str, OpenReport]:
            raws = await self.store.select({"_id": {"$in": asked}}, TEXTS, len(asked))
            return {
                raw["_id"]: open_report(raw["tracking_id"], raw.get("title", ""), raw.get("body", ""))
                for raw in raws
                if "tracking_id" in raw
            }

        return await _in_time(list(ids), REPORTS_AT_ONCE, read)


async def _in_time(
    asked: Sequence[str], at_once: int, look_up: Callable[[Sequence[str]], Awaitable[Mapping[str, Found]]]
) -> Mapping[str, Found]:
    """Return what is found within `LOOK_UP_MS_MAX`, some after the others; TimeoutError if nothing is."""
    found: dict[str, Found] = {}
    try:
        async with asyncio.timeout(LOOK_UP_MS_MAX / 1000):
            for first in range(0, len(asked), at_once):
                found |= await look_up(asked[first : first + at_once])
    except TimeoutError:
        if not found:
            raise
    return found


def findable_stages(since: datetime | None, limit: int) -> list[Raw]:
    """Return how the database is asked what may be joined: by an index that holds all of the answer."""
    # Instants are stored as text, with fractions of a second or without: a whole second is before all of its own.
    from_ = "" if since is None else since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    # One column of one document takes least to decode.
    return [
        {"$match": {FINDABLE: True, FINDABLE_SINCE: {"$gte": from_}}},
        {"$sort": {FINDABLE_SINCE: DESCENDING}},
        {"$limit": limit},
        {"$group": {"_id": None, "ids": {"$push": "$_id"}}},
    ]


def open_report(tracking_id: str, title: str, body: str) -> OpenReport:
    """Return what is kept of a report to compare others with it."""
    return OpenReport(tracking_id, vector_of(f"{title} {body}"))


def _keys_in(raw: Raw) -> tuple[int, ...]:
    try:
        return BAND_KEYS.validate_python(raw.get("keys"))
    except ValidationError:
        log.warning("the keys of a ticket cannot be read", ticket_id=str(raw["_id"]))
        return ()


def _readable(raw: Raw) -> tuple[Neighbour, ...]:
    try:
        return NEIGHBOURS.validate_python([raw])
    except ValidationError:
        log.warning("a neighbour cannot be read", ticket_id=str(raw.get("id")))
        return ()
