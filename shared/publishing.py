"""aiokafka's producer as the port on which events go out, with every delivery option spelled out."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import DefaultPartitioner, murmur2
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import PermanentError, TransientError
from shared.settings import KafkaSettings
from shared.topics import DEAD_LETTER_BYTES_MAX

CLOSE_WITHIN_SECONDS = 5
METADATA_AGE_MAX_MS = 60_000
KEYS_REMEMBERED_MAX = 4096


def security(settings: KafkaSettings) -> BaseSecurity | None:
    """Return how to prove who we are, or None on a plain connection."""
    context = None
    if settings.security_protocol.endswith("SSL"):
        context = ssl.create_default_context(cafile=str(settings.ssl_ca_file) if settings.ssl_ca_file else None)
        if settings.ssl_certificate_file:
            context.load_cert_chain(settings.ssl_certificate_file, settings.ssl_key_file)
    if settings.security_protocol.startswith("SASL"):
        password = settings.sasl_password.get_secret_value() if settings.sasl_password else ""
        kinds = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
        kind = kinds[settings.sasl_mechanism]
        return kind(settings.sasl_username or "", password, ssl_context=context, use_ssl=context is not None)
    return BaseSecurity(ssl_context=context, use_ssl=True) if context else None


def producer(settings: KafkaSettings) -> AIOKafkaProducer:
    """Return a producer, not started, that acknowledges what all in-sync replicas have."""
    return AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers,
        acks="all" if settings.acks == "all" else int(settings.acks),
        enable_idempotence=settings.enable_idempotence,
        linger_ms=settings.linger_ms,
        partitioner=partition_of,
        max_batch_size=256 * 1024,
        max_request_size=DEAD_LETTER_BYTES_MAX,
        request_timeout_ms=settings.request_timeout_ms,
        metadata_max_age_ms=METADATA_AGE_MAX_MS,
        retry_backoff_ms=100,
        **parse_security(security(settings)),
    )


@lru_cache(maxsize=KEYS_REMEMBERED_MAX)
def hash_of(key: bytes) -> int:
    """Return a key's hash as every client of Kafka counts it; a ticket's facts share a key, and counting is slow."""
    return int(murmur2(key)) & 0x7FFFFFFF


def partition_of(key: bytes | None, partitions: Sequence[int], available: Sequence[int]) -> int:
    """Return the partition that `DefaultPartitioner` would choose."""
    if key is None:
        return int(DefaultPartitioner()(key, partitions, available))
    return partitions[hash_of(key) % len(partitions)]


class KafkaPublisher:
    """Sends all, then awaits all. After a failure the producer is made anew, since a stuck one does not recover.

    (aiokafka 0.14: https://github.com/aio-libs/aiokafka/issues/1017)
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self.settings = settings
        self.started: AIOKafkaProducer | None = None
        self.starting = asyncio.Lock()

    async def publish(self, events: Sequence[Outgoing]) -> None:
        """Return once every event is acknowledged.

        Raises:
            TransientError: Some or all may not be there.
            PermanentError: An event is larger than the broker takes.
        """
        if not events:
            return
        try:
            client = await self.client()
            sent = [
                await client.send(
                    self.settings.topic_prefix + event.topic,
                    event.value,
                    None if event.key is None else event.key.encode(errors="surrogateescape"),
                    headers=list(event.headers),
                )
                for event in events
            ]
            await asyncio.gather(*sent)
        except MessageSizeTooLargeError as error:
            raise PermanentError(f"Kafka refuses an event as too large: {error}") from error
        except KafkaError as error:
            await self.close()
            raise outage(error) from error

    async def client(self) -> AIOKafkaProducer:
        """Return the started producer, making it first where there is none.

        Raises:
            TransientError: The broker is out of reach.
        """
        async with self.starting:
            if self.started is None:
                fresh = producer(self.settings)
                try:
                    await fresh.start()
                except BaseException as error:
                    await closed(fresh.stop)
                    if isinstance(error, KafkaError):
                        raise outage(error) from error
                    raise
                self.started = fresh
            return self.started

    async def close(self) -> None:
        """Stop the producer; what it had not delivered counts as unknown."""
        client, self.started = self.started, None
        if client is not None:
            await closed(client.stop)


def outage(error: KafkaError) -> TransientError:
    """Return aiokafka's *error*, whose text names its class, as one that passes."""
    return TransientError(f"Kafka: {str(error)[:200]}")


async def closed(stop: Callable[[], Awaitable[None]], within_seconds: float = CLOSE_WITHIN_SECONDS) -> None:
    """Stop a client that may be stuck in an outage; return after *within_seconds* at the latest.

    aiokafka 0.14 raises CancelledError from stop() while a fetch waits out its back-off; our own cancellation goes on.
    """
    with contextlib.suppress(KafkaError, TimeoutError):
        try:
            await asyncio.wait_for(stop(), within_seconds)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
