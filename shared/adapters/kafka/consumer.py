"""aiokafka's consumer with a fetcher of our own, which reports the errors of its background tasks."""

import asyncio
from collections.abc import Callable, Collection
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.consumer.group_coordinator import GroupCoordinator, NoGroupCoordinator
from aiokafka.errors import KafkaError

from shared.adapters.kafka.client import with_safe_client
from shared.adapters.kafka.fetch_faults import FetchFaults
from shared.adapters.kafka.fetch_sessions import Waits
from shared.adapters.kafka.fetcher import SafeFetcher
from shared.delivery.ports import Record
from shared.fairness.admission import Admission
from shared.fairness.join import JoinWindow
from shared.fairness.pace import Pace

ERROR_PAUSE_SECONDS = 1.0
POLL_MS = 1_000  # so often it looks whether its background tasks live, and says that nothing keeps it from reading


class FetchEnded(Exception):
    """A background task of the consumer has ended, which only a restart heals; it would read nothing any more."""


class Revocations(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is not typed
    """Says when partitions are taken from this member, all of them at each rebalance, before others read them."""

    def __init__(self, revoked: Callable[[], None]) -> None:
        self.revoked = revoked

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Say so."""
        self.revoked()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Do nothing: what is read from now on comes by itself."""


class SafeConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka is not typed
    """aiokafka's consumer on `SafeFetcher`; what its background tasks run into is reported, not just logged.

    Args:
        topic_prefix: Of the deployment; records do without it.
        expected_topics: With prefix; those that must be there, also where it subscribes by pattern.
        faults: Where the faults of partitions are noted.
        trouble: Called with what keeps the whole consumer from reading, or None once it reads; may raise it.
        failed: Called if only a restart can help; nothing is read after that. May raise it.
        admission: Decides whose records are taken next; by default everybody's evenly.
        pace: Decides how many records there are at once; by default as many as are wanted.
        waits: How long fetches are held back; by default as long as the option ``fetch_max_wait_ms`` says.
        patient: Whether `getmany` waits for records for as long as it takes.
    """

    patient = False

    def __init__(
        self,
        *topics: str,
        topic_prefix: str,
        expected_topics: Collection[str] = (),
        faults: FetchFaults,
        trouble: Callable[[KafkaError | None], None],
        failed: Callable[[BaseException], None],
        admission: Admission | None = None,
        pace: Pace | None = None,
        waits: Waits | None = None,
        patient: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*topics, **options)
        with_safe_client(self)
        self.topic_prefix = topic_prefix
        self.expected_topics = expected_topics or topics
        self.faults = faults
        self.trouble = trouble
        self.failed = failed
        self.admission = admission or Admission()
        self.pace = pace or Pace()
        self.waits = waits or Waits(self._fetch_max_wait_ms, self._fetch_max_wait_ms)
        self.patient = patient

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
            fetcher_timeout=POLL_MS / 1000,  # whatever it must see at once wakes it
            retry_backoff_ms=self._retry_backoff_ms,
            auto_offset_reset=self._auto_offset_reset,
            isolation_level=self._isolation_level,
        )
        self._fetcher.topic_prefix = self.topic_prefix
        self._fetcher.faults = self.faults
        self._fetcher.admission, self._fetcher.pace = self.admission, self.pace
        self._fetcher.waits, self._fetcher.sessions = self.waits, {}
        self._fetcher.join = JoinWindow(self.pace.batching)
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
        """Return records, or nothing if none have come in time; one that is patient waits until there are some.

        FastStream sleeps whenever it gets nothing, and would ask fifty times a second. None of the records is lost if
        reading fails; an error is told and waited out.

        Raises:
            ConsumerStoppedError: It is closed.
        """
        found = await self._polled(partitions, POLL_MS if self.patient else timeout_ms, max_records)
        while self.patient and not found and not self._closed:
            found = await self._polled(partitions, POLL_MS, max_records)
        return found

    async def _polled(
        self, partitions: tuple[TopicPartition, ...], within_ms: int, max_records: int | None
    ) -> dict[TopicPartition, list[Record]]:
        """Return records, or nothing if none have come in time."""
        before, found = self._positions(), None
        try:
            self.refuse_dead_tasks()
            found = await super().getmany(*partitions, timeout_ms=within_ms, max_records=max_records)
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
        held = self._fetcher.join.held_from(assignment)
        return {place: held.get(place, state.position) for place, state in states.items() if state.has_valid_position}

    def _go_back(self, before: dict[TopicPartition, int]) -> None:
        """Read once more what was drained and could not be handed over, and what was held by then."""
        self._fetcher.join.drop()
        for place, position in self._positions().items():
            if position > before.get(place, position):
                self.seek(place, before[place])

    def refuse_dead_tasks(self) -> None:
        """Raise FetchEnded if a task without which nothing is read has ended while the consumer is open."""
        if self._closed:
            return
        tasks = {
            "fetch": self._fetcher.error_future,
            "group": getattr(self._coordinator, "_coordination_task", None),
            "metadata": self._client._sync_task,
        }
        for name, task in tasks.items():
            if task is not None and task.done():
                error = None if task.cancelled() else task.exception()
                raise FetchEnded(f"the {name} task of the consumer has ended: {type(error).__name__}")

    def missing_topics(self) -> set[str]:
        """Return the topics that it should read and that the broker does not show, without prefix."""
        missing = (topic for topic in self.expected_topics if not self.partitions_for_topic(topic))
        return {topic.removeprefix(self.topic_prefix) for topic in missing}

    async def look_for_topics(self) -> None:
        """Ask the broker for its topics now, so that one that has come to be is read within seconds."""
        await self._client.force_metadata_update()
