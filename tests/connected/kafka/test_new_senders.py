"""A sender that joins later is heard without a restart, and the partitions of all are dealt to all replicas."""

import asyncio

import pytest
from confluent_kafka.admin import NewTopic

from shared import topics
from shared.adapters.kafka.subscriber import KafkaConsumer
from shared.delivery.ports import Batch
from tests.builders import FROM_WEB
from tests.connected.kafka.reading import reading
from tests.faults.outsiders import sent
from tests.servers.addresses import Namespace
from tests.servers.fleet import until
from tindak.topics import connect

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies, pytest.mark.timeout(120)]

WITHIN_SECONDS = 30


class Reader:
    """One replica of intake, which keeps what it reads."""

    def __init__(self, namespace: Namespace) -> None:
        self.values: list[bytes | None] = []
        self.consumer = KafkaConsumer(
            namespace.kafka, "intake", [topics.replay_topic("intake"), topics.SUBMITTED], self.handle, failed=print
        )

    async def handle(self, batch: Batch) -> None:
        self.values += [record.value for record in batch.records]
        await batch.commit()


async def test_a_channel_that_joins_later_is_heard_without_a_restart(namespace: Namespace) -> None:
    async with reading(Reader(namespace)) as reader:
        await asyncio.to_thread(sent, namespace, "none", FROM_WEB, [b"first"])
        await until(lambda: reader.values == [b"first"], WITHIN_SECONDS, lambda: str(reader.values))

        late, admin = topics.submitted_topic("partner_late"), connect(namespace.kafka)
        (made,) = admin.create_topics([NewTopic(namespace.prefix + late, 1, 1)]).values()
        await asyncio.to_thread(made.result, 30)
        await asyncio.to_thread(sent, namespace, "none", late, [b"late"])

        await until(lambda: reader.values == [b"first", b"late"], WITHIN_SECONDS, lambda: str(reader.values))


async def test_the_topics_of_small_channels_are_dealt_to_all_replicas(namespace: Namespace) -> None:
    async with reading(Reader(namespace)) as one, reading(Reader(namespace)) as other:
        readers = (one.consumer, other.consumer)

        def is_dealt() -> bool:
            shares = [{place.topic for place in reader.assigned()} for reader in readers]
            small = [{name for name in share if not name.endswith((".web", ".replays"))} for share in shares]
            return all(small) and not (one.consumer.assigned() & other.consumer.assigned())

        await until(is_dealt, WITHIN_SECONDS, lambda: str([reader.assigned() for reader in readers]))
