"""FastStream and aiokafka with every delivery option spelled out; one consumer and one producer per service."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, MessageSizeTooLargeError
from faststream import AckPolicy, BaseMiddleware, ContextRepo
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Batch, PermanentError, Record, TransientError
from shared.settings import KafkaSettings
from shared.topics import DEAD_LETTER_BYTES_MAX

CLOSE_WITHIN_SECONDS = 5
COMMIT_WITHIN_SECONDS = 30
METADATA_AGE_MAX_MS = 60_000
EPOCH = datetime.fromtimestamp(0, UTC)

log = structlog.get_logger()


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
        max_batch_size=256 * 1024,
        max_request_size=DEAD_LETTER_BYTES_MAX,
        request_timeout_ms=settings.request_timeout_ms,
        metadata_max_age_ms=METADATA_AGE_MAX_MS,
        retry_backoff_ms=100,
        **parse_security(security(settings)),
    )


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
            raise TransientError(f"Kafka: {type(error).__name__}: {str(error)[:200]}") from error

    async def client(self) -> AIOKafkaProducer:
        """Return the started producer, making it first where there is none."""
        async with self.starting:
            if self.started is None:
                fresh = producer(self.settings)
                try:
                    await fresh.start()
                except BaseException:
                    await closed(fresh.stop)
                    raise
                self.started = fresh
            return self.started

    async def close(self) -> None:
        """Stop the producer; what it had not delivered counts as unknown."""
        client, self.started = self.started, None
        if client is not None:
            await closed(client.stop)


async def closed(stop: Callable[[], Awaitable[None]]) -> None:
    """Stop a client that may be stuck in an outage.

    aiokafka 0.14 raises CancelledError from stop() while a fetch waits out its back-off; our own cancellation goes on.
    """
    with contextlib.suppress(KafkaError, TimeoutError):
        try:
            await asyncio.wait_for(stop(), CLOSE_WITHIN_SECONDS)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise


class KafkaBatch:
    """One batch of FastStream's, as the runner knows it."""

    def __init__(self, message: KafkaMessage, prefix: str) -> None:
        raw: Any = message.raw_message
        self.message = message
        self.records = [as_record(record, prefix) for record in raw]

    async def commit(self) -> None:
        """Commit; a refusal means that the partitions moved to another member, which reads the records again.

        Raises:
            TransientError: The broker did not answer in time.
        """
        try:
            await asyncio.wait_for(self.message.ack(), COMMIT_WITHIN_SECONDS)
        except (CommitFailedError, IllegalStateError) as error:
            log.warning("commit refused; another member reads these records again", error=type(error).__name__)
        except (KafkaError, TimeoutError) as error:
            raise TransientError(f"Kafka: commit: {type(error).__name__}") from error


def as_record(record: ConsumerRecord[bytes, bytes], prefix: str) -> Record:
    """Return aiokafka's record as ours."""
    return Record(
        topic=record.topic.removeprefix(prefix),
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=tuple((name.lower(), bytes(value or b"")) for name, value in record.headers),
        timestamp=instant(record.timestamp),
    )


def instant(timestamp_ms: int) -> datetime:
    """Return a record's timestamp, aware, UTC; the epoch for one that no calendar holds.

    Where the broker does not stamp records itself, as the embedded one does not, a writer may claim any number.
    """
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return EPOCH


class Halt(BaseMiddleware[Any, Any]):
    """Outermost around every batch: whatever goes wrong, the next one is never read after it.

    FastStream itself would log the error, read on and commit past the batch.
    """

    def __init__(self, message: Any, /, *, context: ContextRepo, failed: Callable[[BaseException], None]) -> None:
        super().__init__(message, context=context)
        self.failed = failed

    async def after_processed(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> bool | None:
        """Say what went wrong and stand still until the consumer is stopped."""
        if exc_val is not None and not isinstance(exc_val, asyncio.CancelledError):
            self.failed(exc_val)
            await asyncio.Event().wait()
        return None


class KafkaConsumer:
    """The one subscription of a service: all its topics, one batch after the other.

    Args:
        settings: Connection and batch sizes.
        service: Name; also the consumer group's.
        topics: Without prefix.
        handle: Called with each batch; must not return before the batch is committed.
        failed: Called if *handle* raises; nothing is read after that.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        service: str,
        topics: Sequence[str],
        handle: Callable[[Batch], Awaitable[None]],
        failed: Callable[[BaseException], None],
    ) -> None:
        self.settings = settings
        self.handle = handle
        self.broker = KafkaBroker(
            settings.bootstrap_servers.split(","),  # FastStream takes a string for a single address
            client_id=f"tindak-{service}",
            consumer_only=True,
            allow_auto_create_topics=False,
            request_timeout_ms=settings.request_timeout_ms,
            metadata_max_age_ms=METADATA_AGE_MAX_MS,
            security=security(settings),
            graceful_timeout=15,
            logger=None,
            apply_types=False,
            middlewares=(partial(Halt, failed=failed),),
        )
        self.subscriber = self.broker.subscriber(
            *(settings.topic_prefix + topic for topic in topics),
            group_id=settings.topic_prefix + service,
            batch=True,
            max_records=settings.batch_records_max,
            batch_timeout_ms=settings.batch_wait_ms,
            fetch_max_wait_ms=settings.fetch_max_wait_ms,
            decoder=self.as_batch,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=settings.heartbeat_interval_ms,
            max_poll_interval_ms=settings.max_poll_interval_ms,
            partition_assignment_strategy=(StickyPartitionAssignor,),
            no_reply=True,
        )
        self.subscriber(self.on_batch)

    async def as_batch(self, message: KafkaMessage) -> KafkaBatch:
        """Return FastStream's batch as ours; the runner decodes it record by record, so that a bad one costs one."""
        return KafkaBatch(message, self.settings.topic_prefix)

    async def on_batch(self, batch: Any) -> None:  # Any, because FastStream would make a pydantic model of it
        """Hand a batch to the runner."""
        await self.handle(batch)

    async def start(self) -> None:
        """Join the group and begin to read.

        Raises:
            TransientError: The broker is out of reach.
        """
        try:
            await self.broker.start()
        except KafkaError as error:
            await self.stop()
            raise TransientError(f"Kafka: {type(error).__name__}: {str(error)[:200]}") from error

    async def stop(self) -> None:
        """Let the batch at hand end, then leave the group."""
        await closed(self.broker.stop)

    @property
    def client(self) -> AIOKafkaConsumer | None:
        """Return aiokafka's consumer, or None before the start."""
        consumer: AIOKafkaConsumer | None = self.subscriber.consumer
        return consumer

    def assigned(self) -> set[TopicPartition]:
        """Return the partitions that this member reads."""
        return set(self.client.assignment()) if self.client else set()

    async def positions(self) -> dict[TopicPartition, tuple[int, int]]:
        """Return how far each assigned partition is read, and where it ends.

        Raises:
            TransientError: The broker does not answer.
        """
        if self.client is None or not self.assigned():
            return {}
        try:
            ends = await asyncio.wait_for(self.client.end_offsets(list(self.assigned())), COMMIT_WITHIN_SECONDS)
            return {place: (await self.client.position(place), end) for place, end in ends.items()}
        except (KafkaError, TimeoutError, IllegalStateError) as error:
            raise TransientError(f"Kafka: {type(error).__name__}") from error
