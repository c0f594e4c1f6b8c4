"""FastStream's batch subscriber as the consumer port: batches, commits and rebalances."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from faststream import AckPolicy, BaseMiddleware, ContextRepo
from faststream.kafka import KafkaBroker, KafkaMessage

from shared.adapters.kafka.assignor import SpreadRangeAssignor
from shared.adapters.kafka.consumer import Revocations, SafeConsumer
from shared.adapters.kafka.fetch_faults import Ending, FetchFaults
from shared.adapters.kafka.fetch_sessions import Waits
from shared.adapters.kafka.producer import closed, outage, security
from shared.delivery.documents.document import Partition
from shared.delivery.ports import Batch, Record, TransientError
from shared.fairness.admission import Admission
from shared.fairness.pace import USUAL, Batching, Pace
from shared.process.settings import KafkaSettings
from shared.senders import sender_name
from shared.sharding import Share, share_of
from shared.topics import FAMILIES, topic_pattern
from shared.values import replace

COMMIT_WITHIN_SECONDS = 30
NEW_TOPICS_WITHIN_MS = 3_000  # so often the broker is asked for its topics
LEAVE_WITHIN_SECONDS = 3  # so long may leaving the group and closing the connections take of the time to stop

log = structlog.get_logger()


class KafkaBatch:
    """Records that were handed over, and the consumer that commits them once they are handled."""

    def __init__(self, consumer: SafeConsumer, records: Sequence[Record]) -> None:
        self.consumer = consumer
        self.records = records

    async def commit(self) -> dict[Partition, int]:
        """Commit how far each partition is handled, never how far it is read; return what is committed now.

        A refusal means that the partitions moved to another member, which reads the records again.

        Raises:
            TransientError: The broker did not answer in time.
        """
        prefix, last = self.consumer.topic_prefix, {(record.topic, record.partition): record for record in self.records}
        handled = {
            TopicPartition(prefix + topic, number): record.next_offset for (topic, number), record in last.items()
        }
        ours = self.consumer.assignment()
        kept = {place: offset for place, offset in handled.items() if place in ours}
        if not kept:  # aiokafka takes no commit of nothing
            log.warning("partitions have moved; whoever reads them now reads these records again")
            return {}
        try:
            async with asyncio.timeout(COMMIT_WITHIN_SECONDS):
                await self.consumer.commit(kept)
        except (CommitFailedError, IllegalStateError) as error:
            log.warning("commit refused; another member reads these records again", error=type(error).__name__)
            return {}
        except (KafkaError, TimeoutError) as error:
            raise TransientError(f"Kafka: commit: {type(error).__name__}") from error
        return {(place.topic.removeprefix(prefix), place.partition): offset for place, offset in kept.items()}


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


def _broker(
    settings: KafkaSettings, service: str, stop_within_seconds: float, failed: Callable[[BaseException], None]
) -> KafkaBroker:
    return KafkaBroker(
        settings.bootstrap_servers.split(","),  # FastStream takes a string for a single address
        client_id=f"tindak-{service}",
        consumer_only=True,
        allow_auto_create_topics=False,
        request_timeout_ms=settings.request_timeout_ms,
        metadata_max_age_ms=NEW_TOPICS_WITHIN_MS,
        security=security(settings),
        graceful_timeout=max(stop_within_seconds - LEAVE_WITHIN_SECONDS, stop_within_seconds / 2),
        logger=None,
        apply_types=False,
        middlewares=(partial(Halt, failed=failed),),
    )


class KafkaConsumer:
    """The one subscription of a service: all its topics, one batch after the other.

    Args:
        settings: Connection and batch sizes.
        service: Name; also the consumer group's.
        topics: Without prefix; a family stands for all its topics, also for those that are made later.
        handle: Called with each batch; must not return before the batch is committed.
        failed: Called if *handle* raises, or if only a restart can help; nothing is read after that.
        trouble: Called with what keeps it from reading, or None once it reads.
        faults: Where the faults of single partitions are noted.
        shared_topics: Whether to read what is left on the topics that all senders shared in release 0.1.0, too.
        stop_within_seconds: Of these, the batch at hand gets all but what leaving the group takes.
        admission: Decides whose records are taken next.
        batching: How large batches should be, within what *settings* say.
        revoked: Called when partitions are taken away, before others read them.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        service: str,
        topics: Sequence[str],
        handle: Callable[[Batch], Awaitable[None]],
        failed: Callable[[BaseException], None],
        trouble: Callable[[KafkaError | None], None] = lambda _: None,
        faults: FetchFaults | None = None,
        stop_within_seconds: float = 20,
        admission: Admission | None = None,
        batching: Batching = USUAL,
        *,
        shared_topics: bool = False,
        revoked: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.handle = handle
        self.failed = failed
        self.trouble = trouble
        self.faults = faults or FetchFaults()
        self.stop_within_seconds = stop_within_seconds
        self.single_topics = tuple(settings.topic_prefix + topic for topic in topics if topic not in FAMILIES)
        self.admission = admission or Admission()
        self.batching = replace(batching, apart_seconds=max(batching.apart_seconds, settings.batch_wait_ms / 1000))
        self.broker = _broker(settings, service, stop_within_seconds, failed)
        self.subscriber = self.broker.subscriber(
            pattern=topic_pattern(topics, settings.topic_prefix, shared=shared_topics),
            group_id=settings.topic_prefix + service,
            batch=True, max_records=settings.batch_records_max,
            batch_timeout_ms=settings.batch_wait_ms,
            fetch_max_wait_ms=settings.fetch_max_wait_ms,
            parser=self.as_message,
            decoder=self.as_batch,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            session_timeout_ms=settings.session_timeout_ms, max_poll_interval_ms=settings.max_poll_interval_ms,
            heartbeat_interval_ms=settings.heartbeat_interval_ms, no_reply=True,
            partition_assignment_strategy=(SpreadRangeAssignor,), listener=Revocations(revoked),
        )  # fmt: skip
        self.subscriber(self.on_batch)

    async def as_message(self, records: Any) -> KafkaMessage:
        """Return records as FastStream's message, untouched: its own parser fails at a header that is no text."""
        return KafkaMessage(body=b"", headers={}, raw_message=records, consumer=self.running_client)

    async def as_batch(self, message: KafkaMessage) -> KafkaBatch:
        """Return FastStream's batch as ours; the runner decodes it record by record, so that a bad one costs one."""
        records: Any = message.raw_message
        return KafkaBatch(self.running_client, records)

    async def on_batch(self, batch: Any) -> None:  # Any, because FastStream would make a pydantic model of it
        """Hand a batch to the runner."""
        await self.handle(batch)

    async def start(self) -> None:
        """Join the group and begin to read.

        Raises:
            TransientError: The broker is out of reach.
        """
        try:
            await self.broker.connect()
            build = self.broker.config.broker_config
            build.builder = partial(
                SafeConsumer, topic_prefix=self.settings.topic_prefix, expected_topics=self.single_topics,
                faults=self.faults, trouble=self.trouble, failed=self.failed, admission=self.admission,
                pace=Pace(self.batching), patient=True,
                waits=Waits(self.settings.fetch_max_wait_ms, self.settings.fetch_idle_wait_ms),
                **build.builder.keywords,  # type: ignore[attr-defined]  # a partial of aiokafka's consumer
            )  # fmt: skip
            await self.broker.start()
        except KafkaError as error:
            await closed(self.broker.stop)
            raise outage(error) from error

    async def stop(self) -> None:
        """Let the batch at hand end and leave the group; what has not ended in time is read again by others."""
        await closed(self.broker.stop, self.stop_within_seconds)
        if self.admission.followers is not None:
            await self.admission.followers.close()

    @property
    def client(self) -> SafeConsumer | None:
        """Return aiokafka's consumer, or None before the start."""
        consumer: SafeConsumer | None = self.subscriber.consumer
        return consumer

    @property
    def running_client(self) -> SafeConsumer:
        """Return aiokafka's consumer; raise TransientError where it is not started or stopped."""
        if self.client is None:
            raise TransientError("Kafka: the consumer is stopped")
        return self.client

    def assigned(self) -> set[TopicPartition]:
        """Return the partitions that this member reads."""
        return set(self.client.assignment()) if self.client else set()

    async def committed(self) -> dict[Partition, int]:
        """Return, by partition without prefix, up to where those that this member reads are committed.

        Raises:
            TransientError: The broker does not answer.
        """
        places = list(self.assigned())
        if self.client is None or not places:
            return {}
        try:
            async with asyncio.timeout(COMMIT_WITHIN_SECONDS):
                # Its own method asks for one partition at a time (aiokafka 0.14); what was never committed is left out.
                committed = await self.client._coordinator.fetch_committed_offsets(places)
        except (KafkaError, TimeoutError) as error:
            raise TransientError(f"Kafka: {type(error).__name__}") from error
        prefix = self.settings.topic_prefix
        return {(place.topic.removeprefix(prefix), place.partition): told.offset for place, told in committed.items()}

    def share(self, topic: str) -> Share:
        """Return the partitions of *topic* (without prefix) that this member reads, of how many in all.

        It reads none before the first assignment and while the group deals anew. Who lost touch with the group goes
        on believing in its last share until it hears otherwise.
        """
        name = self.settings.topic_prefix + topic
        there = (self.client.partitions_for_topic(name) if self.client else None) or set()
        return share_of({place.partition for place in self.assigned() if place.topic == name}, len(there))

    async def positions(self) -> dict[TopicPartition, tuple[int, int]]:
        """Return how far each assigned partition is read, and where it ends; not those at fault, which are known.

        Raises:
            TransientError: The broker does not answer in time.
            FetchEnded: Only a restart can help. Nobody reads, and so hears it, while a batch cannot be committed.
        """
        client = self.client
        if client is None:
            return {}
        client.refuse_dead_tasks()
        try:
            async with asyncio.timeout(self.settings.request_timeout_ms / 1000):
                if client.missing_topics():
                    await client.look_for_topics()
                faulty = {TopicPartition(fault.topic, fault.partition) for fault in self.faults.standing()}
                watched = self.assigned() - faulty
                ends = await client.end_offsets(list(watched)) if watched else {}
                return {place: (await client.position(place), end) for place, end in ends.items()}
        except (KafkaError, TimeoutError, IllegalStateError) as error:
            raise TransientError(f"Kafka: {type(error).__name__}") from error

    def remark(self) -> str:
        """Return what somebody should know of single partitions and topics though the others are read; may be empty."""
        missing = sorted(self.client.missing_topics()) if self.client else []
        said = [f"waits for the topics {', '.join(missing)}"] if missing else []
        said += [f"set aside: {fault}" for fault in self.faults.last.values() if fault.ended is Ending.QUARANTINED]
        return "; ".join(said)

    def deferred(self) -> dict[Partition, str]:
        """Return the sender of each assigned partition that waits for its sender's turn, see `Admission`."""
        prefix, waiting = self.settings.topic_prefix, self.admission.deferred()
        return {
            (place.topic, place.partition): sender_name(topic)
            for place in (self.assigned() if waiting else ())
            if (topic := place.topic.removeprefix(prefix)) in waiting
        }

    def standing(self) -> str:
        """Return which partitions are not read now and why; empty if all are."""
        return "; ".join(map(str, self.faults.standing()))
