"""Whatever clients put on a topic is read, record by record, and what cannot be unpacked costs itself alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from confluent_kafka import Producer

from shared import topics
from shared.delivery.ports import Batch, Record
from shared.fetching import FetchFault, FetchFaults
from shared.kafka import KafkaConsumer
from shared.record_batches import KEPT_BYTES_MAX
from tests.servers.addresses import Namespace
from tests.servers.fleet import until

pytestmark = pytest.mark.connected

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
WITHIN_SECONDS = 60


class Reader:
    """A consumer that commits all it is given, and remembers it."""

    def __init__(self, namespace: Namespace, topic: str) -> None:
        self.records: list[Record] = []
        self.faults: list[FetchFault] = []
        self.failures: list[BaseException] = []
        self.consumer = KafkaConsumer(
            namespace.kafka,
            "reader",
            [topic],
            self.handle,
            self.failures.append,
            faults=FetchFaults(self.faults.append),
        )

    async def handle(self, batch: Batch) -> None:
        self.records += batch.records
        await batch.commit()

    async def has(self, condition: Callable[[], bool]) -> None:
        await until(condition, WITHIN_SECONDS, lambda: f"{self.records} {self.faults} {self.failures}")


@asynccontextmanager
async def reading(namespace: Namespace, topic: str = topics.SUBMITTED) -> AsyncIterator[Reader]:
    reader = Reader(namespace, topic)
    await reader.consumer.start()
    try:
        yield reader
    finally:
        await reader.consumer.stop()


def sent(namespace: Namespace, codec: str, *values: bytes, **more: object) -> None:
    """Send *values* with librdkafka in one batch, as far as they fit."""
    settings = {
        "bootstrap.servers": namespace.kafka.bootstrap_servers, "compression.type": codec, "linger.ms": 50,
        "message.max.bytes": 20_000_000, "batch.size": 2_000_000,
    }  # fmt: skip
    producer = Producer(settings)
    for value in values:
        producer.produce(namespace.prefix + topics.SUBMITTED, value, **more)
    assert producer.flush(30) == 0


@pytest.mark.parametrize("codec", CODECS)
async def test_every_codec_of_librdkafka_is_read(namespace: Namespace, codec: str) -> None:
    values = [f"{codec} {number} ".encode() * 40 for number in range(50)]
    async with reading(namespace) as reader:
        await asyncio.to_thread(sent, namespace, codec, *values)

        await reader.has(lambda: len(reader.records) >= len(values))

    assert sorted(record.value or b"" for record in reader.records) == sorted(values)
    assert (reader.faults, reader.failures) == ([], [])


async def test_headers_that_are_no_text_are_read_like_any_other(namespace: Namespace) -> None:
    """FastStream and aiokafka both decode what need not be UTF-8, and give up the whole fetch."""
    async with reading(namespace) as reader:
        await asyncio.to_thread(
            sent, namespace, "none", b"a", headers=[("empty", None), ("binary", b"\xff\xfe"), ("Trace", b"1")]
        )

        await reader.has(lambda: bool(reader.records))

    assert reader.records[0].headers == (("empty", b""), ("binary", b"\xff\xfe"), ("trace", b"1"))


async def test_17_mb_that_are_packed_small_are_read_in_part(namespace: Namespace) -> None:
    async with reading(namespace) as reader:
        await asyncio.to_thread(sent, namespace, "gzip", b"x" * 17_000_000)
        await asyncio.to_thread(sent, namespace, "gzip", b"honest")

        await reader.has(lambda: len(reader.records) >= 2)

    sizes = {len(record.value or b""): record.cuts for record in reader.records}
    (cut,) = sizes.pop(64 * 1024)
    assert (cut.part, cut.length_bytes, sizes) == ("value", 17_000_000, {6: ()})
    assert cut.length_bytes > KEPT_BYTES_MAX
