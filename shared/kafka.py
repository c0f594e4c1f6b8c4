"""FastStream's batch subscriber as the port that hands over batches, with every option spelled out."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from faststream import AckPolicy, BaseMiddleware, ContextRepo
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.security import parse_security

from shared.delivery.document import Partition
from shared.delivery.ports import Batch, Record, TransientError
from shared.publishing import METADATA_AGE_MAX_MS, closed, outage, security
from shared.settings import KafkaSettings
from shared.slots import Share, share_of

COMMIT_WITHIN_SECONDS = 30
EPOCH = datetime.fromtimestamp(0, UTC)

log = structlog.get_logger()


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
        task = asyncio.current_task()
        if exc_val is not None and not (task is not None and task.cancelling()):
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
            # One replica gets the same partition of all topics, so that a ticket's events meet in one place.
            partition_assignment_strategy=(RangePartitionAssignor,),
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
            raise outage(error) from error

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

    async def committed(self) -> dict[Partition, int]:
        """Return, by partition without prefix, up to where those that this member reads are committed.

        Raises:
            TransientError: The broker does not answer.
        """
        if self.client is None:
            return {}
        found: dict[Partition, int] = {}
        try:
            async with asyncio.timeout(COMMIT_WITHIN_SECONDS):
                for place in self.assigned():
                    offset = await self.client.committed(place)
                    found[place.topic.removeprefix(self.settings.topic_prefix), place.partition] = offset or 0
        except (KafkaError, TimeoutError, IllegalStateError) as error:
            raise TransientError(f"Kafka: {type(error).__name__}") from error
        return found

    def share(self, topic: str) -> Share:
        """Return the partitions of *topic* (without prefix) that this member reads, of how many in all.

        It reads none before the first assignment and while the group deals anew. Who lost touch with the group goes
        on believing in its last share until it hears otherwise.
        """
        name = self.settings.topic_prefix + topic
        there = (self.client.partitions_for_topic(name) if self.client else None) or set()
        return share_of({place.partition for place in self.assigned() if place.topic == name}, len(there))

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


async def committed_by(settings: KafkaSettings, service: str, topics: Sequence[str]) -> dict[Partition, int]:
    """Return, by partition without prefix, how far *service* has committed *topics*; joins nothing.

    Raises:
        TransientError: The broker is out of reach.
    """
    reader = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers,
        group_id=settings.topic_prefix + service,
        enable_auto_commit=False,
        request_timeout_ms=settings.request_timeout_ms,
        **parse_security(security(settings)),
    )
    found: dict[Partition, int] = {}
    try:
        await reader.start()
        names = {settings.topic_prefix + topic: topic for topic in topics}
        # A consumer that subscribes to nothing (aiokafka 0.14) asks for no topic's partitions by itself.
        await reader._client.set_topics(list(names))
        places = [TopicPartition(name, each) for name in names for each in reader.partitions_for_topic(name) or ()]
        reader.assign(places)
        for place in places:
            found[names[place.topic], place.partition] = await reader.committed(place) or 0
    except KafkaError as error:
        raise outage(error) from error
    finally:
        await closed(reader.stop)
    return found
