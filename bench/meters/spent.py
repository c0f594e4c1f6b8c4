"""What services read and wrote in the database, from its own counters and documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from shared.adapters.mongo.client import COLLECTION
from shared.topics import SERVICES

RAW = CodecOptions(document_class=RawBSONDocument)
SAMPLES = 200
DOCUMENTS = ("inserted", "updated", "deleted", "returned")


@dataclass(frozen=True, slots=True)
class Stored:
    """What a service has stored: documents, mean bytes of each, how often each was written on average; some of them."""

    documents: int
    bytes: float
    writes: float
    samples: Sequence[RawBSONDocument] = ()


def documents_counted(client: MongoClient[dict[str, Any]]) -> dict[str, int]:
    """Return how many documents the primary has inserted, updated, deleted and returned since it started."""
    counted = client.admin.command("serverStatus")["metrics"]["document"]
    return {name: int(counted[name]) for name in DOCUMENTS}


def stored(client: MongoClient[dict[str, Any]], prefix: str) -> dict[str, Stored]:
    """Return what each service has stored under its databases' prefix; revisions count the writes of a document."""
    found = {}
    for service in SERVICES:
        tickets = client[f"{prefix}{service}"][COLLECTION]
        sums = {"count": {"$sum": 1}, "revisions": {"$sum": "$rev"}, "bytes": {"$sum": {"$bsonSize": "$$ROOT"}}}
        (one,) = list(tickets.aggregate([{"$group": {"_id": None, **sums}}])) or [dict.fromkeys(sums, 0)]
        count = max(1, int(one["count"]))
        samples = list(tickets.with_options(RAW).aggregate([{"$sample": {"size": SAMPLES}}]))
        found[service] = Stored(int(one["count"]), one["bytes"] / count, one["revisions"] / count, samples)
    return found


def difference(after: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    """Return by how much counters have risen."""
    return {name: after[name] - before[name] for name in after}
