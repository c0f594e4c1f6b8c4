"""aiokafka's fetcher, unpacking by itself: a failure stays with its partition, and nothing that was read is lost.

aiokafka (0.14) throws away what it has drained of all partitions when one of them cannot be unpacked, with their
positions moved (https://github.com/aio-libs/aiokafka/issues/1046); its background tasks end without a word.
"""

import asyncio
import contextlib
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import Fetcher, FetchResult
from aiokafka.errors import (
    KafkaError,
    NoError,
    NotLeaderForPartitionError,
    OffsetOutOfRangeError,
    UnknownTopicOrPartitionError,
    for_code,
)

from shared.adapters.kafka import record_batches
from shared.adapters.kafka.compression import NotUnpackable
from shared.adapters.kafka.fetch_faults import Ending, FetchFaults
from shared.adapters.kafka.fetch_sessions import Answer, FetchSession, Limits, SessionFetch, Waits, Wanted, answers_of
from shared.adapters.kafka.record_batches import RecordBatch
from shared.delivery.guard import Bug, guarded
from shared.delivery.ports import Record
from shared.fairness.admission import Admission, DeferralBegan, Supply
from shared.fairness.join import JoinWindow
from shared.fairness.pace import Pace
from shared.fairness.shares import among

TRIES_MAX = 3
FIRST_PAUSE_SECONDS = 0.2  # before a partition at fault is fetched again; longer each time
PAUSE_SECONDS_MAX = 10.0
RECORDS_MAX = 500
DRAINED_BYTES_MAX = 8 * 1024 * 1024  # at once, shared evenly by topics; then what is left is fetched again
FETCH_BYTES_MAX = 64 * 1024 * 1024
LOOK_AGAIN_SECONDS = 0.05

log = structlog.get_logger()


class UnpackedRecords:
    """What a fetch brought of one partition, unpacked a batch at a time as it is drained; never raises.

    It stands in for aiokafka's `PartitionRecords`: an iterator that says from where on to fetch next.
    """

    def __init__(self, fetcher: "SafeFetcher", place: TopicPartition, state: Any, data: bytes, offset: int) -> None:
        self.fetcher = fetcher
        self.place = place
        self.state = state
        self.next_fetch_offset = offset
        self.topic = place.topic.removeprefix(fetcher.topic_prefix)
        self.records = self._unpacked(data)

    def __iter__(self) -> Iterator[Record]:
        return self.records

    def _unpacked(self, data: bytes) -> Iterator[Record]:
        for batch in record_batches.split(data):
            if self.fetcher.room_bytes[self.topic] <= 0:
                return
            if not batch.is_control and batch.next_offset > self.next_fetch_offset:
                records = self._records_of(batch)
                if records is None:
                    return
                for record in records:
                    if record.next_offset > self.next_fetch_offset:
                        self.next_fetch_offset = record.next_offset
                        self.fetcher.room_bytes[self.topic] -= len(record.value or b"")
                        yield record
            self.next_fetch_offset = max(self.next_fetch_offset, batch.next_offset)

    def _records_of(self, batch: RecordBatch) -> list[Record] | None:
        """Return the records of a batch, or what stands for it if it is quarantined; None if it is tried again."""
        found = guarded(partial(_unpacked, batch, self.topic, self.place.partition))
        if isinstance(found, list):
            self.fetcher.faults.end(self.place)
            return found
        error, may_pass = (found.error, True) if isinstance(found, Bug) else (str(found), found.may_pass)
        fault = self.fetcher.faults.note(self.place, batch.base_offset, error)
        if may_pass and fault.tries < TRIES_MAX:
            self.fetcher.pause(self.state, fault.tries)
            return None
        self.fetcher.faults.end(self.place, Ending.QUARANTINED)
        return [record_batches.unreadable(batch, self.topic, self.place.partition, error)]


def _unpacked(batch: RecordBatch, topic: str, partition: int) -> list[Record] | NotUnpackable:
    try:
        return record_batches.unpack(batch, topic, partition)
    except NotUnpackable as error:
        return error


class SafeFetcher(Fetcher):  # type: ignore[misc]  # aiokafka is not typed
    """Fetches as aiokafka does, and unpacks by itself.

    What was written so that it cannot be unpacked is handed over as one unreadable record at once; what may have been
    broken on its way here only once it was fetched three times, each time after a longer pause. All other partitions go
    on meanwhile.
    """

    topic_prefix = ""
    faults: FetchFaults
    admission: Admission
    pace: Pace
    join: JoinWindow[TopicPartition]
    waits: Waits
    sessions: dict[int, FetchSession]  # by broker
    room_bytes: dict[str, int]  # by topic, of the batch at hand
    is_wanted = may_look = False  # whether somebody waits for records; whether to fetch once beside those at hand

    async def fetched_records(
        self,
        partitions: Collection[TopicPartition],
        timeout: float = 0,  # noqa: ASYNC109  # aiokafka's signature
        max_records: int | None = None,
    ) -> Mapping[TopicPartition, list[Record]]:
        """Return what was fetched, from each sender its share, and move the positions; in place of aiokafka's own.

        That one empties one partition after the other: whoever floods one would hold back all that stand behind it.
        Whoever asks for more has handled what was given last; the longer that took, the fewer there are this time.
        Nothing is fetched before somebody asks: while a batch is handled, each record that comes would be a fetch.
        """
        now = self._loop.time()
        self.pace.came_back(now)
        records_max = self.pace.records_of(max_records or RECORDS_MAX)
        await asyncio.sleep(self.pace.pause_seconds(now))
        self.is_wanted = self.may_look = True
        self._notify(self._wait_consume_future)
        try:
            return await self._next_drained(now + timeout, records_max)
        finally:
            self.is_wanted = False

    async def _next_drained(self, until: float, records_max: int) -> Mapping[TopicPartition, list[Record]]:
        while True:
            if self._subscriptions.reassignment_in_progress:
                await self._subscriptions.wait_for_assignment()
            drained = self._drained(records_max)
            left_seconds = until - self._loop.time()
            if drained or left_seconds <= 0 or self._closed:
                return drained
            waiter = self._create_fetch_waiter()
            # Nobody tells when the turn of what is at hand and has to wait comes.
            look_again_seconds = LOOK_AGAIN_SECONDS if self._records or self.join.holds else math.inf
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left_seconds, look_again_seconds)):
                    await waiter  # raises what keeps us from the group, such as a lack of permissions

    def _drained(self, records_max: int) -> Mapping[TopicPartition, list[Record]]:
        """Return records of all senders that have some, each its share; all partitions of a topic are one sender's."""
        drained: dict[TopicPartition, list[Record]] = {}
        waiting: dict[str, list[TopicPartition]] = defaultdict(list)
        for place in (each for each in self._records if self.join.has_room(self._own(each.topic))):
            waiting[place.topic].append(place)
        self.room_bytes = {self._own(name): DRAINED_BYTES_MAX // len(waiting) for name in waiting}
        portions = self._portions(waiting)
        supplies = {
            self._own(name): Supply(among([partial(self._drain, drained, each) for each in places]), portions[name])
            for name, places in waiting.items()
        }
        now = self._loop.time()
        self.admission.take(supplies, records_max, now)
        for place in filter(self._records.__contains__, drained):
            self._records.move_to_end(place)  # others of its topic are first when there is not enough for all
        for change in self.admission.changes(now):
            if isinstance(change, DeferralBegan):
                log.warning("deferred", sender=change.sender, because=change.why)
            else:
                log.info("deferred no more", sender=change.sender)
        taken = self.join.take(drained, now, self._subscriptions.subscription.assignment)
        if taken:
            self.pace.gave(max(sum(map(len, each.values())) for each in (drained, taken)), now, records_max)
        return taken

    def _drain(self, drained: dict[TopicPartition, list[Record]], place: TopicPartition, count: int) -> int:
        """Add at most *count* records of a partition; return how many, fewer only if nothing more is at hand."""
        fetched = self._records.get(place)
        if fetched is None:
            return 0
        records = fetched.getall(count)
        if not fetched.has_more():
            del self._records[place]
            self._notify(self._wait_consume_future)
        if records:
            drained.setdefault(place, []).extend(records)
        return len(records)

    def _own(self, name: str) -> str:
        return name.removeprefix(self.topic_prefix)

    def _portions(self, names: Collection[str]) -> dict[str, float]:
        """Return, by topic, which portion of its partitions is ours to read."""
        ours = Counter(place.topic for place in self._subscriptions.assigned_partitions()) if names else Counter[str]()
        there = self._client.cluster.partitions_for_topic
        return {name: ours[name] / max(ours[name], len(there(name) or ()), 1) for name in names}

    def pause(self, state: Any, tries: int) -> None:
        """Fetch a partition again only after a while, longer after each try."""
        state.pause()
        self._loop.call_later(min(FIRST_PAUSE_SECONDS * 3.0 ** (tries - 1), PAUSE_SECONDS_MAX), state.resume)

    def _get_actions_per_node(self, assignment: Any) -> tuple[Any, ...]:
        """Return what aiokafka would do now, with fetches of our own."""
        fetches, *others = super()._get_actions_per_node(assignment)
        fetches = fetches if self.is_wanted or self.may_look else []
        self.may_look = self.may_look and not fetches
        return [(node, self._fetch(node, each.topics, is_partial=bool(others[-1]))) for node, each in fetches], *others

    def _fetch(self, node: int, topics: Any, *, is_partial: bool) -> SessionFetch:
        wanted: Wanted = {
            TopicPartition(topic, partition): (offset, bytes_max)
            for topic, partitions in topics
            for partition, offset, bytes_max in partitions
        }
        is_partial |= any(self._client.cluster.leader_for_partition(each) == node for each in self._records)
        wait_ms = self.waits.of(self._loop.time(), is_partial=is_partial)
        limits = Limits(wait_ms, self._fetch_min_bytes, self._fetch_max_bytes, self._isolation_level)
        return self.sessions.setdefault(node, FetchSession()).fetch(wanted, limits)

    async def _proc_fetch_request(self, assignment: Any, node_id: int, request: SessionFetch) -> bool:
        """Return whether there is something new to drain; in place of aiokafka's own."""
        session = self.sessions[node_id]
        try:
            response = await self._client.send(node_id, request)
        except KafkaError as error:
            session.lost()
            log.warning("fetch failed", node=node_id, error=type(error).__name__)
            return await self._paused()
        except asyncio.CancelledError:
            session.lost()
            return False
        if not session.answered(request, response):
            return await self._paused()
        if not assignment.active:
            return False
        answers = answers_of(response)
        self.faults.end_all(request.wanted.keys() - {answer.place for answer in answers})  # no news: they were read
        found = [self._take(assignment, answer, request.wanted) for answer in answers]
        self.waits.came_at_seconds = self._loop.time() if any(found) else self.waits.came_at_seconds
        return any(found)

    async def _paused(self) -> bool:
        """Return False after the pause that follows a failure."""
        with contextlib.suppress(asyncio.CancelledError):  # closing: aiokafka awaits this task, and expects none
            await asyncio.sleep(self._retry_backoff)
        return False

    def _take(self, assignment: Any, answer: Answer, wanted: Wanted) -> bool:
        """Keep what one partition has answered; return whether it holds something to drain."""
        place, data = answer.place, answer.batches
        if place not in wanted:
            return False
        state, (offset, _) = assignment.state_value(place), wanted[place]
        if not state.has_valid_position or state.position != offset:
            return False
        error = for_code(answer.code)
        if error is not NoError:
            self._refused(place, state, offset, error)
            return False
        state.highwater = answer.end
        if not data:
            self.faults.end(place)
            return False
        whole_bytes = record_batches.missing_bytes(data)
        if whole_bytes:
            # A broker gives the first batch whole, however large (KIP-74); one that does not is asked for more.
            if whole_bytes <= FETCH_BYTES_MAX:
                self._max_partition_fetch_bytes = whole_bytes
            self.pause(state, self.faults.note(place, offset, "a batch was cut off").tries)
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
