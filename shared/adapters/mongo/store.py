"""MongoDB as the store port: documents are written whole, guarded by revision."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import bson
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorCollection
from pydantic import TypeAdapter
from pymongo import ASCENDING, IndexModel
from pymongo.errors import BulkWriteError, DocumentTooLarge, OperationFailure

from shared.adapters.mongo import quarantine, writes
from shared.adapters.mongo.outages import outages_are_transient
from shared.adapters.mongo.quarantine import Quarantine
from shared.adapters.mongo.shards import StoredShards
from shared.adapters.mongo.writes import Row
from shared.delivery.documents.codec import SAVE_IDS, DocumentCodec, Raw
from shared.delivery.documents.document import Document, Quarantined, QuarantineReason
from shared.delivery.ports import Waiting
from shared.sharding import Share, shard_of

S = TypeVar("S")

TOO_LARGE = frozenset({10334, 17419, 17420})  # as it comes, or as an update makes it
UNDECODABLE = "undecodable"
# MongoDB's limit, but for what the mark needs that quarantines a document.
DOCUMENT_BYTES_MAX = 16 * 1024 * 1024 - 16 * 1024


class MongoStore(Generic[S]):
    """The collection of one service.

    Args:
        collection: Made with `shared.adapters.mongo.client.collection`.
        states: How a state becomes a JSON-like value and back.
        indexes: The service's own, beside those that every collection has.
        marks: Whether documents that cannot be read are marked as quarantined; False for who only looks.
        compresses_outbox: As `DocumentCodec`.

    Attributes:
        measured: Told the id and the size of each document that is about to be written.
    """

    def __init__(
        self,
        collection: AsyncIOMotorCollection[Raw],
        states: TypeAdapter[S],
        indexes: Sequence[IndexModel] = (),
        *,
        marks: bool = True,
        compresses_outbox: bool = True,
    ) -> None:
        self.collection = collection
        self.codec = DocumentCodec(states, compresses_outbox=compresses_outbox)
        self.quarantine = Quarantine(collection, marks=marks)
        self.shards = StoredShards(collection)
        self.measured: Callable[[str, int], None] = lambda id, size_bytes: None
        self.indexes = [
            IndexModel(
                [("slot", ASCENDING), ("due_at", ASCENDING)], partialFilterExpression={"due_at": {"$exists": True}}
            ),
            IndexModel([("pending_at", ASCENDING)], partialFilterExpression={"pending_at": {"$exists": True}}),
            IndexModel(
                [("expires_at", ASCENDING)],
                expireAfterSeconds=0,
                partialFilterExpression={"expires_at": {"$exists": True}},
            ),
            *quarantine.INDEXES,
            *indexes,
        ]

    async def prepare(self) -> None:
        """Create what indexes are missing."""
        async with outages_are_transient():
            await self.collection.create_indexes(self.indexes)

    async def ping(self) -> None:
        """Return if the database has a primary that answers."""
        async with outages_are_transient():
            await self.collection.database.command("ping")

    async def now(self) -> datetime:
        """Return the primary's present instant, aware, UTC."""
        async with outages_are_transient():
            answer = await self.collection.database.command("hello")
        at: datetime = answer["localTime"]
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    def close(self) -> None:
        """Close the client."""
        self.collection.database.client.close()

    async def load(self, ids: Collection[str]) -> dict[str, Document[S] | Quarantined]:
        """Return the documents that exist, by id."""
        return {document.id: document for document in await self.read({"_id": {"$in": list(ids)}})}

    async def unchanged(self, documents: Sequence[Document[S]]) -> set[str]:
        """Return the ids of those that are there at the same revision, and that are not quarantined."""
        revisions = {document.id: document.revision for document in documents}
        found = await self.select({"_id": {"$in": list(revisions)}}, {"rev": 1}, limit=len(revisions))
        return {raw["_id"] for raw in found if raw["rev"] == revisions[raw["_id"]]}

    async def save(self, documents: Sequence[Document[S]]) -> set[str]:
        """Write each document unless somebody was faster; return the ids of those that lost, or were quarantined."""
        async with outages_are_transient():
            lost, rows, save_id = set(), [], writes.new_save_id()
            for document in documents:
                row = self.encoded(document, save_id)
                if isinstance(row, Quarantined):
                    await self.quarantine.mark(row, document.revision, is_new=document.revision == 0)
                    lost.add(row.id)
                else:
                    rows.append(row)
            try:
                return lost | await self.write(rows, save_id)
            except (DocumentTooLarge, OperationFailure) as error:
                if not _is_too_large(error):
                    raise
            # A server that holds less than MongoDB does, and does not say which one: the largest cannot be wrong.
            largest = max(rows, key=lambda row: len(row.raw.raw))
            said = f"the database refuses {len(largest.raw.raw)} bytes"
            refused = Quarantined(largest.id, QuarantineReason.TOO_LARGE, said)
            await self.quarantine.mark(refused, largest.revision, is_new=largest.revision == 0)
            return {document.id for document in documents}

    def encoded(self, document: Document[S], save_id: bytes) -> Row | Quarantined:
        """Return a document as it goes to the database, or why the database cannot hold it."""
        try:
            shard = shard_of(document.id, self.shards.partitions_total)
            encoded = bson.encode({**self.codec.encode(document), "slot": shard, SAVE_IDS: [save_id]})
        except (BSONError, OverflowError, ValueError) as error:
            return Quarantined(document.id, QuarantineReason.UNSTORABLE, type(error).__name__)
        if len(encoded) > DOCUMENT_BYTES_MAX:
            return Quarantined(
                document.id, QuarantineReason.TOO_LARGE, f"{len(encoded)} bytes; {DOCUMENT_BYTES_MAX} fit"
            )
        self.measured(document.id, len(encoded))
        return Row(document.id, document.revision, RawBSONDocument(encoded))

    async def write(self, rows: Sequence[Row], save_id: bytes) -> set[str]:
        """Write documents; return the ids of those that lost."""
        new = [row for row in rows if row.revision == 0]
        changed = [row for row in rows if row.revision > 0]
        lost = await writes.insert(self.collection, new) if new else set()
        return lost | (await writes.replace(self.collection, changed, save_id) if changed else set())

    async def mark_published(self, documents: Sequence[Document[S]]) -> set[str]:
        """Take what is pending out of documents, without their contents; return the ids of those that lost."""
        revisions = [(document.id, document.revision) for document in documents]
        marking = {"$unset": {"pending": 1, "pending_at": 1, "skipped_at": 1}}
        async with outages_are_transient():
            return await writes.update(self.collection, revisions, marking, writes.new_save_id())

    async def postpone_pending(self, ids: Collection[str], at: datetime) -> None:
        """Note since when what is pending in these documents waits."""
        wanted = {"_id": {"$in": list(ids)}, "pending_at": {"$exists": True}}
        async with outages_are_transient():
            await self.collection.update_many(wanted, {"$set": {"pending_at": at}})

    async def pending_on(self, topics: Collection[str]) -> dict[str, Waiting]:
        """Return, by topic, how much waits to be published there; topics for which nothing waits are left out."""
        stages: list[Raw] = [
            {"$match": {"pending_at": {"$exists": True}, "pending.topic": {"$in": list(topics)}}},
            {"$project": {"pending.topic": 1}},
            {"$unwind": "$pending"},
            {"$match": {"pending.topic": {"$in": list(topics)}}},
            {"$group": {"_id": {"topic": "$pending.topic", "document": "$_id"}, "events": {"$sum": 1}}},
            {"$group": {"_id": "$_id.topic", "documents": {"$sum": 1}, "events": {"$sum": "$events"}}},
        ]
        async with outages_are_transient():
            found = await self.collection.aggregate(stages).to_list(None)
        return {each["_id"]: Waiting(each["documents"], each["events"]) for each in found}

    async def due_before(self, at: datetime, limit: int, share: Share | None = None) -> list[Document[S]]:
        """Return documents that are due, earliest first."""
        return await self.found({"due_at": {"$lte": at}, **await self.within(share)}, "due_at", limit)

    async def pending_before(self, at: datetime, limit: int, share: Share | None = None) -> list[Document[S]]:
        """Return documents whose events wait to be published, longest first."""
        return await self.found({"pending_at": {"$lte": at}, **await self.within(share)}, "pending_at", limit)

    async def within(self, share: Share | None) -> Raw:
        """Return the condition that a document lies within a share."""
        async with outages_are_transient():
            return {"slot": await self.shards.within(share)}

    async def found(self, wanted: Mapping[str, Any], field: str, limit: int, skip: int = 0) -> list[Document[S]]:
        """Return documents that are wanted and can be read, in the order of a field; none only if there are none."""
        in_vain: set[str] = set()
        while True:
            read = await self.read({**wanted, **self.quarantine.live()}, field, limit, skip)
            documents = [document for document in read if isinstance(document, Document)]
            # Those that were read in vain are quarantined by now, and are not found again.
            if documents or {each.id for each in read} <= in_vain:
                return documents
            in_vain.update(each.id for each in read)

    async def read(
        self, wanted: Mapping[str, Any], field: str = "_id", limit: int = 0, skip: int = 0
    ) -> list[Document[S] | Quarantined]:
        """Return documents in the order of a field; what this release cannot read is marked as quarantined."""
        async with outages_are_transient():
            cursor = self.collection.find(wanted).skip(skip).limit(limit)
            try:
                raws = await (cursor if field == "_id" else cursor.sort(field, ASCENDING)).to_list(None)
            except BSONError:
                raws = await self.one_by_one(wanted, field, limit, skip)
            # A scan that meets a replacement may find a document as it was and as it is.
            return [await self.readable(raw) for raw in {raw["_id"]: raw for raw in raws}.values()]

    async def one_by_one(self, wanted: Mapping[str, Any], field: str, limit: int, skip: int) -> list[Raw]:
        """Return documents of which the driver cannot decode some; of those, only where they are."""
        found = self.collection.find(wanted, {"rev": 1}).sort(field, ASCENDING).skip(skip).limit(limit)
        raws = []
        for place in await found.to_list(None):
            try:
                raw = await self.collection.find_one({"_id": place["_id"]})
            except BSONError as error:
                raw = {**place, UNDECODABLE: type(error).__name__}
            raws += [raw] if raw else []
        return raws

    async def readable(self, raw: Raw) -> Document[S] | Quarantined:
        """Return the document that was stored; one that this release cannot read is marked as quarantined."""
        if UNDECODABLE in raw:
            decoded: Document[S] | Quarantined = Quarantined(raw["_id"], QuarantineReason.UNREADABLE, raw[UNDECODABLE])
        else:
            decoded = self.quarantine.unmarked.get(raw["_id"]) or self.codec.decode(raw)
        if not isinstance(decoded, Quarantined):
            return decoded
        if decoded.reason is QuarantineReason.NEWER:
            if "skipped_at" not in raw:
                await self.quarantine.note_skipped(decoded.id, raw.get("rev"))
        elif "aside" not in raw:
            await self.quarantine.mark(decoded, raw.get("rev"))
        return decoded

    async def select(self, query: Raw, fields: Raw, limit: int) -> list[Raw]:
        """Return *fields* of the documents that *query* finds and that are not left alone, in any order."""
        async with outages_are_transient():
            return await self.collection.find({**query, **self.quarantine.live()}, fields).limit(limit).to_list(None)


def _is_too_large(error: Exception) -> bool:
    if isinstance(error, BulkWriteError):
        return any(fault["code"] in TOO_LARGE for fault in (error.details or {}).get("writeErrors", []))
    return isinstance(error, DocumentTooLarge) or getattr(error, "code", None) in TOO_LARGE
