"""Serialises the state of notify, and finds contacts by the keys that they are sealed with."""

from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError
from pymongo import ASCENDING, IndexModel

from services.notify.delivery_rows import WAITING, DeliveryRow, Wanted
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.digests.schedule import Digests
from shared.adapters.mongo.outages import outages_are_transient
from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.document import Document
from shared.events import SealScheme
from shared.sharding import Share

STATE: TypeAdapter[Correspondence] = TypeAdapter(Correspondence)
KIND, KEY_ID, SCHEME = "state.contact.kind", "state.contact.key_id", "state.contact.scheme"
DIGESTS: TypeAdapter[Digests] = TypeAdapter(Digests)
UNSENT_AT = "state.unsent_at"
AGENCY, ENDED_AT, STANDING = "state.agency", "state.ended_at", "state.standing.state"
GATHERED, GATHERED_AGENCY, GATHERED_AT = "state.gathered", "state.gathered.agency", "state.gathered.at"
DIVIDED = "split"
TICKETS_AT_ONCE = 200
OF_AGENCY_MAX = 50_000
TOLD_IN_DIGESTS = (
    "kind", "ticket_id", "tracking_id", "complaint", "agency", "clocks", "standing", "ended_at", "follows", "parts",
    "has_acted", "gathered",
)  # fmt: skip

INDEXES = (
    IndexModel([(UNSENT_AT, ASCENDING)], partialFilterExpression={UNSENT_AT: {"$gt": ""}}),
    IndexModel([(AGENCY, ASCENDING), (ENDED_AT, ASCENDING)], partialFilterExpression={AGENCY: {"$gt": ""}}),
    IndexModel([(STANDING, ASCENDING)], partialFilterExpression={STANDING: DIVIDED}),
    IndexModel(
        [(GATHERED_AGENCY, ASCENDING), (GATHERED_AT, ASCENDING)], partialFilterExpression={GATHERED_AT: {"$gt": ""}}
    ),
)
"""Of tickets of which a notice failed or was held back, and of no others: what goes well writes nothing to it. For
digests, of tickets by agency, those in front that have not ended; of divided ones, whose parts bear their agencies and
no index finds in a map; and of those of which an official reads in a digest."""

log = structlog.get_logger()


class NotifyStore(MongoStore[Correspondence]):
    """Notify's collection, searched by keys in the order of its ids, and by what became of deliveries."""

    async def deliveries(self, wanted: Wanted) -> list[DeliveryRow]:
        """Return deliveries of all tickets, as far as they are wanted; of what is over, what was over first in front.

        Found by an index that holds no ticket of which every notice was sent.
        """
        rows: list[DeliveryRow] = []
        search = self.waiting if wanted.situation == WAITING else self.unsent
        for page in count():
            documents = await search(wanted, page * TICKETS_AT_ONCE)
            rows += [row for held in documents if held.state is not None for row in wanted.among(held.state)]
            if len(rows) >= wanted.rows_max or len(documents) < TICKETS_AT_ONCE:
                break
        return rows[: wanted.rows_max]

    async def unsent(self, wanted: Wanted, skip: int) -> list[Document[Correspondence]]:
        """Return a page of tickets of which a notice failed or was held back since then."""
        since = _since(wanted.since) if wanted.since else "0"
        matches = {"$elemMatch": {"situation.kind": wanted.situation} | _about(wanted, "agency")}
        either = [{"state.unsent": matches}, {"state.deliveries": matches}]
        return await self.found({UNSENT_AT: {"$gte": since}, "$or": either}, UNSENT_AT, TICKETS_AT_ONCE, skip)

    async def waiting(self, wanted: Wanted, skip: int) -> list[Document[Correspondence]]:
        """Return a page of tickets of which a notice is not over, that first at which something happens next."""
        is_due = {"due_at": {"$exists": True}, **await self.within(None)}
        return await self.found(is_due | _about(wanted, "state.deliveries.agency"), "due_at", TICKETS_AT_ONCE, skip)

    async def of_agency(self, agency: str, gathered_after: datetime) -> AsyncGenerator[Correspondence, None]:
        """Yield what is open at an agency, or divided, and of what one of its posts was to be told after that.

        Of each only what a digest tells, `OF_AGENCY_MAX` at most. What cannot be read is left out, and said in the log.
        """
        fields = {f"state.{name}": 1 for name in TOLD_IN_DIGESTS}
        wanted = concerning(agency, gathered_after) | self.quarantine.live()
        async with outages_are_transient():
            async for raw in self.collection.find(wanted, fields).limit(OF_AGENCY_MAX):
                try:
                    yield STATE.validate_python(raw["state"])
                except ValidationError:
                    log.error("a ticket cannot be told in a digest", ticket_id=raw["_id"])

    async def sealed_otherwise(self, key_id: str, after: str, limit: int) -> list[Document[Correspondence]]:
        """Return tickets whose contact is sealed with another public key than that one, or with a key of 0.1.0.

        Args:
            after: Id of the last one that was seen; empty at the beginning.
            limit: At least 1.
        """
        other = {"$or": [{KEY_ID: {"$ne": key_id}}, {SCHEME: {"$ne": SealScheme.HPKE.value}}]}
        wanted = {KIND: "sealed", "_id": {"$gt": after}, **other, **self.quarantine.live()}
        while True:
            async with outages_are_transient():
                raws = await self.collection.find(wanted).sort("_id", ASCENDING).limit(limit).to_list(None)
            read = [await self.readable(raw) for raw in raws]
            documents = [document for document in read if isinstance(document, Document)]
            if documents or not raws:
                return documents
            wanted["_id"] = {"$gt": raws[-1]["_id"]}

    async def keys_in_use(self) -> Mapping[tuple[SealScheme, str], int]:
        """Return how many contacts are sealed with each key."""
        stages: list[dict[str, Any]] = [
            {"$match": {KIND: "sealed", **self.quarantine.live()}},
            {"$group": {"_id": {"scheme": f"${SCHEME}", "key_id": f"${KEY_ID}"}, "contacts": {"$sum": 1}}},
        ]
        async with outages_are_transient():
            found = await self.collection.aggregate(stages).to_list(None)
        return {
            (SealScheme(each["_id"].get("scheme") or SealScheme.AES_256_GCM), each["_id"]["key_id"]): each["contacts"]
            for each in found
        }

    async def set_aside(self) -> int:
        """Return how many documents are quarantined."""
        async with outages_are_transient():
            return await self.collection.count_documents({"aside": {"$exists": True}})


class DigestStore(MongoStore[Digests]):
    """The digests of all posts, in a collection beside the tickets, which gets its indexes once it is looked into."""

    is_prepared = False

    async def due_before(self, at: datetime, limit: int, share: Share | None = None) -> list[Document[Digests]]:
        """Return digests that are due, earliest first."""
        if not self.is_prepared:
            await self.prepare()
            self.is_prepared = True
        return await super().due_before(at, limit, share)


def concerning(agency: str, gathered_after: datetime) -> dict[str, Any]:
    """Return the query for what may stand in a digest of an agency, each part of it along an index."""
    gathered = {"agency": agency, "at": {"$gte": _since(gathered_after)}}
    return {
        "$or": [
            {AGENCY: agency, ENDED_AT: None},
            {STANDING: DIVIDED},
            # Without the second condition the database does not see that its index holds them all.
            {GATHERED: {"$elemMatch": gathered}, GATHERED_AT: {"$gt": ""}},
        ]
    }


def _since(at: datetime) -> str:
    """Return from which text on instants of the state are not before *at*.

    They are texts, with or without fractions of a second: whole seconds sort before both.
    """
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _about(wanted: Wanted, field: str) -> dict[str, Any]:
    return {} if wanted.agency is None else {field: wanted.agency}
