"""What waits for what is said of its ticket elsewhere is not committed, and whoever reads next has all of it."""

import asyncio

import pytest
from confluent_kafka import Producer

from shared import topics
from shared.adapters.kafka.committed import committed_by
from shared.adapters.kafka.subscriber import KafkaConsumer
from shared.delivery.ports import Batch, Record
from shared.fairness.pace import BUSY_RECORDS, Batching
from tests.connected.kafka.reading import reading
from tests.servers.addresses import Namespace
from tests.servers.fleet import until

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies, pytest.mark.timeout(120)]

WITHIN_SECONDS = 30
JOINED = (topics.ACCEPTED, topics.TICKETS)
# So many that a single partition, should it come first, holds more than what waits for nobody.
TICKETS = [f"ticket-{number}" for number in range(10 * BUSY_RECORDS)]


class Member:
    """One that commits all it is given, and remembers it."""

    def __init__(self, namespace: Namespace, join_seconds: float) -> None:
        self.records: list[Record] = []
        self.batches: list[tuple[set[bytes | None], set[bytes | None]]] = []
        self.failures: list[BaseException] = []
        batching = Batching(joined=JOINED, join_seconds=join_seconds)
        self.consumer = KafkaConsumer(
            namespace.kafka, "sla", (*JOINED, topics.LINKS), self.handle, self.failures.append, batching=batching
        )

    async def handle(self, batch: Batch) -> None:
        self.records += batch.records
        accepted, opened = ({each.key for each in batch.records if each.topic == topic} for topic in JOINED)
        self.batches.append((accepted, opened))
        await batch.commit()

    def on(self, topic: str) -> list[str]:
        """Return the tickets of which it was given a record on that topic."""
        return [(record.key or b"").decode() for record in self.records if record.topic == topic]

    async def has(self, topic: str, count: int) -> None:
        await until(
            lambda: len(self.on(topic)) >= count, WITHIN_SECONDS, lambda: f"{len(self.records)} {self.failures}"
        )

    async def holds(self) -> None:
        """Return once it has read all of `TICKETS` on the first topic."""
        window = self.consumer.running_client._fetcher.join
        await until(
            lambda: sum(map(len, window._held.values())) == len(TICKETS),
            WITHIN_SECONDS,
            lambda: str(window._held.keys()),
        )


async def say(namespace: Namespace, topic: str, tickets: list[str]) -> None:
    """Write a record of each ticket with librdkafka, on the partition that its key has there."""

    def send() -> None:
        producer = Producer({"bootstrap.servers": namespace.kafka.bootstrap_servers})
        for ticket in tickets:
            producer.produce(namespace.prefix + topic, b"{}", ticket)
        assert not producer.flush(WITHIN_SECONDS)

    await asyncio.to_thread(send)


async def test_what_is_held_is_left_to_who_reads_next(namespace: Namespace) -> None:
    await say(namespace, topics.ACCEPTED, TICKETS)
    async with reading(Member(namespace, join_seconds=600)) as first:
        await first.holds()
        await say(namespace, topics.LINKS, TICKETS[:1])
        await first.has(topics.LINKS, 1)
        while_held = await committed_by(namespace.kafka, "sla", JOINED)
    async with reading(Member(namespace, join_seconds=0)) as second:
        await second.has(topics.ACCEPTED, len(TICKETS))

    assert (first.on(topics.ACCEPTED), set(while_held.values())) == ([], {0})
    assert (sorted(second.on(topics.ACCEPTED)), second.on(topics.LINKS)) == (sorted(TICKETS), [])


async def test_what_two_topics_say_of_a_ticket_comes_in_one_batch(namespace: Namespace) -> None:
    await say(namespace, topics.ACCEPTED, TICKETS)
    async with reading(Member(namespace, join_seconds=600)) as member:
        await member.holds()
        await say(namespace, topics.TICKETS, TICKETS)
        await member.has(topics.TICKETS, len(TICKETS))

    together = [accepted & opened for accepted, opened in member.batches]
    assert (sorted(member.on(topics.ACCEPTED)), sorted(member.on(topics.TICKETS))) == (sorted(TICKETS), sorted(TICKETS))
    # The last few wait for nobody.
    assert sum(map(len, together)) > len(TICKETS) - BUSY_RECORDS
