"""One process of what one writes first: FastStream as its tutorial shows it, one message at a time.

Run as ``python -m bench.rivals.naive FILE``, whose JSON is a `Task`. Each message updates its document and publishes
what follows, one after the other, with default settings: offsets are committed by time, acknowledged is what one broker
has. It gives none of the guarantees of the services.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from faststream import FastStream
from faststream.kafka import KafkaBroker, KafkaMessage
from motor.motor_asyncio import AsyncIOMotorClient

from bench.rivals.task import Quota, Task, event_of_size, task_in, ticket_in


def application(task: Task) -> FastStream:
    """Return the process, not started."""
    broker = KafkaBroker(task.bootstrap_servers)
    database: Any = AsyncIOMotorClient(task.mongo_uri)
    tickets = database[f"{task.prefix}{task.service}"]["tickets"]
    outputs = [(output, Quota(output.rate)) for output in task.outputs]
    contents, triggers = task.contents(), {task.prefix + topic for topic in task.triggers}

    @broker.subscriber(
        *(task.prefix + topic for topic in task.reads),
        group_id=task.prefix + task.service,
        auto_offset_reset="earliest",
    )
    async def handle(_: Any, message: KafkaMessage) -> None:
        record = message.raw_message
        ticket = ticket_in(record.value, record.key)
        await tickets.update_one({"_id": ticket}, {"$set": {"state": next(contents)}, "$inc": {"rev": 1}}, upsert=True)
        if record.topic not in triggers:
            return
        for output, quota in outputs:
            quota.earn(1)
            for number in range(quota.take(100)):
                name = output.topics[number % len(output.topics)]
                await broker.publish(event_of_size(ticket, output.bytes), name, key=ticket.encode())

    return FastStream(broker)


if __name__ == "__main__":
    asyncio.run(application(task_in(Path(sys.argv[1]))).run())
