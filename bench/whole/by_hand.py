"""One process of the ceiling: reads, loads, saves, publishes and commits by hand, without a rule.

Run as ``python -m bench.whole.by_hand FILE``, whose JSON is a `Task`. aiokafka and motor as their manuals show them, in
batches, with every option that makes the guarantees of the services: acknowledged by all, journalled, committed last.
"""

import asyncio
import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from motor.motor_asyncio import AsyncIOMotorClient
from pydantic import TypeAdapter
from pymongo import ReplaceOne

BATCH = 500
WAIT_MS = 10
LINGER_MS = 5
ROUNDS_MAX = 10


@dataclass(slots=True)
class Quota:
    """A rate that need not be whole: how many of it are due by now."""

    rate: float
    due: float = 0.0

    def earn(self, count: int) -> None:
        """Let so many more records count."""
        self.due += self.rate * count

    def take(self, at_most: int) -> int:
        """Return how many are due, at most so many; the rest stays due."""
        taken = min(at_most, int(self.due + 1e-9))
        self.due -= taken
        return taken


@dataclass(frozen=True, slots=True)
class Output:
    """What is published: so many records of that size for each record of the trigger, on these topics in turn."""

    topics: tuple[str, ...]
    rate: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Task:
    """What one process does: as many reads, writes and publishes as a service makes, of the same sizes.

    Args:
        loads: Documents that are read for each record.
        saves: Documents that are written whole for each record.
        marks: Documents that are changed in place for each record, once what they hold is published.
        trigger: The topic whose records are answered.
    """

    service: str
    bootstrap_servers: str
    mongo_uri: str
    prefix: str
    reads: tuple[str, ...]
    trigger: str
    loads: float
    saves: float
    marks: float
    document_bytes: int
    outputs: tuple[Output, ...] = ()
    enable_idempotence: bool = True


class Hand:
    """The work on one batch after the other."""

    def __init__(self, task: Task, collection: Any, producer: AIOKafkaProducer) -> None:
        self.task, self.collection, self.producer = task, collection, producer
        self.known: set[str] = set()
        self.loads, self.saves, self.marks = Quota(task.loads), Quota(task.saves), Quota(task.marks)
        self.published = [(output, Quota(output.rate)) for output in task.outputs]
        self.pad = b"x" * task.document_bytes

    async def handle(self, records: Sequence[ConsumerRecord]) -> None:
        """Load, save, publish and mark; the caller commits."""
        keys = list(dict.fromkeys(_ticket_of(record) for record in records))
        for quota in (self.loads, self.saves, self.marks):
            quota.earn(len(records))
        # A service writes a document several times for records that came in one batch, if it does so for what follows.
        for _ in range(ROUNDS_MAX):
            known = [key for key in keys if key in self.known]
            if wanted := known[: self.loads.take(len(known))]:
                await self.collection.find({"_id": {"$in": wanted}}).to_list(None)
            if not await self.save(keys):
                break
        trigger = self.task.prefix + self.task.trigger
        await self.publish([record.key.decode() for record in records if record.topic == trigger])
        known = [key for key in keys if key in self.known]
        if marked := known[: self.marks.take(len(known))]:
            await self.collection.update_many({"_id": {"$in": marked}}, {"$unset": {"pending": 1}, "$inc": {"rev": 1}})

    async def save(self, keys: Sequence[str]) -> list[str]:
        """Insert what is new and replace what is known, as far as writes are due; return whose were written."""
        new = [key for key in keys if key not in self.known]
        inserted = new[: self.saves.take(len(new))]
        if inserted:
            await self.collection.insert_many([self.document(key) for key in inserted], ordered=False)
            self.known.update(inserted)
        old = [key for key in keys if key in self.known and key not in set(inserted)]
        replaced = old[: self.saves.take(len(old))]
        if replaced:
            changes = [ReplaceOne({"_id": key}, self.document(key)) for key in replaced]
            await self.collection.bulk_write(changes, ordered=False)
        return [*inserted, *replaced]

    def document(self, key: str) -> dict[str, Any]:
        """Return what is stored of a ticket."""
        return {"_id": key, "rev": 1, "state": self.pad, "pending": [key]}

    async def publish(self, keys: Sequence[str]) -> None:
        """Publish what is due after so many records of the trigger; return once all of it is acknowledged."""
        sent = []
        for output, quota in self.published:
            for number, key in enumerate(keys):
                quota.earn(1)
                for _ in range(quota.take(BATCH)):
                    name = output.topics[number % len(output.topics)]
                    sent.append(await self.producer.send(name, _event(key, output.bytes), key.encode()))
        if sent:
            await asyncio.gather(*sent)


def _ticket_of(record: ConsumerRecord) -> str:
    told = orjson.loads(record.value)
    return str(told.get("subject") or record.key.decode())


def _event(key: str, size: int) -> bytes:
    bare = {"specversion": "1.0", "id": key, "type": "tindak.by.hand.v1", "subject": key, "data": {"text": ""}}
    return orjson.dumps({**bare, "data": {"text": "x" * max(0, size - 120 - 2 * len(key))}})


async def work(task: Task) -> None:
    """Work until the process is ended."""
    database: Any = AsyncIOMotorClient(task.mongo_uri, w="majority", journal=True)
    collection = database[f"{task.prefix}{task.service}"]["tickets"]
    consumer = AIOKafkaConsumer(
        *(task.prefix + topic for topic in task.reads),
        bootstrap_servers=task.bootstrap_servers,
        group_id=task.prefix + task.service,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=BATCH,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=task.bootstrap_servers,
        acks="all",
        enable_idempotence=task.enable_idempotence,
        linger_ms=LINGER_MS,
        max_batch_size=256 * 1024,
    )
    await producer.start()
    await consumer.start()
    hand = Hand(task, collection, producer)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)
    while True:
        fetched = await consumer.getmany(timeout_ms=WAIT_MS, max_records=BATCH)
        records = [record for each in fetched.values() for record in each]
        if records:
            await hand.handle(records)
            await consumer.commit()


if __name__ == "__main__":
    uvloop.run(work(TypeAdapter(Task).validate_json(Path(sys.argv[1]).read_bytes())))
