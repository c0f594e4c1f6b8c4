"""Streams as the suite sees them: a publisher, and groups that read."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from shared.adapters.kafka.producer import KafkaPublisher
from shared.adapters.kafka.subscriber import KafkaConsumer
from shared.delivery.ports import Batch, Publisher, Record
from shared.process.settings import KafkaSettings
from tests.fakes.memory import MemoryBroker

WITHIN_SECONDS = 30


class Stream(Protocol):
    """Topics of one broker."""

    @property
    def publisher(self) -> Publisher: ...

    async def read(self, group: str, topics: Sequence[str], records: int, *, commit: bool) -> list[Record]:
        """Join *group*, read until so many records have come, commit them if told so, and leave."""
        ...


class MemoryStream:
    def __init__(self, broker: MemoryBroker) -> None:
        self.publisher = self.broker = broker

    async def read(self, group: str, topics: Sequence[str], records: int, *, commit: bool) -> list[Record]:
        batch = self.broker.unread(group, topics)
        if commit:
            await batch.commit()
        return list(batch.records)


class KafkaStream:
    def __init__(self, settings: KafkaSettings) -> None:
        self.settings = settings
        self.publisher = KafkaPublisher(settings)

    async def read(self, group: str, topics: Sequence[str], records: int, *, commit: bool) -> list[Record]:
        seen: list[Record] = []
        failures: list[BaseException] = []
        enough = asyncio.Event()

        async def handle(batch: Batch) -> None:
            seen.extend(batch.records)
            if commit:
                await batch.commit()
            if len(seen) >= records:
                enough.set()

        consumer = KafkaConsumer(self.settings, group, topics, handle, failures.append)
        await consumer.start()
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                await enough.wait()
        finally:
            await consumer.stop()
        assert failures == []
        return seen
