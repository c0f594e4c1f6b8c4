"""One process of the ceiling: reads, loads, saves, publishes and commits by hand, without a rule.

Run as ``python -m bench.rivals.by_hand FILE``, whose JSON is a `Task`. aiokafka and motor in batches, with every option
that makes the guarantees of the services: acknowledged by all, journalled, committed last.
"""

import asyncio
import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import WriteConcern

from bench.rivals.task import Quota, Task, event_of_size, task_in, ticket_in

BATCH = 500
WAIT_MS = 10
# Without these whoever has little to do fetches and commits a few records at a time, and the broker is busy with that.
APART_SECONDS, FETCH_BYTES_MIN, FETCH_WAIT_MS_MAX = 0.05, 64 * 1024, 50
LINGER_MS = 5
ROUNDS_MAX = 10


class Hand:
    """The work on one batch after the other."""

    def __init__(self, task: Task, collection: Any, producer: AIOKafkaProducer) -> None:
        self.task, self.collection, self.producer = task, collection, producer
        self.known: set[str] = set()
        self.revision = 0
        self.loads, self.saves = Quota(task.loads), Quota(task.saves)
        self.published = [(output, Quota(output.rate)) for output in task.outputs]
        self.triggers = {task.prefix + topic for topic in task.triggers}
        self.contents = task.contents()

    async def handle(self, records: Sequence[ConsumerRecord]) -> None:
        """Load, save and publish; the caller commits."""
        keys = list(dict.fromkeys(ticket_in(record.value, record.key) for record in records))
        self.loads.earn(len(records))
        self.saves.earn(len(records))
        # A service writes a document several times for records that came in one batch, if it does so for what follows.
        for _ in range(ROUNDS_MAX):
            known = [key for key in keys if key in self.known]
            if wanted := known[: self.loads.take(len(known))]:
                await self.collection.find({"_id": {"$in": wanted}}).to_list(None)
            if not await self.save(keys):
                break
        await self.publish([record.key.decode() for record in records if record.topic in self.triggers])

    async def save(self, keys: Sequence[str]) -> list[str]:
        """Insert what is new and replace what is known, as far as writes are due; return whose were written."""
        new = [key for key in keys if key not in self.known]
        inserted = new[: self.saves.take(len(new))]
        if inserted:
            await self.collection.insert_many([self.document(key) for key in inserted], ordered=False)
            self.known.update(inserted)
        fresh = set(inserted)
        old = [key for key in keys if key in self.known and key not in fresh]
        replaced = old[: self.saves.take(len(old))]
        if replaced:
            await self.replace(replaced)
        return [*inserted, *replaced]

    async def replace(self, keys: Sequence[str]) -> None:
        """Write known documents anew, in one transaction: half of what single replacements in bulk cost mongod."""
        async with (
            await self.collection.database.client.start_session() as session,
            session.start_transaction(write_concern=WriteConcern("majority", j=True)),
        ):
            await self.collection.delete_many({"_id": {"$in": list(keys)}}, session=session)
            await self.collection.insert_many([self.document(key) for key in keys], session=session)

    def document(self, key: str) -> dict[str, Any]:
        """Return what is stored of a ticket, different each time, or the database would not write it."""
        self.revision += 1
        return {"_id": key, "rev": self.revision, "state": next(self.contents), "pending": [key]}

    async def publish(self, keys: Sequence[str]) -> None:
        """Publish what is due after so many records of the trigger; return once all of it is acknowledged."""
        sent = []
        for output, quota in self.published:
            for number, key in enumerate(keys):
                quota.earn(1)
                for _ in range(quota.take(BATCH)):
                    name = output.topics[number % len(output.topics)]
                    sent.append(await self.producer.send(name, event_of_size(key, output.bytes), key.encode()))
        if sent:
            await asyncio.gather(*sent)


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
        fetch_min_bytes=FETCH_BYTES_MIN,
        fetch_max_wait_ms=FETCH_WAIT_MS_MAX,
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
    hand, loop = Hand(task, collection, producer), asyncio.get_running_loop()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)
    while True:
        next_at = loop.time() + APART_SECONDS
        fetched = await consumer.getmany(timeout_ms=WAIT_MS, max_records=BATCH)
        records = [record for each in fetched.values() for record in each]
        if records:
            await hand.handle(records)
            await consumer.commit()
        if len(records) < BATCH:
            await asyncio.sleep(next_at - loop.time())


if __name__ == "__main__":
    uvloop.run(work(task_in(Path(sys.argv[1]))))
