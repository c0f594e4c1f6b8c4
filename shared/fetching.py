"""aiokafka's consumer with a fetch of our own: a failure stays with its partition, and nothing that was read is lost.

aiokafka (0.14) throws away what it has drained of all partitions when one of them cannot be unpacked, with their
positions moved (https://github.com/aio-libs/aiokafka/issues/1046); its background tasks end without a word.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import Fetcher, FetchResult
from aiokafka.consumer.group_coordinator import GroupCoordinator, NoGroupCoordinator
from aiokafka.errors import (
    KafkaError,
    NoError,
    NotLeaderForPartitionError,
    OffsetOutOfRangeError,
    UnknownTopicOrPartitionError,
    for_code,
)

from shared import record_batches
from shared.delivery.guard import Bug, guarded
from shared.delivery.ports import Record
from shared.record_batches import NotUnpackable, RecordBatch

TRIES_MAX = 3
FIRST_PAUSE_SECONDS = 0.2  # before a partition at fault is fetched again; longer each time
PAUSE_SECONDS_MAX = 10.0
DRAINED_BYTES_MAX = 8 * 1024 * 1024  # of all partitions at once; then what is left is fetched again
FETCH_BYTES_MAX = 64 * 1024 * 1024
ERROR_PAUSE_SECONDS = 1.0

log = structlog.get_logger()


class FetchEnded(Exception):
    """A background task of the consumer has ended, which only a restart heals; it would read nothing any more."""


class Ending(StrEnum):
    """How a partition came to go on: it could be read again, or what could not be unpacked was set aside."""

    READ = "read"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class FetchFault:
    """Why a partition is not read on, or what of it was set aside.

    Args:
        offset: Where it stands.
        error: What is wrong, without anything that a writer wrote.
        tries: How often it was tried.
        ended: How it ended; None while the partition stands.
    """

    topic: str
    partition: int
    offset: int
    error: str
    tries: int = 1
    ended: Ending | None = None

    @property
    def is_standing(self) -> bool:
        """Return whether the partition is not read now."""
        return self.ended is None

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition} at offset {self.offset}: {self.error}"


@dataclass
class FetchFaults:
    """The last fault of each partition, for health, metrics and logs.

    Args:
        noted: Called with each fault when it is noted.
    """

    noted: Callable[[FetchFault], None] = lambda _: None
    last: dict[TopicPartition, FetchFault] = field(default_factory=dict)

    def note(self, place: TopicPartition, offset: int, error: str) -> FetchFault:
        """Return the fault, with the number of tries at the same place and for the same reason."""
        before = self.last.get(place)
        again = before is not None and (before.offset, before.error) == (offset, error) and before.is_standing
        tries = before.tries + 1 if before and again else 1
        return self._put(place, FetchFault(place.topic, place.partition, offset, error, tries))

    def end(self, place: TopicPartition, how: Ending = Ending.READ) -> None:
        """Note that a partition goes on."""
        before = self.last.get(place)
        if before is not None and before.is_standing:
            self._put(place, replace(before, ended=how))

    def standing(self) -> list[FetchFault]:
        """Return the faults of partitions that are not read now."""
        return [fault for fault in self.last.values() if fault.is_standing]

    def _put(self, place: TopicPartition, fault: FetchFault) -> FetchFault:
        self.last[place] = fault
        self.noted(fault)
        return fault


class UnpackedRecords:
    """What a fetch brought of one partition, unpacked a batch at a time as it is drained; never raises.

    It stands in for aiokafka's `PartitionRecords`: an iterator that says from where on to fetch next.
    """

    def __init__(self, fetcher: "SafeFetcher", place: TopicPartition, state: Any, data: bytes, offset: int) -> None:
        self.fetcher = fetcher
        self.place = place
        self.state = state
        self.next_fetch_offset = offset
        self.records = self._unpacked(data)

    def __iter__(self) -> Iterator[Record]:
        return self.records

    def _unpacked(self, data: bytes) -> Iterator[Record]:
        topic = self.place.topic.removeprefix(self.fetcher.topic_prefix)
        for batch in record_batches.split(data):
            if self.fetcher.room_bytes <= 0:
                return
            if not batch.is_control and batch.next_offset > self.next_fetch_offset:
                records = self._records_of(batch, topic)
                if records is None:
                    return
                for record in records:
                    if record.next_offset > self.next_fetch_offset:
                        self.next_fetch_offset = record.next_offset
                        self.fetcher.room_bytes -= len(record.value or b"")
                        yield record
            self.next_fetch_offset = max(self.next_fetch_offset, batch.next_offset)

    def _records_of(self, batch: RecordBatch, topic: str) -> list[Record] | None:
        """Return the records of a batch, or what stands for it if it is set aside; None if it is tried again."""
        records = guarded(partial(_unpacked, batch, topic, self.place.partition))
        if isinstance(records, Bug):
            fault = self.fetcher.faults.note(self.place, batch.base_offset, records.error)
            if fault.tries < TRIES_MAX:
                self.fetcher.pause(self.state, fault.tries)
                return None
            self.fetcher.faults.end(self.place, Ending.SET_ASIDE)
            return [record_batches.unreadable(batch, topic, self.place.partition, records.error)]
        self.fetcher.faults.end(self.place)
        return records


def _unpacked(batch: RecordBatch, topic: str, partition: int) -> list[Record] | Bug:
    try:
        return record_batches.unpack(batch, topic, partition)
    except NotUnpackable as error:
        return Bug(str(error))  # of whoever wrote it


class SafeFetcher(Fetcher):  # type: ignore[misc]  # aiokafka is not typed
    """Fetches as aiokafka does, and unpacks by itself.

    A partition at fault is fetched again after a pause, three times; then what cannot be unpacked is handed over as
    one unreadable record. All the others go on meanwhile.
    """

    topic_prefix = ""
    faults: FetchFaults
    room_bytes = DRAINED_BYTES_MAX

    async def fetched_records(
        self,
        partitions: Collection[TopicPartition],
        timeout: float = 0,  # noqa: ASYNC109  # aiokafka's signature
        max_records: int | None = None,
    ) -> dict[TopicPartition, list[Record]]:
        """Return what was fetched, not more than the service holds in memory at once, and move the positions."""
        self.room_bytes = DRAINED_BYTES_MAX
        drained: dict[TopicPartition, list[Record]] = await super().fetched_records(partitions, timeout, max_records)
        return drained

    def pause(self, state: Any, tries: int) -> None:
        """Fetch a partition again only after a while, longer after each try."""
        state.pause()
        wait_seconds = min(FIRST_PAUSE_SECONDS * 3.0 ** (tries - 1), PAUSE_SECONDS_MAX)
        self._loop.call_later(wait_seconds, state.resume)

    async def _proc_fetch_request(self, assignment: Any, node_id: int, request: Any) -> bool:
        """Return whether there is something new to drain; in place of aiokafka's own."""
        try:
            response = await self._client.send(node_id, request)
        except KafkaError as error:
            log.warning("fetch failed", node=node_id, error=type(error).__name__)
            try:
                await asyncio.sleep(self._retry_backoff)
            except asyncio.CancelledError:
                return False  # closing: aiokafka awaits this task then, and expects no CancelledError
            return False
        except asyncio.CancelledError:
            return False
        if not assignment.active:
            return False
        asked = {
            TopicPartition(topic, partition): offset
            for topic, partitions in request.topics
            for partition, offset, _ in partitions
        }
        answered = [
            self._take(assignment, TopicPartition(topic, partition), asked, code, highwater, data[-1])
            for topic, partitions in response.topics
            for partition, code, highwater, *data in partitions
        ]
        return any(answered)

    def _take(
        self, assignment: Any, place: TopicPartition, asked: dict[TopicPartition, int], code: int, end: int, data: bytes
    ) -> bool:
        """Keep what one partition has answered; return whether it holds something to drain."""
        state, offset = assignment.state_value(place), asked[place]
        if not state.has_valid_position or state.position != offset:
            return False
        error = for_code(code)
        if error is not NoError:
            self._refused(place, state, offset, error)
            return False
        state.highwater = end
        if not data:
            self.faults.end(place)
            return False
        whole_bytes = record_batches.missing_bytes(data)
        if whole_bytes:
            # A broker gives the first batch whole, however large (KIP-74); one that does not is asked for more.
            if whole_bytes <= FETCH_BYTES_MAX:
                self._max_partition_fetch_bytes = whole_bytes
            self.pause(state, self.faults.note(place, offset, f"a batch of {whole_bytes} bytes was cut off").tries)
            return False
        records = UnpackedRecords(self, place, state, data, offset)
        self._records[place] = FetchResult(
            place, assignment=assignment, partition_records=records, backoff=self._prefetch_backoff
        )
        return True

    def _refused(self, place: TopicPartition, state: Any, offset: int, error: type[KafkaError]) -> None:
        """Deal with what a broker says instead of records."""
        if error in (NotLeaderForPartitionError, UnknownTopicOrPartitionError):
            self._client.force_metadata_update()
        if error is NotLeaderForPartitionError:
            self.pause(state, 1)  # it has moved, which is no fault
            return
        if error is OffsetOutOfRangeError:
            # Retention has taken what nobody had read, or the topic was made anew: nothing can bring it back.
            log.error("records are gone before they were read", topic=place.topic, partition=place.partition, at=offset)
            state.await_reset(self._default_reset_strategy)
        fault = self.faults.note(place, offset, error.__name__)
        self.pause(state, fault.tries)


class SafeConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka is not typed
    """aiokafka's consumer on `SafeFetcher`; what its background tasks run into is told, and not just logged.

    Args:
        topic_prefix: Of the deployment; records do without it.
        faults: Where the faults of partitions are noted.
        trouble: Called with what keeps the whole consumer from reading, or None once it reads; may raise it.
        failed: Called if only a restart can help; nothing is read after that. May raise it.
    """

    def __init__(
        self,
        *topics: str,
        topic_prefix: str,
        faults: FetchFaults,
        trouble: Callable[[KafkaError | None], None],
        failed: Callable[[BaseException], None],
        **options: Any,
    ) -> None:
        super().__init__(*topics, **options)
        self.topic_prefix = topic_prefix
        self.faults = faults
        self.trouble = trouble
        self.failed = failed

    async def start(self) -> None:
        """Join the group, or read all partitions without one; in place of aiokafka's own, which knows one fetcher only.

        A group does not wait for a topic that is missing; without one, it is an error.

        Raises:
            KafkaError: The broker is out of reach, or refuses us.
        """
        await self._client.bootstrap()
        if self._group_id is None:
            await self._wait_topics()
        self._fetcher = SafeFetcher(
            self._client,
            self._subscription,
            fetch_min_bytes=self._fetch_min_bytes,
            fetch_max_bytes=self._fetch_max_bytes,
            fetch_max_wait_ms=self._fetch_max_wait_ms,
            max_partition_fetch_bytes=self._max_partition_fetch_bytes,
            fetcher_timeout=self._consumer_timeout,
            retry_backoff_ms=self._retry_backoff_ms,
            auto_offset_reset=self._auto_offset_reset,
            isolation_level=self._isolation_level,
        )
        self._fetcher.topic_prefix = self.topic_prefix
        self._fetcher.faults = self.faults
        if self._group_id is None:
            self._coordinator = NoGroupCoordinator(
                self._client, self._subscription, exclude_internal_topics=self._exclude_internal_topics
            )
            await self._client.force_metadata_update()
            self._coordinator.assign_all_partitions(check_unknown=True)
            return
        self._coordinator = GroupCoordinator(
            self._client,
            self._subscription,
            group_id=self._group_id,
            group_instance_id=self._group_instance_id,
            heartbeat_interval_ms=self._heartbeat_interval_ms,
            session_timeout_ms=self._session_timeout_ms,
            retry_backoff_ms=self._retry_backoff_ms,
            enable_auto_commit=False,
            assignors=self._partition_assignment_strategy,
            exclude_internal_topics=self._exclude_internal_topics,
            rebalance_timeout_ms=self._rebalance_timeout_ms,
            max_poll_interval_ms=self._max_poll_interval_ms,
        )
        await self._subscription.wait_for_assignment()

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[Record]]:
        """Return records, none of which is lost if reading fails; an error is told and waited out.

        Raises:
            ConsumerStoppedError: It is closed.
        """
        before, found = self._positions(), None
        try:
            self._refuse_dead_tasks()
            found = await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)
        except FetchEnded as error:
            self.failed(error)
            await asyncio.Event().wait()
        except KafkaError as error:
            self.trouble(error)
            await asyncio.sleep(ERROR_PAUSE_SECONDS)
        finally:
            if found is None:
                self._go_back(before)
        if found is not None:
            self.trouble(None)
        return found or {}

    def _positions(self) -> dict[TopicPartition, int]:
        """Return how far the assigned partitions are handed over."""
        subscription = self._subscription.subscription
        assignment = subscription.assignment if subscription else None
        states = {place: assignment.state_value(place) for place in assignment.tps} if assignment else {}
        return {place: state.position for place, state in states.items() if state.has_valid_position}

    def _go_back(self, before: dict[TopicPartition, int]) -> None:
        """Read once more what was drained and could not be handed over."""
        for place, position in self._positions().items():
            if position > before.get(place, position):
                self.seek(place, before[place])

    def _refuse_dead_tasks(self) -> None:
        """Raise FetchEnded if a task without which nothing is read has ended while the consumer is open."""
        if self._closed:
            return
        tasks = {"fetch": self._fetcher.error_future, "group": getattr(self._coordinator, "_coordination_task", None)}
        for name, task in tasks.items():
            if task is not None and task.done():
                error = None if task.cancelled() else task.exception()
                raise FetchEnded(f"the {name} task of the consumer has ended: {type(error).__name__}")

    def missing_topics(self) -> set[str]:
        """Return the topics that it should read and that the broker does not show, without prefix."""
        wanted = self._subscription.subscription.topics if self._subscription.subscription else ()
        return {topic.removeprefix(self.topic_prefix) for topic in wanted if not self.partitions_for_topic(topic)}

    async def look_for_topics(self) -> None:
        """Ask the broker for its topics now, so that one that has come to be is read within seconds."""
        await self._client.force_metadata_update()
