"""aiokafka's producer as the publisher port, with every delivery option spelled out."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.structs import RecordMetadata
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.adapters.clock import Clock, SystemClock
from shared.adapters.kafka.client import with_safe_client
from shared.adapters.kafka.topic_access import TopicAccess, give_up_what_is_gone
from shared.delivery.outgoing import Outgoing, Reference
from shared.delivery.ports import HeldBack, Obstacle, TransientError
from shared.process.settings import KafkaSettings
from shared.sharding import hash_of
from shared.topics import DEAD_LETTER_BYTES_MAX
from shared.values import value

CLOSE_WITHIN_SECONDS = 5
METADATA_AGE_MAX_MS = 60_000
ROUNDS_MAX = 5
LOG_APPEND_TIME = 1

NoteClock = Callable[[str, datetime, datetime, datetime], None]


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
    made = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers,
        acks="all" if settings.acks == "all" else int(settings.acks),
        enable_idempotence=settings.enable_idempotence,
        linger_ms=0,  # what is published together is packed together
        partitioner=partition_of,
        max_batch_size=256 * 1024,
        max_request_size=DEAD_LETTER_BYTES_MAX,
        request_timeout_ms=settings.request_timeout_ms,
        metadata_max_age_ms=METADATA_AGE_MAX_MS,
        retry_backoff_ms=100,
        **parse_security(security(settings)),
    )
    return with_safe_client(made)


def partition_of(key: bytes | None, partitions: Sequence[int], available: Sequence[int]) -> int:
    """Return the partition that `DefaultPartitioner` would choose."""
    if key is None:
        return int(DefaultPartitioner()(key, partitions, available))
    return partitions[hash_of(key) % len(partitions)]


@value
class _Batch:
    """Records of one partition, and which of the events at hand they are."""

    topic: str
    partition: int
    builder: BatchBuilder
    indexes: list[int]


class KafkaPublisher:
    """Sends all, then awaits all. After a failure the producer is made anew, since a stuck one does not recover.

    (aiokafka 0.14: https://github.com/aio-libs/aiokafka/issues/1017)

    Args:
        settings: Connection and delivery options.
        clock: Ours, to compare the broker's with.
        note_clock: Told by what time a broker has appended an event, where it stamps them.
    """

    def __init__(
        self, settings: KafkaSettings, clock: Clock | None = None, note_clock: NoteClock = lambda *_: None
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.note_clock = note_clock
        self.access = TopicAccess()
        self.started: AIOKafkaProducer | None = None
        self.starting = asyncio.Lock()

    async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
        """Return once every event is acknowledged or held back, and what was held back.

        Raises:
            TransientError: Some or all may not be there.
        """
        if not events:
            return {}
        try:
            return await self._published(events)
        except KafkaError as error:
            await self.close()
            raise outage(error) from error

    def obstacles(self) -> dict[str, Obstacle]:
        """Return which topics hold events back, by name without prefix, and why."""
        prefix = self.settings.topic_prefix
        return {topic.removeprefix(prefix): obstacle for topic, obstacle in self.access.obstacles().items()}

    async def _published(self, events: Sequence[Outgoing]) -> dict[Reference, Obstacle]:
        held: dict[Reference, Obstacle] = {}
        waiting = list(events)
        for _ in range(ROUNDS_MAX):
            client = await self.client()
            topics = {event.topic for event in waiting}
            closed = await self.access.closed(client.client, {self.settings.topic_prefix + topic for topic in topics})
            first, rest = waiting, list[Outgoing]()
            if closed or self.access.is_wary:
                held |= self._held(waiting, closed)
                first, rest = self._first([event for event in waiting if event.reference not in held])
            outcomes = await self._acknowledged(client, first)
            if not (rest or self.access.is_wary or any(isinstance(each, BaseException) for each in outcomes)):
                return held
            gone = set()
            for event, outcome in zip(first, outcomes, strict=True):
                if isinstance(outcome, UnknownTopicOrPartitionError):
                    gone.add(event.reference)
                elif isinstance(outcome, TopicAuthorizationFailedError):
                    self.access.refuse(self._name(event), Obstacle.FORBIDDEN)
                    held[event.reference] = Obstacle.FORBIDDEN
                    await self.close()  # as below; a new one also asks whether it may before it sends
                elif isinstance(outcome, MessageSizeTooLargeError | RecordListTooLargeError):
                    self.access.note_too_large(self._name(event), _size_of(event))
                    held[event.reference] = Obstacle.TOO_LARGE
                    await self.close()  # what follows in that partition would be out of sequence for this producer
                elif isinstance(outcome, BaseException):
                    raise outcome
                else:
                    self.access.admit(self._name(event), _size_of(event))
            left = gone | {event.reference for event in rest}
            waiting = [event for event in waiting if event.reference in left]
            if not waiting:
                return held
        raise UnknownTopicOrPartitionError(f"{self._name(waiting[0])} comes and goes")

    def _held(self, events: Sequence[Outgoing], closed: Mapping[str, Obstacle]) -> dict[Reference, Obstacle]:
        """Return which of *events* are not sent now, and why."""
        found = {event.reference: closed[self._name(event)] for event in events if self._name(event) in closed}
        large = [event for event in events if self.access.is_too_large(self._name(event), _size_of(event))]
        return {event.reference: Obstacle.TOO_LARGE for event in large} | found

    def _first(self, events: Sequence[Outgoing]) -> tuple[list[Outgoing], list[Outgoing]]:
        """Return what to send at once, and what only after it.

        Of a topic that refused its last events one event goes ahead: were all sent, and it changed its mind meanwhile,
        a later one might be taken after an earlier one was not.
        """
        first: list[Outgoing] = []
        rest: list[Outgoing] = []
        ahead: set[str] = set()
        for event in events:
            doubtful = self.access.is_doubtful(self._name(event))
            (rest if doubtful and event.topic in ahead else first).append(event)
            ahead.add(event.topic)
        return first, rest

    async def _acknowledged(self, client: AIOKafkaProducer, events: Sequence[Outgoing]) -> list[Any]:
        """Return for each event where its batch lies, or the error that it met."""
        asked_at = self.clock.now()
        batches, outcomes = await self._packed(client, events)
        sent = [await _sent(client, each) for each in batches]
        answers: list[Any] = await asyncio.gather(*sent, return_exceptions=True)
        answered_at = self.clock.now()
        for batch, answer in zip(batches, answers, strict=True):
            for index in batch.indexes:
                outcomes[index] = answer
        by_leader = {
            client.client.cluster.leader_for_partition(lies.topic_partition): lies.timestamp
            for lies in answers
            if isinstance(lies, RecordMetadata) and lies.timestamp_type == LOG_APPEND_TIME
        }
        for leader, stamp_ms in by_leader.items():
            self.note_clock(f"broker {leader}", datetime.fromtimestamp(stamp_ms / 1000, UTC), asked_at, answered_at)
        return outcomes

    async def _packed(
        self, client: AIOKafkaProducer, events: Sequence[Outgoing]
    ) -> tuple[list[_Batch], list[BaseException | None]]:
        """Return *events* as batches, those of a partition in their order, and for each the error that it met.

        aiokafka's `send` takes a coroutine, a future and a callback for each record, several times what packing takes.
        """
        batches: list[_Batch] = []
        outcomes: list[Any] = [None] * len(events)
        last: dict[tuple[str, int], _Batch] = {}
        names = {topic: self.settings.topic_prefix + topic for topic in {event.topic for event in events}}
        partitions = {topic: sorted(await client.partitions_for(name)) for topic, name in names.items()}
        available = client.client.cluster.available_partitions_for_topic
        for index, event in enumerate(events):
            topic, value, headers = event.topic, event.value, list(event.headers)
            key = None if event.key is None else event.key.encode(errors="surrogateescape")
            if DefaultRecordBatchBuilder.estimate_size_in_bytes(key, value, headers) > DEAD_LETTER_BYTES_MAX:
                outcomes[index] = MessageSizeTooLargeError()
                continue
            choices = list(available(names[topic]) or ()) if key is None else ()
            place = topic, partition_of(key, partitions[topic], choices)
            batch = last.get(place)
            if batch is None or batch.builder.append(timestamp=None, key=key, value=value, headers=headers) is None:
                batch = last[place] = _Batch(names[topic], place[1], client.create_batch(), [])
                batches.append(batch)
                batch.builder.append(timestamp=None, key=key, value=value, headers=headers)  # empty, it takes any size
            batch.indexes.append(index)
        return batches, outcomes

    def _name(self, event: Outgoing) -> str:
        return self.settings.topic_prefix + event.topic

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
                    give_up_what_is_gone(fresh)
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


async def _sent(client: AIOKafkaProducer, batch: _Batch) -> Awaitable[Any]:
    """Return what becomes the broker's answer; an error in its place if the topic has fewer partitions by now."""
    if batch.partition in await client.partitions_for(batch.topic):
        answer: Awaitable[Any] = await client.send_batch(batch.builder, batch.topic, partition=batch.partition)
        return answer
    gone = asyncio.get_running_loop().create_future()
    gone.set_exception(UnknownTopicOrPartitionError())
    return gone


def _size_of(event: Outgoing) -> int:
    headers = sum(len(name) + len(value) for name, value in event.headers)
    return len(event.value or b"") + len(event.key or "") + headers


def outage(error: KafkaError) -> TransientError:
    """Return aiokafka's *error*, whose text names its class, as one that passes."""
    return TransientError(f"Kafka: {str(error)[:200]}")


async def closed(stop: Callable[[], Awaitable[None]], within_seconds: float = CLOSE_WITHIN_SECONDS) -> None:
    """Stop a client that may be stuck in an outage; return after *within_seconds* at the latest.

    aiokafka 0.14 raises CancelledError from stop() while a fetch waits out its back-off; our own cancellation goes on.
    """
    with contextlib.suppress(KafkaError, TimeoutError):
        try:
            async with asyncio.timeout(within_seconds):
                await stop()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
