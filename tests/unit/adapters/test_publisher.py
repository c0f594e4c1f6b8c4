"""What the publisher makes of each answer of a producer."""

import asyncio
from collections import defaultdict
from typing import Any

import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.structs import RecordMetadata, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.kafka.producer import LOG_APPEND_TIME, KafkaPublisher
from shared.adapters.kafka.topic_access import REMEMBERED_FOR_SECONDS
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Obstacle, TransientError
from shared.process.settings import KafkaSettings
from shared.topics import DEAD_LETTER_BYTES_MAX
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryClock

pytestmark = pytest.mark.unit

STAMP_MS = round(NOON.timestamp() * 1000) + 5000
BATCH_BYTES = 3
LARGE = Outgoing("large", "a", "k", b"large")


class Batch:
    """Holds a few bytes, or one record of any size."""

    def __init__(self) -> None:
        self.values: list[bytes] = []

    def append(self, *, timestamp: None, key: bytes | None, value: bytes, headers: Any) -> object | None:
        if self.values and len(b"".join(self.values)) + len(value) > BATCH_BYTES:
            return None
        self.values.append(value)
        return self


class Producer:
    """Answers batches with what ``errors`` names for a topic, one after the other, and keeps what it has taken."""

    def __init__(self, partitions: int = 1, **errors: list[Exception | None]) -> None:
        self.errors = defaultdict(list, errors)
        self.taken: list[str] = []
        self.batches: list[tuple[str, int, int]] = []
        self.stopped = 0
        self.client = self.cluster = self
        self._topics = {"a", "b"}
        self.partitions = set(range(partitions))

    def partitions_for_topic(self, topic: str) -> set[int]:
        return self.partitions

    available_partitions_for_topic = partitions_for_topic

    async def partitions_for(self, topic: str) -> set[int]:
        return self.partitions

    def leader_for_partition(self, place: TopicPartition) -> int:
        return 7

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Future[Any]:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        error = self.errors[topic].pop(0) if self.errors[topic] else None
        if error is not None:
            answer.set_exception(error)
            return answer
        self.taken.extend(value.decode() for value in batch.values)
        self.batches.append((topic, partition, len(batch.values)))
        place = TopicPartition(topic, partition)
        answer.set_result(RecordMetadata(topic, partition, place, 0, STAMP_MS, LOG_APPEND_TIME, 0))
        return answer

    async def stop(self) -> None:
        self.stopped += 1


def publisher(producer: Producer, **options: Any) -> KafkaPublisher:
    made = KafkaPublisher(KafkaSettings(), **options)

    async def client() -> Any:
        made.started = producer
        return producer

    made.client = client  # type: ignore[method-assign]
    return made


def event(id: str, topic: str = "a", key: str | None = "k") -> Outgoing:
    return Outgoing(id, topic, key, id.encode())


async def test_events_of_a_partition_go_in_their_order_in_as_many_batches_as_they_need() -> None:
    producer = Producer()

    held = await publisher(producer).publish([event("1"), event("2", "b"), *map(event, "3456")])

    assert (held, producer.taken) == ({}, ["1", "3", "4", "2", "5", "6"])
    assert producer.batches == [("a", 0, 3), ("b", 0, 1), ("a", 0, 2)]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.one_of(st.none(), st.sampled_from("kmn")))))
def test_whatever_is_published_each_event_is_sent_once_and_a_keys_in_their_order(said: list[tuple[str, str]]) -> None:
    producer = Producer(partitions=4)
    events = [event(f"{topic}{key}{number}", topic, key) for number, (topic, key) in enumerate(said)]

    assert asyncio.run(publisher(producer).publish(events)) == {}

    assert sorted(producer.taken) == sorted(one.id for one in events)
    for topic, key in {*said} - {(topic, None) for topic in "ab"}:
        mine = [one.id for one in events if (one.topic, one.key) == (topic, key)]
        assert [id for id in producer.taken if id in mine] == mine


async def test_a_topic_that_may_not_be_written_holds_back_its_own() -> None:
    producer = Producer(a=[TopicAuthorizationFailedError()] * 2)
    made = publisher(producer)

    held = await made.publish([event("1"), event("2", "b"), event("3")])
    again = await made.publish([event("1"), event("4", "b")])

    assert held == {("a", "1"): Obstacle.FORBIDDEN, ("a", "3"): Obstacle.FORBIDDEN}
    assert again == {("a", "1"): Obstacle.FORBIDDEN}
    assert (producer.taken, made.obstacles()) == (["2", "4"], {"a": Obstacle.FORBIDDEN})


async def test_a_producer_that_was_refused_is_made_anew_for_what_follows_would_be_out_of_sequence() -> None:
    producer = Producer(a=[TopicAuthorizationFailedError()] * 2)

    await publisher(producer).publish([event("1"), event("2", "b"), event("3")])

    assert producer.stopped == 1


async def test_a_topic_that_may_be_written_again_takes_everything_in_order() -> None:
    producer = Producer(a=[TopicAuthorizationFailedError()])
    made = publisher(producer)
    seconds = 0.0
    made.access.now = lambda: seconds
    await made.publish([event("1")])

    seconds = REMEMBERED_FOR_SECONDS
    held = await made.publish([event("1"), event("2"), event("3")])

    assert (held, producer.taken, made.obstacles()) == ({}, ["1", "2", "3"], {})


async def test_a_topic_that_still_refuses_is_tried_with_one_event() -> None:
    """Were all sent, a later one might be taken after an earlier one was refused."""
    producer = Producer(a=[TopicAuthorizationFailedError()] * 2)
    made = publisher(producer)
    seconds = 0.0
    made.access.now = lambda: seconds
    await made.publish([event("1")])

    seconds = REMEMBERED_FOR_SECONDS
    held = await made.publish([event("1"), event("2")])

    assert (set(held), producer.taken) == ({("a", "1"), ("a", "2")}, [])


async def test_an_event_that_is_too_large_is_held_back_and_the_producer_made_anew() -> None:
    producer = Producer(a=[None, MessageSizeTooLargeError()])

    held = await publisher(producer).publish([event("1"), LARGE, event("3", "b")])

    assert (held, producer.taken, producer.stopped) == ({LARGE.reference: Obstacle.TOO_LARGE}, ["1", "3"], 1)


async def test_an_event_larger_than_any_dead_letter_is_not_even_sent() -> None:
    producer = Producer()
    huge = Outgoing("huge", "a", "k", bytes(DEAD_LETTER_BYTES_MAX))

    held = await publisher(producer).publish([event("1"), huge, event("2")])

    assert (held, producer.taken) == ({huge.reference: Obstacle.TOO_LARGE}, ["1", "2"])


async def test_records_out_of_sequence_behind_it_are_published_by_the_next_attempt() -> None:
    producer = Producer(a=[MessageSizeTooLargeError(), OutOfOrderSequenceNumber()])
    made = publisher(producer)
    with pytest.raises(TransientError):
        await made.publish([LARGE, event("2")])

    held = await made.publish([LARGE, event("2")])

    assert (held, producer.taken) == ({LARGE.reference: Obstacle.TOO_LARGE}, ["2"])


async def test_a_topic_that_is_there_after_all_gets_what_it_did_not_know() -> None:
    producer = Producer(a=[UnknownTopicOrPartitionError()])

    held = await publisher(producer).publish([event("1"), event("2", "b")])

    assert (held, producer.taken) == ({}, ["2", "1"])


async def test_what_was_packed_for_a_partition_that_is_gone_goes_to_one_that_is_there() -> None:
    """The topic is made anew while its batches are sent."""

    class Shrinking(Producer):
        async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Future[Any]:
            assert partition in self.partitions
            self.partitions = {0}
            return await super().send_batch(batch, topic, partition=partition)

    producer = Shrinking(partitions=4)
    events = [event(key, key=key) for key in "kmnpqrst"]

    held = await publisher(producer).publish(events)

    assert (held, sorted(producer.taken)) == ({}, list("kmnpqrst"))
    assert {partition for _, partition, _ in producer.batches[1:]} == {0}


async def test_an_outage_while_publishing_is_transient() -> None:
    producer = Producer(b=[KafkaConnectionError("away")])
    made = publisher(producer)

    with pytest.raises(TransientError, match="away"):
        await made.publish([event("1"), event("2", "b")])

    assert (producer.stopped, made.obstacles()) == (1, {})


async def test_an_acknowledgement_names_the_clock_of_its_timestamp() -> None:
    told: list[Any] = []

    await publisher(Producer(), clock=MemoryClock(NOON), note_clock=lambda *each: told.append(each)).publish(
        [event("1")]
    )

    ((server, server_at, asked_at, answered_at),) = told
    assert (server, (server_at - NOON).total_seconds(), asked_at, answered_at) == ("broker 7", 5, NOON, NOON)
