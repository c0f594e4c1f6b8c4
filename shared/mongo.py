"""The one module that makes a MongoDB client and states its type; documents are written whole, guarded by revision."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from bson.errors import BSONError, InvalidDocument
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession, AsyncIOMotorCollection
from pydantic import TypeAdapter, ValidationError
from pymongo import ASCENDING, IndexModel, WriteConcern
from pymongo.errors import BulkWriteError, DocumentTooLarge, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from shared.delivery.document import Answer, Document
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import PermanentError, TransientError, Waiting
from shared.events.envelope import HEADERS
from shared.mongo_slots import StoredSlots
from shared.settings import MongoSettings
from shared.slots import Share, slot_of

S = TypeVar("S")
Client = AsyncIOMotorClient[dict[str, Any]]
Raw = dict[str, Any]

COLLECTION = "tickets"
DUPLICATE_KEY = 11000
CONFLICT_ROUNDS_MAX = 5


def connect(settings: MongoSettings) -> Client:
    """Return a client for the running event loop, with every durability option spelled out; connects when used."""
    return AsyncIOMotorClient(
        settings.uri.get_secret_value(),
        w=settings.write_concern if settings.write_concern == "majority" else int(settings.write_concern),
        journal=settings.journal,
        wTimeoutMS=settings.timeout_ms,
        readConcernLevel="majority",
        readPreference="primary",
        retryWrites=True,
        retryReads=True,
        serverSelectionTimeoutMS=settings.timeout_ms,
        connectTimeoutMS=settings.timeout_ms,
        socketTimeoutMS=2 * settings.timeout_ms,
        tz_aware=True,
        tzinfo=UTC,
    )


def collection(settings: MongoSettings, service: str) -> AsyncIOMotorCollection[Raw]:
    """Return the one collection that *service* owns, in its own database."""
    return connect(settings)[settings.database_prefix + service][COLLECTION]


@asynccontextmanager
async def outages_are_transient() -> AsyncIterator[None]:
    """Turn the driver's errors into the two families that decide delivery."""
    try:
        yield
    except (DocumentTooLarge, InvalidDocument, BSONError) as error:
        raise PermanentError(f"MongoDB cannot hold a document: {type(error).__name__}") from error
    except PyMongoError as error:
        sentence = str(error).split(" (configured timeouts", 1)[0]  # the driver goes on about its topology
        raise TransientError(f"MongoDB: {type(error).__name__}: {sentence[:200]}") from error


class MongoStore(Generic[S]):
    """The collection of one service.

    Args:
        collection: Made with the function of that name.
        states: How a state becomes a JSON-like value and back.
        indexes: The service's own, beside those that every collection has.
    """

    def __init__(
        self, collection: AsyncIOMotorCollection[Raw], states: TypeAdapter[S], indexes: Sequence[IndexModel] = ()
    ) -> None:
        self.collection = collection
        self.states = states
        self.slots = StoredSlots(collection)
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

    async def load(self, ids: Collection[str]) -> dict[str, Document[S]]:
        """Return the documents that exist, by id."""
        async with outages_are_transient():
            found = await self.collection.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {raw["_id"]: self.readable(raw) for raw in found}

    async def save(self, documents: Sequence[Document[S]]) -> set[str]:
        """Write each document unless somebody was faster; return the ids of those that lost."""
        new = [self.to_raw(document) for document in documents if document.revision == 0]
        changed = [self.to_raw(document) for document in documents if document.revision > 0]
        async with outages_are_transient():
            lost = await self.insert(new) if new else set()
            return lost | (await self.replace(changed) if changed else set())

    async def insert(self, raws: list[Raw]) -> set[str]:
        """Insert new documents; return the ids of those whose id or unique value is taken."""
        try:
            await self.collection.insert_many(raws, ordered=False)
        except BulkWriteError as error:
            details = error.details or {}
            failed = details.get("writeErrors", [])
            if details.get("writeConcernErrors") or any(fault["code"] != DUPLICATE_KEY for fault in failed):
                raise
            return {raws[fault["index"]]["_id"] for fault in failed}
        return set()

    async def replace(self, raws: list[Raw]) -> set[str]:
        """Replace documents in one transaction; return the ids of those that are at another revision by now."""
        for _ in range(CONFLICT_ROUNDS_MAX):
            try:
                async with await self.collection.database.client.start_session() as session:
                    return await self.replace_in(session, raws)
            except OperationFailure as error:
                if not error.has_error_label("TransientTransactionError"):
                    raise
        return {raw["_id"] for raw in raws}

    async def replace_in(self, session: AsyncIOMotorClientSession, raws: list[Raw]) -> set[str]:
        """Replace documents within a transaction: whoever writes to one of them meanwhile makes it fail.

        Deleting and inserting costs MongoDB a quarter of single updates (measured, one member, batches of 500).
        """
        async with session.start_transaction(ReadConcern("snapshot"), WriteConcern("majority", j=True, wtimeout=5000)):
            wanted = {"_id": {"$in": [raw["_id"] for raw in raws]}}
            stored = await self.collection.find(wanted, {"rev": 1}, session=session).to_list(None)
            revisions = {raw["_id"]: raw["rev"] for raw in stored}
            won = [raw for raw in raws if revisions.get(raw["_id"]) == raw["rev"] - 1]
            if won:
                await self.collection.delete_many({"_id": {"$in": [raw["_id"] for raw in won]}}, session=session)
                await self.collection.insert_many(won, session=session)
        return {raw["_id"] for raw in raws} - {raw["_id"] for raw in won}

    async def mark_told(self, documents: Sequence[Document[S]]) -> set[str]:
        """Take what is pending out of documents; return the ids of those that somebody may have changed.

        One statement for all of one revision, without their contents. Where it marks fewer than it was given, nobody
        can say afterwards which, so all of that revision count as lost: what stays pending is published once more.
        """
        by_revision: dict[int, list[str]] = defaultdict(list)
        for document in documents:
            by_revision[document.revision].append(document.id)
        told = {"$unset": {"pending": 1, "pending_at": 1}, "$inc": {"rev": 1}}
        lost: set[str] = set()
        async with outages_are_transient():
            for revision, ids in by_revision.items():
                marked = await self.collection.update_many({"_id": {"$in": ids}, "rev": revision}, told)
                if marked.modified_count != len(ids):
                    lost.update(ids)
        return lost

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
        return await self.found("due_at", at, limit, share)

    async def pending_before(self, at: datetime, limit: int, share: Share | None = None) -> list[Document[S]]:
        """Return documents whose events wait to be published, longest first."""
        return await self.found("pending_at", at, limit, share)

    async def found(self, field: str, at: datetime, limit: int, share: Share | None) -> list[Document[S]]:
        """Return documents of a share in the order of a field, up to an instant."""
        async with outages_are_transient():
            wanted = {field: {"$lte": at}, "slot": await self.slots.within(share)}
            raws = await self.collection.find(wanted).sort(field, ASCENDING).limit(limit).to_list(None)
        return [self.readable(raw) for raw in raws]

    async def select(self, query: Raw, fields: Raw, limit: int) -> list[Raw]:
        """Return *fields* of the documents that *query* finds, at most *limit*, in any order."""
        async with outages_are_transient():
            return await self.collection.find(query, fields).limit(limit).to_list(None)

    def to_raw(self, document: Document[S]) -> Raw:
        """Return what is stored for *document* by saving it."""
        raw: Raw = {
            "_id": document.id,
            "rev": document.revision + 1,
            "slot": slot_of(document.id, self.slots.partitions_total),
            "state": None if document.state is None else self.states.dump_python(document.state, mode="json"),
            "applied": list(document.applied),
            "answers": [
                {
                    "id": id_,
                    "t": answer.topic,
                    "p": answer.partition,
                    "o": answer.offset,
                    "out": as_raw(answer.outgoing),
                }
                for id_, answer in document.applied.items()
                if answer is not None
            ],
        }
        if document.pending:
            raw |= {"pending": as_raw(document.pending), "pending_at": document.pending_at}
        if document.due_at is not None:
            raw["due_at"] = document.due_at
        if document.expires_at is not None:
            # The database would drop it together with what it owes.
            raw["expires_once_told_at" if document.pending else "expires_at"] = document.expires_at
        return raw

    def readable(self, raw: Raw) -> Document[S]:
        """Return the document that was stored; raise PermanentError if this release cannot read it."""
        try:
            return self.from_raw(raw)
        except (ValidationError, KeyError) as error:
            where = f"{self.collection.full_name} {raw['_id']}"
            raise PermanentError(f"this release cannot read the document {where}: {type(error).__name__}") from error

    def from_raw(self, raw: Raw) -> Document[S]:
        """Return the document that was stored."""
        answers = {
            kept["id"]: Answer(kept["t"], kept["p"], kept["o"], from_stored(kept["out"])) for kept in raw["answers"]
        }
        return Document(
            id=raw["_id"],
            revision=raw["rev"],
            state=None if raw["state"] is None else self.states.validate_python(raw["state"]),
            applied={id_: answers.get(id_) for id_ in raw["applied"]},
            pending=from_stored(raw.get("pending", ())),
            pending_at=raw.get("pending_at"),
            due_at=raw.get("due_at"),
            expires_at=raw.get("expires_at", raw.get("expires_once_told_at")),
        )


def as_raw(events: Sequence[Outgoing]) -> list[Raw]:
    """Return events as they are stored; the value is kept byte for byte, and so are headers other than the usual."""
    return [
        {"id": event.id, "topic": event.topic, "key": event.key, "value": event.value}
        | ({} if event.headers == HEADERS else {"headers": list(map(list, event.headers))})
        for event in events
    ]


def from_stored(events: Sequence[Raw]) -> tuple[Outgoing, ...]:
    """Return stored events as they will be sent."""
    return tuple(
        Outgoing(event["id"], event["topic"], event["key"], event["value"], tuple(map(tuple, event["headers"])))
        if "headers" in event
        else Outgoing(event["id"], event["topic"], event["key"], event["value"])
        for event in events
    )
