"""What outsiders send with ordinary clients: every codec, odd headers, and far too much packed small."""

from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from confluent_kafka import Producer

from shared.events import Event
from shared.events.envelope import encode
from tests.servers.addresses import Namespace

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
Headers = Sequence[tuple[str, bytes | None]]


def sent(
    namespace: Namespace, codec: str, topic: str, values: Iterable[bytes], headers: Headers = (), **where: Any
) -> None:
    """Send *values* with librdkafka, packed with that codec; return once all are acknowledged."""
    settings = {
        "bootstrap.servers": namespace.kafka.bootstrap_servers, "compression.type": codec, "linger.ms": 50,
        "message.max.bytes": 60_000_000, "batch.size": 2_000_000,
    }  # fmt: skip
    producer = Producer(settings)
    for value in values:
        producer.produce(namespace.prefix + topic, value, headers=list(headers), **where)
    if producer.flush(60):
        raise TimeoutError(f"{codec} on {topic}")


def sent_in_transactions(namespace: Namespace, topic: str, values: Iterable[bytes]) -> None:
    """Send each of *values* in a transaction of its own with librdkafka; each leaves a marker behind its record."""
    producer = Producer(
        {"bootstrap.servers": namespace.kafka.bootstrap_servers, "transactional.id": f"{namespace.prefix}outsider"}
    )
    producer.init_transactions(60)
    for value in values:
        producer.begin_transaction()
        producer.produce(namespace.prefix + topic, value, partition=0)
        producer.commit_transaction(60)


async def sent_as_it_is(namespace: Namespace, topic: str, data: bytes, partition: int = 0) -> None:
    """Send a batch whose bytes no client of this house would build."""
    async with AIOKafkaProducer(bootstrap_servers=namespace.kafka.bootstrap_servers) as producer:
        builder = producer.create_batch()
        builder.append(key=None, value=b"stands for what is sent", timestamp=None)
        builder.close()
        builder._buffer = bytearray(data)
        await (await producer.send_batch(builder, namespace.prefix + topic, partition=partition))


def values(events: Iterable[Event]) -> list[bytes]:
    """Return events as any client writes them."""
    return [encode(event) for event in events]
