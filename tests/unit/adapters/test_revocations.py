"""A service hears at once that its partitions are taken away."""

import pytest

from shared.adapters.kafka.subscriber import KafkaConsumer
from shared.delivery.ports import Batch
from shared.process.settings import KafkaSettings

pytestmark = pytest.mark.unit


async def test_whoever_loses_partitions_is_told() -> None:
    told: list[str] = []

    async def handle(batch: Batch) -> None:
        raise AssertionError

    settings = KafkaSettings(bootstrap_servers="127.0.0.1:1")
    consumer = KafkaConsumer(
        settings, "routing", ["tickets.events"], handle, told.append, revoked=lambda: told.append("revoked")
    )

    listener = consumer.subscriber._listener
    listener.on_partitions_revoked(set())

    assert told == ["revoked"]
