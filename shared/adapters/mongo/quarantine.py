"""The quarantine of a collection: documents that are left alone, marked where they lie, counted, listed, taken back."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from bson.codec_options import CodecOptions
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError, WriteError

from shared.adapters.mongo.outages import outages_are_transient
from shared.delivery.documents.codec import SCHEMA_VERSION, Raw
from shared.delivery.documents.compression import answers_in
from shared.delivery.documents.document import Quarantined, QuarantineReason
from shared.process import metrics
from shared.process.release import RELEASE
from shared.values import value

MARKED = {"aside.at": {"$exists": True}}
NEWER = {"v": {"$gt": SCHEMA_VERSION}}
NOT_NEWER = {"v": {"$not": {"$gt": SCHEMA_VERSION}}}

INDEXES = (
    IndexModel([("aside.at", ASCENDING)], partialFilterExpression=MARKED),
    # Its name holds the version, for a release of another one has another filter.
    IndexModel([("v", ASCENDING)], name=f"newer_than_{SCHEMA_VERSION}", partialFilterExpression=NEWER),
)
NEXT_REVISION = {"$cond": [{"$isNumber": "$rev"}, {"$add": ["$rev", 1]}, "$rev"]}
TOO_LARGE_TO_UPDATE = 17419

log = structlog.get_logger()


@value
class QuarantinedDocument:
    """A document that is left alone; *since* is None for one that a newer release wrote: that bears no mark."""

    id: str
    reason: str
    error: str
    since: datetime | None
    release: str | None


class Quarantine:
    """The documents of one collection that are left alone.

    The mark is written guarded by revision, so that whoever is faster wins. What a newer release wrote is never
    marked: that one goes on with it.

    Args:
        collection: Of a service, as `shared.adapters.mongo.store.collection` makes it; Motor ships no types.
        marks: Whether to mark anything; False for who only looks.
    """

    def __init__(self, collection: Any, *, marks: bool = True) -> None:
        self.collection = collection
        self.marks = marks
        self.unmarked: dict[str, Quarantined] = {}

    def live(self) -> Raw:
        """Return what every query for work asks for, too, so that no document left alone crowds out others."""
        known = {"_id": {"$nin": list(self.unmarked)}} if self.unmarked else {}
        return {"aside": {"$exists": False}, **NOT_NEWER, **known}

    async def mark(self, quarantined: Quarantined, revision: Any, *, is_new: bool = False) -> None:
        """Mark a document that is still at *revision*; nothing happens if somebody was faster.

        Args:
            quarantined: What is wrong with it.
            revision: As it is stored, whatever that is.
            is_new: Nothing is stored yet: then a document comes to be that holds the mark alone, so that later events
                of the ticket do not overtake those that wait for it.
        """
        if not self.marks:
            self.unmarked[quarantined.id] = quarantined
            return
        mark: Raw = {
            "$set": {
                "aside.reason": quarantined.reason.value,
                "aside.error": quarantined.error,
                "aside.release": RELEASE,
            },
            "$currentDate": {"aside.at": True},
        }
        if is_new:
            empty = {"rev": 1, "v": SCHEMA_VERSION, "by": RELEASE, "state": None, "applied": [], "answers": []}
            wanted: Raw = {"_id": quarantined.id, "rev": {"$exists": False}, "aside": {"$exists": False}}
            mark["$setOnInsert"] = empty
        else:
            wanted = {"_id": quarantined.id, "rev": revision}
            mark |= {"$inc": {"rev": 1}} if isinstance(revision, int) else {}
        try:
            marked = await self.collection.update_one(wanted, mark, upsert=is_new)
        except DuplicateKeyError:
            return
        except WriteError as error:
            if error.code != TOO_LARGE_TO_UPDATE:
                raise
            # Release 0.1.0 kept no room for the mark: this process knows of it, and the next finds out again.
            self.unmarked[quarantined.id] = quarantined
        else:
            if not marked.modified_count and marked.upserted_id is None:
                return
        log.warning(
            "document quarantined",
            ticket_id=str(quarantined.id),
            reason=quarantined.reason.value,
            error=quarantined.error,
        )

    async def note_skipped(self, id_: str, revision: Any) -> None:
        """Note in a newer release's document that its records are passed over here, for when that release reads it."""
        if self.marks:
            wanted = {"_id": id_, "rev": revision, "skipped_at": {"$exists": False}}
            await self.collection.update_one(wanted, {"$currentDate": {"skipped_at": True}})

    async def counts(self) -> Mapping[QuarantineReason, int]:
        """Return how many there are by reason, along indexes that hold nothing else."""
        by_reason = [{"$match": MARKED}, {"$group": {"_id": "$aside.reason", "count": {"$sum": 1}}}]
        async with outages_are_transient():
            counted = {each["_id"]: each["count"] for each in await self.collection.aggregate(by_reason).to_list(None)}
            counted[QuarantineReason.NEWER.value] = await self.collection.count_documents(NEWER)
        return {reason: counted.get(reason.value, 0) for reason in QuarantineReason}

    async def listed(self) -> list[QuarantinedDocument]:
        """Return all of them, longest first; those of a newer release come last."""
        fields = {"aside": 1, "v": 1, "by": 1}
        async with outages_are_transient():
            marked = await self.collection.find(MARKED | NOT_NEWER, fields).sort("aside.at", ASCENDING).to_list(None)
            newer = await self.collection.find(NEWER, fields).sort("_id", ASCENDING).to_list(None)
        return [
            *(
                QuarantinedDocument(raw["_id"], mark.get("reason"), mark.get("error"), mark["at"], mark.get("release"))
                for raw in marked
                for mark in [raw["aside"]]
            ),
            *(
                QuarantinedDocument(
                    raw["_id"], QuarantineReason.NEWER.value, f"schema version {raw['v']}", None, raw.get("by")
                )
                for raw in newer
            ),
        ]

    async def stored(self, id_: str) -> Raw | None:
        """Return a document as it is stored, but for bytes that are no text; None if there is none."""
        readable: CodecOptions[Raw] = CodecOptions(tz_aware=True, tzinfo=UTC, unicode_decode_error_handler="replace")
        async with outages_are_transient():
            found: Raw | None = await self.collection.with_options(readable).find_one({"_id": id_})
        with suppress(ValueError, KeyError):  # what cannot be decompressed is shown as it is
            found = found and {**found, "answers": answers_in(found)}
        return found

    async def release(self, ids: Collection[str]) -> int:
        """Take the mark off documents, so that the services try again; return off how many."""
        wanted = {"_id": {"$in": list(ids)}} | MARKED
        async with outages_are_transient():
            again = {"rev": NEXT_REVISION, "skipped_at": "$$NOW"}
            taken = await self.collection.update_many(wanted, [{"$unset": "aside"}, {"$set": again}])
            return int(taken.modified_count)


class QuarantineWatch:
    """What health and metrics say of the documents of *service* that are left alone.

    It asks the database, so that it is true after a restart, whoever set them aside.
    """

    def __init__(self, service: str, documents: Quarantine) -> None:
        self.service = service
        self.documents = documents
        self.found: Mapping[QuarantineReason, int] = {}

    async def look(self) -> int:
        """Count them; return 0, for there is never more to be done at once."""
        self.found = await self.documents.counts()
        for reason, count in self.found.items():
            metrics.DOCUMENTS_QUARANTINED.labels(self.service, reason.value).set(count)
        return 0

    def remark(self) -> str:
        """Return how many there are, and how to look; empty if there are none."""
        said = ", ".join(f"{count} {reason.value}" for reason, count in self.found.items() if count)
        return f"{said}: `tindak documents list {self.service}`" if said else ""
