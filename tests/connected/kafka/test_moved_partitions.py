"""A member whose partitions move to others in the middle of a batch leaves it to them and reads on."""

import asyncio
import zlib

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared import topics
from shared.adapters.kafka.assignor import SpreadRangeAssignor
from shared.adapters.kafka.subscriber import KafkaConsumer
from shared.delivery.ports import Batch
from tests.faults.outsiders import sent
from tests.servers.addresses import Namespace
from tests.servers.fleet import until

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies, pytest.mark.timeout(120)]

WITHIN_SECONDS = 30
FROM_LETTERS = topics.submitted_topic("letter")


def other_reader(namespace: Namespace) -> AIOKafkaConsumer:
    """Return a member of intake's group to which the one partition of `FROM_LETTERS` is dealt beside one of ours.

    Members are dealt to in the order of their ids, which begin with their clients', see `SpreadRangeAssignor`.
    """
    name = namespace.prefix + FROM_LETTERS
    return AIOKafkaConsumer(
        name,
        bootstrap_servers=namespace.kafka.bootstrap_servers,
        group_id=namespace.prefix + "intake",
        client_id=("before tindak", "z after it")[zlib.crc32(name.encode()) % 2],
        partition_assignment_strategy=(SpreadRangeAssignor,),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )


async def test_a_batch_whose_partitions_all_move_away_is_left_to_those_who_read_them(namespace: Namespace) -> None:
    values: list[bytes | None] = []
    failures: list[BaseException] = []
    may_end = asyncio.Event()

    async def handle(batch: Batch) -> None:
        values.extend(record.value for record in batch.records)
        await may_end.wait()
        await batch.commit()

    ours = KafkaConsumer(namespace.kafka, "intake", [topics.SUBMITTED], handle, failures.append)
    place = TopicPartition(namespace.prefix + FROM_LETTERS, 0)
    await ours.start()
    try:
        await asyncio.to_thread(sent, namespace, "none", FROM_LETTERS, [b"first"])
        await until(lambda: values == [b"first"], WITHIN_SECONDS, lambda: str(values))
        async with other_reader(namespace) as other:
            await until(lambda: place not in ours.assigned(), WITHIN_SECONDS, lambda: str(ours.assigned()))
            may_end.set()
            async with asyncio.timeout(WITHIN_SECONDS):
                read_again = await other.getone()
        await asyncio.to_thread(sent, namespace, "none", FROM_LETTERS, [b"second"])
        # The other one has committed nothing, so that all of it comes back.
        await until(lambda: values[-1:] == [b"second"], WITHIN_SECONDS, lambda: f"{values} {failures}")
    finally:
        await ours.stop()

    assert read_again.value == b"first"
    assert values == [b"first", b"first", b"second"]
    assert failures == []
