"""Whatever clients put on a topic is read, record by record, and what cannot be unpacked costs itself alone."""

import asyncio
from collections.abc import Callable

import pytest
from confluent_kafka.admin import NewTopic

from shared.adapters.kafka.fetch_faults import Ending, FetchFault, FetchFaults
from shared.adapters.kafka.subscriber import KafkaConsumer
from shared.delivery.ports import Batch, Record
from tests.builders import FROM_WEB
from tests.connected.kafka.reading import reading
from tests.fakes.batches import NAME, NOT_UTF8, built, renamed
from tests.faults.outsiders import CODECS, sent, sent_as_it_is, sent_in_transactions
from tests.servers.addresses import Namespace
from tests.servers.fleet import until
from tindak.topics import connect

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies]

WITHIN_SECONDS = 60


class Reader:
    """A consumer that commits all it is given, and remembers it."""

    def __init__(self, namespace: Namespace, *heard: str) -> None:
        self.records: list[Record] = []
        self.faults: list[FetchFault] = []
        self.failures: list[BaseException] = []
        self.consumer = KafkaConsumer(
            namespace.kafka,
            "reader",
            heard,
            self.handle,
            self.failures.append,
            faults=FetchFaults(self.faults.append),
        )

    async def handle(self, batch: Batch) -> None:
        self.records += batch.records
        await batch.commit()

    async def has(self, condition: Callable[[], bool]) -> None:
        await until(condition, WITHIN_SECONDS, lambda: f"{self.records} {self.faults} {self.failures}")


@pytest.mark.parametrize("codec", CODECS)
async def test_every_codec_of_librdkafka_is_read(namespace: Namespace, codec: str) -> None:
    values = [f"{codec} {number} ".encode() * 40 for number in range(50)]
    async with reading(Reader(namespace, FROM_WEB)) as reader:
        await asyncio.to_thread(sent, namespace, codec, FROM_WEB, values)

        await reader.has(lambda: len(reader.records) >= len(values))

    assert sorted(record.value or b"" for record in reader.records) == sorted(values)
    assert (reader.faults, reader.failures) == ([], [])


async def test_headers_that_are_no_text_are_read_like_any_other(namespace: Namespace) -> None:
    """FastStream decodes values of headers, aiokafka their names; each gives up more than the record."""
    named = renamed(built((None, b"b", [(NAME, b"1")]), (None, b"c", ())))
    async with reading(Reader(namespace, FROM_WEB)) as reader:
        headers = [("empty", None), ("binary", b"\xff\xfe"), ("Trace", b"1")]
        await asyncio.to_thread(sent, namespace, "none", FROM_WEB, [b"a"], headers, partition=0)
        await sent_as_it_is(namespace, FROM_WEB, named, partition=1)

        await reader.has(lambda: len(reader.records) == 3)

    found = {record.value: record.headers for record in reader.records}
    assert found == {
        b"a": (("empty", b""), ("binary", b"\xff\xfe"), ("trace", b"1")),
        b"b": ((NOT_UTF8.decode(errors="backslashreplace"), b"1"),),
        b"c": (),
    }
    assert (reader.faults, reader.failures) == ([], [])


async def test_the_markers_of_transactions_are_passed_over(namespace: Namespace) -> None:
    local = namespace.servers.local
    if local is not None and local.layout.kind == "embedded":
        pytest.skip("the embedded broker has no transactions")
    values = [f"transaction {number}".encode() for number in range(5)]
    async with reading(Reader(namespace, FROM_WEB)) as reader:
        await asyncio.to_thread(sent_in_transactions, namespace, FROM_WEB, values)
        await reader.has(lambda: len(reader.records) == 5)
        positions = {}
        while any(position < end for position, end in positions.values()) or not positions:
            positions = await reader.consumer.positions()

    assert [record.value for record in reader.records] == values
    assert [record.offset for record in reader.records] == [0, 2, 4, 6, 8]
    assert (reader.faults, reader.failures) == ([], [])


async def test_17_mb_that_are_packed_small_are_read_in_part(namespace: Namespace) -> None:
    async with reading(Reader(namespace, FROM_WEB)) as reader:
        await asyncio.to_thread(sent, namespace, "gzip", FROM_WEB, [b"x" * 17_000_000])
        await asyncio.to_thread(sent, namespace, "gzip", FROM_WEB, [b"honest"])

        await reader.has(lambda: len(reader.records) >= 2)

    sizes = {len(record.value or b""): record.cuts for record in reader.records}
    (cut,) = sizes.pop(64 * 1024)
    assert (cut.part, cut.length_bytes, sizes) == ("value", 17_000_000, {6: ()})


async def test_a_batch_that_cannot_be_unpacked_is_quarantined_and_loses_nothing_of_any_partition(
    namespace: Namespace,
) -> None:
    honest = [f"honest {number}".encode() for number in range(60)]
    for number, value in enumerate(honest[:30]):
        await asyncio.to_thread(sent, namespace, "lz4", FROM_WEB, [value], partition=number % 3)
    await asyncio.to_thread(sent, namespace, "gzip", FROM_WEB, [b"x" * 40_000_000], partition=1)
    for number, value in enumerate(honest[30:]):
        await asyncio.to_thread(sent, namespace, "zstd", FROM_WEB, [value], partition=number % 3)

    async with reading(Reader(namespace, FROM_WEB)) as reader:
        await reader.has(lambda: len(reader.records) == 61)
    async with reading(Reader(namespace, FROM_WEB)) as again:
        await asyncio.to_thread(sent, namespace, "none", FROM_WEB, [b"last"], partition=1)
        await again.has(lambda: bool(again.records))

    (broken,) = [record for record in reader.records if record.unreadable]
    assert sorted(record.value or b"" for record in reader.records if not record.unreadable) == sorted(honest)
    assert [record.value for record in again.records] == [b"last"]  # all else was committed, and nothing more
    assert (broken.partition, broken.offset, broken.next_offset) == (1, 10, 11)
    assert broken.unreadable == "gzip: more than 33554432 bytes come out"
    place = f"{namespace.prefix}{FROM_WEB}/1 at offset 10: {broken.unreadable}"
    assert [(str(fault), fault.tries, fault.ended) for fault in reader.faults] == [
        (place, 1, None), (place, 1, Ending.QUARANTINED),
    ]  # fmt: skip


@pytest.mark.expects_errors  # aiokafka logs a topic that is missing at each look
async def test_a_topic_that_is_missing_keeps_nobody_from_reading_the_others(namespace: Namespace) -> None:
    local = namespace.servers.local
    if local is not None and local.layout.kind == "embedded":
        pytest.skip("the embedded broker makes topics on the fly")
    late = "late.topic"
    async with reading(Reader(namespace, FROM_WEB, late)) as reader:
        await asyncio.to_thread(sent, namespace, "none", FROM_WEB, [b"there"])
        await reader.has(lambda: len(reader.records) == 1)
        remark = reader.consumer.remark()

        admin = connect(namespace.kafka)
        (made,) = admin.create_topics([NewTopic(namespace.prefix + late, 1, 1)]).values()
        await asyncio.to_thread(made.result, 30)
        await asyncio.to_thread(sent, namespace, "none", late, [b"late"])
        while len(reader.records) < 2:
            await reader.consumer.positions()  # as the watchdog does every two seconds
            await asyncio.sleep(0.1)

        assert remark == f"waits for the topics {late}"
        assert (reader.records[1].topic, reader.records[1].value) == (late, b"late")
        assert reader.consumer.remark() == ""
