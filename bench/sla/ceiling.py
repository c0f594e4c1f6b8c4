"""What the machine could do at most: the same reads, writes and records by hand, without a rule or a model."""

import time
from datetime import UTC, datetime
from typing import Any

from pymongo import ASCENDING, WriteConcern
from pymongo.read_concern import ReadConcern

from bench.sla.place import Place
from shared import topics
from shared.adapters.kafka.producer import producer
from shared.topics import PARTITIONS

BATCH = 500


async def ceiling(place: Place, due_by: datetime) -> float:
    """Move every document that is due, in a bare loop; return how many a second."""
    tickets: Any = place.store().collection
    out = producer(place.kafka)
    await out.start()
    began, moved = time.monotonic(), 0
    while True:
        wanted = {"slot": {"$in": list(range(PARTITIONS))}, "due_at": {"$lte": due_by}}
        batch = await tickets.find(wanted).sort("due_at", ASCENDING).limit(BATCH).to_list(None)
        if not batch:
            break
        for one in batch:
            one["rev"] += 1
            one["due_at"] = datetime(2100, 1, 1, tzinfo=UTC)
            one["pending"] = [{"id": one["_id"], "topic": topics.BREACHES, "key": one["_id"], "value": b"x" * 700}]
            one["pending_at"] = due_by
        ids = [one["_id"] for one in batch]
        majority = WriteConcern("majority", j=True)
        async with (
            await tickets.database.client.start_session() as session,
            session.start_transaction(ReadConcern("snapshot"), majority),
        ):
            await tickets.find({"_id": {"$in": ids}}, {"rev": 1}, session=session).to_list(None)
            await tickets.delete_many({"_id": {"$in": ids}}, session=session)
            await tickets.insert_many(batch, session=session)
        sent = [
            await out.send(place.prefix + topics.WARNINGS, one["pending"][0]["value"], one["_id"].encode())
            for one in batch
        ]
        for each in sent:
            await each
        await tickets.update_many({"_id": {"$in": ids}}, {"$unset": {"pending": 1, "pending_at": 1}})
        moved += len(batch)
    await out.stop()
    return moved / (time.monotonic() - began)
