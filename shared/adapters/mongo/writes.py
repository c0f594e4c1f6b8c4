"""Writes documents, each guarded by the revision at which it was loaded, in one round trip for all of them.

MongoDB says of a statement that concerns many documents how many it found, not which. So every save has an id of its
own, which stands in what it has written, and in what others make of that: where fewer were found than wanted, it is
asked for.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import UpdateMany
from pymongo.errors import BulkWriteError

from shared.delivery.documents.codec import SAVE_IDS, Raw
from shared.values import value

DUPLICATE_KEY = 11000
# A statement finds the contents of a document by going through its ids, and holds at most 16 MiB.
STATEMENT_DOCUMENTS_MAX = 50
STATEMENT_BYTES_MAX = 4 * 1024 * 1024
# A document is not saved by others more often than this between a save and the question what it has written.
SAVE_IDS_MAX = 8


@value
class Row:
    """A document as it goes to the database, encoded once: its size is known, and the driver copies the bytes.

    Args:
        id: Ticket id.
        revision: At which it is there now; 0 if it is not.
        raw: With the id of the save.
    """

    id: str
    revision: int
    raw: RawBSONDocument


def new_save_id() -> bytes:
    """Return what no other save is called."""
    return secrets.token_bytes(9)


async def insert(collection: AsyncIOMotorCollection[Raw], rows: Sequence[Row]) -> set[str]:
    """Insert new documents; return the ids of those whose id or unique value is taken."""
    try:
        await collection.insert_many([row.raw for row in rows], ordered=False)
    except BulkWriteError as error:
        return {rows[fault["index"]].id for fault in _duplicates(error)}
    return set()


async def replace(collection: AsyncIOMotorCollection[Raw], rows: Sequence[Row], save_id: bytes) -> set[str]:
    """Replace documents; return the ids of those that are at another revision, or whose unique value is taken.

    A document that is replaced within a statement for many costs MongoDB half of one that is deleted and inserted, and
    a tenth where it has many keys in an index that stay as they are (measured, see ADR 0056).
    """
    found, is_taken = await _written(collection, [_replacement(part, save_id) for part in _parts(rows)])
    if is_taken:
        # A statement ends at the first document whose unique value is taken; the rest is written one by one.
        await _written(collection, [_replacement([row], save_id) for row in rows])
    return set() if found == len(rows) else await _not_ours(collection, [row.id for row in rows], save_id)


async def update(
    collection: AsyncIOMotorCollection[Raw], revisions: Sequence[tuple[str, int]], change: Raw, save_id: bytes
) -> set[str]:
    """Change documents that are at these revisions, all in the same way; return the ids of those that are not."""
    by_revision: dict[int, list[str]] = defaultdict(list)
    for id, revision in revisions:
        by_revision[revision].append(id)
    marked = {**change, "$push": {SAVE_IDS: {"$each": [save_id], "$slice": -SAVE_IDS_MAX}}, "$inc": {"rev": 1}}
    statements = [UpdateMany({"_id": {"$in": ids}, "rev": revision}, marked) for revision, ids in by_revision.items()]
    found, _ = await _written(collection, statements)
    return set() if found == len(revisions) else await _not_ours(collection, [id for id, _ in revisions], save_id)


async def _written(collection: AsyncIOMotorCollection[Raw], statements: Sequence[Any]) -> tuple[int, bool]:
    """Return how many documents were found, and whether some could not be written because a unique value is taken."""
    if not statements:
        return 0, False
    try:
        return (await collection.bulk_write(statements, ordered=False)).matched_count, False
    except BulkWriteError as error:
        return -1, bool(_duplicates(error))


async def _not_ours(collection: AsyncIOMotorCollection[Raw], ids: Sequence[str], save_id: bytes) -> set[str]:
    """Return which of these a save has not written."""
    ours = await collection.find({"_id": {"$in": list(ids)}, SAVE_IDS: save_id}, {"_id": 1}).to_list(None)
    return set(ids) - {raw["_id"] for raw in ours}


def _replacement(rows: Sequence[Row], save_id: bytes) -> Any:
    ids = [row.id for row in rows]
    place = {"$indexOfArray": [{"$literal": ids}, "$_id"]}
    contents = {"$arrayElemAt": [{"$literal": [row.raw for row in rows]}, place]}
    saves = {"$concatArrays": [{"$ifNull": [f"${SAVE_IDS}", []]}, {"$literal": [save_id]}]}
    changed = {"$mergeObjects": [contents, {SAVE_IDS: {"$slice": [saves, -SAVE_IDS_MAX]}}]}
    return UpdateMany({"_id": {"$in": ids}, "rev": rows[0].revision}, [{"$replaceWith": changed}])


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Yield documents of the same revision that fit into one statement."""
    part: list[Row] = []
    size_bytes = 0
    for row in sorted(rows, key=lambda row: row.revision):
        size_bytes += len(row.raw.raw)
        is_full = len(part) == STATEMENT_DOCUMENTS_MAX or size_bytes > STATEMENT_BYTES_MAX
        if part and (is_full or part[0].revision != row.revision):
            yield part
            part, size_bytes = [], len(row.raw.raw)
        part.append(row)
    if part:
        yield part


def _duplicates(error: BulkWriteError) -> Sequence[Raw]:
    """Return the writes that failed because an id or a unique value is taken; raise the error if there were others."""
    details = error.details or {}
    failed: Sequence[Raw] = details.get("writeErrors", [])
    if details.get("writeConcernErrors") or any(fault["code"] != DUPLICATE_KEY for fault in failed):
        raise error
    return failed
