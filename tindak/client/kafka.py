"""Kafka as an outsider sees it: publish, read to the present end, follow."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    UnknownTopicOrPartitionError,
)
from aiokafka.structs import RecordMetadata
from faststream.kafka.security import parse_security

from shared.adapters.kafka.consumer import SafeConsumer
from shared.adapters.kafka.fetch_faults import FetchFaults
from shared.adapters.kafka.producer import closed, producer, security
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from shared.process.settings import KafkaSettings
from tindak.console import Failure
from tindak.waiting import progress, within

POLL_MS = 200
# The embedded broker looks for new records only now and then while a fetch waits: the shorter, the more often.
FETCH_WAIT_MS_MAX = 50
BATCH_RECORDS_MAX = 1000
OURS_FIRST_MS = 5_000
PUBLISH_RECORDS_MAX = 500  # so many are sent before their acknowledgements are awaited


class Start(StrEnum):
    """From where a topic is followed."""

    EARLIEST = "earliest"
    LATEST = "latest"


def _raised(error: BaseException | None) -> None:
    if error is not None:
        raise error


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record was written on its topic."""

    partition: int
    offset: int


class Client:
    """A connection to the broker, open from entry to exit of ``async with``.

    Topics are named without the deployment's prefix, here and in the records. A broker that leaves something unanswered
    for longer than ``settings.request_timeout_ms`` is given up.

    Raises:
        Failure: From every method: the broker is out of reach, silent, refuses us, or has no such topic.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self.settings = settings
        # aiokafka's own timeout comes later than ours, so that silence is always reported in the same words.
        longer_ms = settings.request_timeout_ms + OURS_FIRST_MS
        self._connection = settings.model_copy(update={"request_timeout_ms": longer_ms})
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def publish(self, events: Sequence[Outgoing]) -> list[Position]:
        """Return where each event was written, once all in-sync replicas have it; the order per key is kept."""
        written: list[Position] = []
        with self._failures(), progress("Publishing", len(events)) as advance:
            client = await self._started()
            for start in range(0, len(events), PUBLISH_RECORDS_MAX):
                some = events[start : start + PUBLISH_RECORDS_MAX]
                async with self._answered():
                    sent = [await self._send(client, event) for event in some]
                    written += [Position(done.partition, done.offset) for done in await asyncio.gather(*sent)]
                advance(len(some))
        return written

    async def read(self, topics: Collection[str]) -> list[Record]:
        """Return every record from the beginning to the present end, in the order of their times."""
        found: list[Record] = []
        with self._failures(), progress("Reading records") as advance:
            async with self._consumer(topics, Start.EARLIEST) as consumer:
                async for records in self._to_end(consumer):
                    found += records
                    advance(len(records))
        return sorted(found, key=lambda record: record.timestamp)

    @asynccontextmanager
    async def follow(self, topics: Collection[str], start: Start) -> AsyncIterator[AsyncIterator[Record]]:
        """Give records as they come, without end; nothing that is written after the entry is missed."""
        with self._failures():
            async with self._consumer(topics, start) as consumer:
                yield self._onwards(consumer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._producer is not None:
            await closed(self._producer.stop)

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                fresh = producer(self._connection)
                try:
                    async with self._answered():
                        await fresh.start()
                except BaseException:
                    await closed(fresh.stop)
                    raise
                self._producer = fresh
            return self._producer

    @asynccontextmanager
    async def _consumer(self, topics: Collection[str], start: Start) -> AsyncIterator[SafeConsumer]:
        consumer = SafeConsumer(
            *(self.settings.topic_prefix + topic for topic in topics),
            topic_prefix=self.settings.topic_prefix,
            faults=FetchFaults(),
            trouble=_raised,
            failed=_raised,
            bootstrap_servers=self.settings.bootstrap_servers,
            group_id=None,  # every partition, no offsets kept
            enable_auto_commit=False,
            fetch_max_wait_ms=FETCH_WAIT_MS_MAX,
            # So long aiokafka looks for a topic that is missing, which must be said before the broker is given up.
            request_timeout_ms=max(1, self.settings.request_timeout_ms // 2),
            **parse_security(security(self.settings)),
        )
        try:
            async with self._answered():
                await consumer.start()
                places = consumer.assignment()
                found = await (consumer.end_offsets if start is Start.LATEST else consumer.beginning_offsets)(places)
            for place, offset in found.items():
                consumer.seek(place, offset)
            yield consumer
        finally:
            await closed(consumer.stop)

    async def _send(self, client: AIOKafkaProducer, event: Outgoing) -> Awaitable[RecordMetadata]:
        key = None if event.key is None else event.key.encode(errors="surrogateescape")
        topic = self.settings.topic_prefix + event.topic
        answer: Awaitable[RecordMetadata] = await client.send(topic, event.value, key, headers=list(event.headers))
        return answer

    async def _to_end(self, consumer: SafeConsumer) -> AsyncIterator[list[Record]]:
        async with self._answered() as alive:
            ends: dict[TopicPartition, int] = await consumer.end_offsets(consumer.assignment())
            is_cut = False
            # The embedded broker (tansu 0.6) says of an end only where the last batch begins; a poll may cut that.
            while is_cut or [place for place, end in ends.items() if await consumer.position(place) < end]:
                records = await self._poll(consumer)
                is_cut = len(records) >= BATCH_RECORDS_MAX
                if records:
                    alive()
                yield records

    async def _onwards(self, consumer: SafeConsumer) -> AsyncIterator[Record]:
        while True:
            for record in await self._poll(consumer):
                yield record

    async def _poll(self, consumer: SafeConsumer) -> list[Record]:
        found = await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH_RECORDS_MAX)
        return [record for records in found.values() for record in records]

    def _answered(self) -> AbstractAsyncContextManager[Callable[[], None]]:
        at, seconds = self.settings.bootstrap_servers, self.settings.request_timeout_ms / 1000
        sentence = f"Kafka at {at} gave no answer for {seconds:g} s; is TINDAK_KAFKA_BOOTSTRAP_SERVERS right?"
        return within(seconds, sentence)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        at = self.settings.bootstrap_servers
        try:
            yield
        except KafkaConnectionError as error:
            raise Failure(
                f"No Kafka broker answers at {at}; start one (`tindak stack up`) or set TINDAK_KAFKA_BOOTSTRAP_SERVERS."
            ) from error
        except UnknownTopicOrPartitionError as error:
            raise Failure(f"Kafka at {at} lacks a topic; `tindak topics apply` creates what is missing.") from error
        except MessageSizeTooLargeError as error:
            raise Failure(f"Kafka at {at} refuses it as too large; attachments belong elsewhere, by URI.") from error
        except KafkaError as error:
            raise Failure(f"Kafka at {at} refuses: {type(error).__name__}: {str(error)[:200]}") from error
