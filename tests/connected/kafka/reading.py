"""Consumers under test, started and stopped."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from shared.adapters.kafka.subscriber import KafkaConsumer


class Reads(Protocol):
    """Whoever has a consumer."""

    consumer: KafkaConsumer


R = TypeVar("R", bound=Reads)


@asynccontextmanager
async def reading(reader: R) -> AsyncIterator[R]:
    """Give *reader* while it reads."""
    await reader.consumer.start()
    try:
        yield reader
    finally:
        await reader.consumer.stop()
