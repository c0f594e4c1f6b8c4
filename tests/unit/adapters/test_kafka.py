import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, NoBrokersAvailable
from aiokafka.util import commit_structure_validate

from shared.adapters.kafka.subscriber import KafkaBatch, KafkaConsumer
from shared.delivery.ports import Batch, Record, TransientError
from shared.process.settings import KafkaSettings
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

FIRST, SECOND, GONE = (TopicPartition("own-tickets.updates", number) for number in range(3))


class Consumer:
    """Knows its partitions and remembers what was committed; its position is far ahead of everything."""

    topic_prefix = "own-"

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.committed: list[Mapping[TopicPartition, int]] = []

    def assignment(self) -> set[TopicPartition]:
        return {FIRST, SECOND}

    async def commit(self, offsets: Mapping[TopicPartition, int] | None = None) -> None:
        assert offsets is not None, "a commit without offsets commits positions"
        commit_structure_validate(offsets)
        if self.fault:
            raise self.fault
        self.committed.append(offsets)


def record(place: TopicPartition, offset: int, last_offset: int | None = None) -> Record:
    return Record("tickets.updates", place.partition, offset, None, b"v", (), NOON, last_offset=last_offset)


def batch(consumer: Any, *records: Record) -> KafkaBatch:
    return KafkaBatch(consumer, records)


async def test_a_commit_names_what_was_handled_of_each_partition_that_is_still_ours() -> None:
    consumer = Consumer()

    await batch(
        consumer, record(FIRST, 3), record(FIRST, 4), record(SECOND, 7, last_offset=9), record(GONE, 1)
    ).commit()

    assert consumer.committed == [{FIRST: 5, SECOND: 10}]


async def test_a_batch_whose_partitions_have_all_moved_is_left_to_those_who_read_them_now() -> None:
    consumer = Consumer()

    await batch(consumer, record(GONE, 3), record(GONE, 4)).commit()

    assert consumer.committed == []


@pytest.mark.parametrize("refusal", [CommitFailedError(), IllegalStateError()])
async def test_a_refused_commit_means_that_others_read_it_again(refusal: Exception) -> None:
    await batch(Consumer(refusal), record(FIRST, 3)).commit()


@pytest.mark.parametrize("fault", [KafkaError(), NoBrokersAvailable(), TimeoutError()])
async def test_a_commit_of_unknown_outcome_is_an_outage_and_never_swallowed(fault: Exception) -> None:
    with pytest.raises(TransientError, match=f"Kafka: commit: {type(fault).__name__}"):
        await batch(Consumer(fault), record(FIRST, 3)).commit()


async def test_a_commit_that_does_not_end_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Consumer):
        async def commit(self, offsets: Mapping[TopicPartition, int] | None = None) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr("shared.adapters.kafka.subscriber.COMMIT_WITHIN_SECONDS", 0.01)

    with pytest.raises(TransientError, match="commit: TimeoutError"):
        await batch(Silent(), record(FIRST, 3)).commit()


async def test_positions_that_do_not_come_in_time_are_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        def assignment(self) -> set[TopicPartition]:
            return {FIRST}

        def missing_topics(self) -> set[str]:
            return set()

        def refuse_dead_tasks(self) -> None:
            """None has ended."""

        async def end_offsets(self, places: Any) -> None:
            await asyncio.Event().wait()

    async def handle(batch: Batch) -> None:
        """Nothing comes."""

    consumer = KafkaConsumer(KafkaSettings(request_timeout_ms=10), "routing", ["tickets.updates"], handle, print)
    monkeypatch.setattr(KafkaConsumer, "client", Silent())

    with pytest.raises(TransientError, match="Kafka: TimeoutError"):
        await consumer.positions()
