"""The life of one service process: wait for broker and database, run, report health, stop in order."""

import asyncio
import contextlib
import random
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Generic, TypeVar

import structlog

from shared.adapters.clock import SystemClock
from shared.adapters.clock_skew import ClockWatch
from shared.adapters.kafka.fetch_faults import Ending, FetchFault, FetchFaults
from shared.adapters.kafka.held_topics import HeldTopics
from shared.adapters.kafka.producer import KafkaPublisher
from shared.adapters.kafka.subscriber import KafkaConsumer
from shared.adapters.mongo.quarantine import QuarantineWatch
from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.cache import CachedStore
from shared.delivery.guard import BugShare
from shared.delivery.handler import Handler
from shared.delivery.ports import Batch, PermanentError, TransientError
from shared.delivery.relay import Relay
from shared.delivery.retry import retried
from shared.delivery.runner import BatchRunner
from shared.delivery.vitals import Observe, Vitals, unobserved
from shared.fairness.admission import Admission
from shared.fairness.pace import USUAL
from shared.policy.watch import PolicyWatch
from shared.process import memory, metrics
from shared.process.health import Health, health_server
from shared.process.loops import HUNG_AFTER_SECONDS, Loop, LoopRunner
from shared.process.settings import CommonSettings
from shared.process.watchdog import Stuck, Watchdog
from shared.sharding import NOTHING, Share
from shared.topics import TICKETS

P = TypeVar("P")
S = TypeVar("S")
T = TypeVar("T")

QUARANTINE_LOOK_EVERY_SECONDS = 5
RELAYED_MAX = 500  # documents in one round
CLOCKS_READ_EVERY_SECONDS = 5

log = structlog.get_logger()

READING = "reading"
DRAIN_SHARE = 0.8  # of the time to stop; closing connections gets the rest


class Service(Generic[S]):
    """One service: a consumer with its runner, the loops of time, a watchdog, and web servers, health's the first.

    Args:
        settings: The common ones.
        handler: The rules.
        store: The service's one collection.
        health_port: Where ``/health/live``, ``/health/ready`` and ``/metrics`` answer.
        observe: Told each step of a batch.
    """

    def __init__(
        self,
        settings: CommonSettings,
        handler: Handler[S],
        store: MongoStore[S],
        health_port: int,
        observe: Observe = unobserved,
    ) -> None:
        self.name = handler.service
        self.settings = settings
        self.topics = handler.topics
        self.store = store
        self.clock = SystemClock()
        self.documents = CachedStore(store, self.clock)
        store.measured = self.documents.measure
        self.vitals = Vitals()
        self.clocks = ClockWatch(self.name, self.clock, timedelta(seconds=settings.clock_skew_max_seconds))
        self.read_clocks = partial(self.clocks.read, "database", store.now)
        self.clocks_needed = False
        self.publisher = KafkaPublisher(settings.kafka, self.clock, self.clocks.note)
        self.loops: list[LoopRunner] = []
        self.looping: dict[LoopRunner, asyncio.Task[None]] = {}
        self.drain_within_seconds = DRAIN_SHARE * settings.stop_within_seconds
        self.admission = Admission()
        self.batching = USUAL
        self.consumer: KafkaConsumer | None = None
        self.runner = BatchRunner(
            handler, self.documents, self.publisher, self.clock,
            vitals=self.vitals,
            bug_share=BugShare(settings.bugs_window_records, settings.bugs_share_max),
            observe=observe,
        )  # fmt: skip
        self.remarks: dict[str, Callable[[], str]] = {}
        self.add_relay_loops()
        health = Health(live=self.not_live, ready=self.not_ready, remarks=self.remarked)
        self.servers = [health_server(self.name, health, settings.health_host, health_port)]
        self.ending = asyncio.Event()
        self.ended_by: BaseException | None = None
        quarantine = QuarantineWatch(self.name, store.quarantine)
        self.remarks["documents"] = quarantine.remark
        self.every(QUARANTINE_LOOK_EVERY_SECONDS, "documents", quarantine.look, full=1)

    async def run(self) -> int:
        """Run until stopped by a signal; return the exit code: 0 after a signal, 1 if only a restart can help."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.ending.set)
        serving = [asyncio.create_task(server.answer()) for server in self.servers]
        working = asyncio.create_task(self.work())
        working.add_done_callback(self.on_end)
        await self.ending.wait()
        await self.stop(working)
        for server in self.servers:
            server.close()
        await asyncio.wait(serving, timeout=2)
        if self.ended_by is not None:
            log.error("ended", because=f"{type(self.ended_by).__name__}: {self.ended_by}")
            return 1
        log.info("stopped")
        return 0

    def on_end(self, working: asyncio.Task[None]) -> None:
        """Note how the work ended, if it ended by itself."""
        if not working.cancelled() and (error := working.exception()) is not None:
            self.fail(error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error)

    def fail(self, error: BaseException) -> None:
        """Note what retrying cannot help: what somebody must look at stands still, anything else ends the process.

        Standing still keeps a supervisor from draining a topic into the dead letters, a hundred at each restart.
        """
        if isinstance(error, PermanentError):
            self.vitals.stopped_because = str(error)
            log.error("stopped reading", because=str(error))
        else:
            self.ended_by = error
            self.ending.set()

    async def work(self) -> None:
        """Wait until broker and database answer; then read, do what time brings, and watch."""
        await self.retry_outages("start", self.store.prepare)
        await self.retry_outages("start", self.publisher.client)
        await self.retry_outages("start", self.read_clocks)
        self.consumer = await self.retry_outages("start", self.subscribe)  # last, for who has a consumer is ready
        memory.settle()
        log.info("reading", topics=list(self.topics))
        watchdog = Watchdog(
            self.name, self.vitals, self.clock, self.consumer, self.store.ping, self.settings.stuck_after_seconds,
            self.loops,
        )  # fmt: skip
        self.looping = {loop: asyncio.create_task(loop.run()) for loop in self.loops}
        await watchdog.run()

    async def subscribe(self) -> KafkaConsumer:
        """Return a consumer that has started; a new one each time, since a failed start leaves it unusable."""
        consumer = KafkaConsumer(
            self.settings.kafka, self.name, self.topics, self.handle, self.fail, self.note_trouble,
            FetchFaults(self.note_fault), self.drain_within_seconds, self.admission, self.batching,
            shared_topics=self.settings.shared_topics, revoked=self.documents.clear,
        )  # fmt: skip
        await consumer.start()
        return consumer

    async def handle(self, batch: Batch) -> None:
        """Handle a batch and count it."""
        with metrics.BATCH_SECONDS.labels(self.name).time():
            await self.runner.handle(batch)
        metrics.RECORDS.labels(self.name).inc(len(batch.records))

    def note_trouble(self, error: Exception | None) -> None:
        """Note what keeps the whole consumer from reading, or that it reads."""
        if error is None:
            self.vitals.troubles.pop(READING, None)
            return
        sentence = f"Kafka: {type(error).__name__}: {str(error)[:200]}"
        if READING not in self.vitals.troubles:
            log.warning("cannot read", because=sentence)
        self.vitals.troubles[READING] = sentence

    def note_fault(self, fault: FetchFault) -> None:
        """Tell of a partition at fault, or that it goes on."""
        place = {"topic": fault.topic, "partition": fault.partition}
        labels = (self.name, fault.topic, str(fault.partition), fault.error)
        metrics.PARTITION_AT_FAULT.labels(*labels).set(fault.offset if fault.is_standing else -1)
        if fault.ended is Ending.QUARANTINED:
            metrics.QUARANTINED.labels(*labels).inc()
        log.warning(
            "partition at fault" if fault.is_standing else "partition goes on", **place, offset=fault.offset,
            error=fault.error, tries=fault.tries, ended=fault.ended,
        )  # fmt: skip

    def every(
        self,
        seconds: float,
        name: str,
        work: Callable[[], Awaitable[int]],
        full: int,
        hung_after_seconds: float = HUNG_AFTER_SECONDS,
    ) -> None:
        """Let *work* be done every so many seconds from the start on; see `Loop`."""
        loop = Loop(name, work, timedelta(seconds=seconds), full, timedelta(seconds=hung_after_seconds))
        self.loops.append(LoopRunner(self.name, loop, self.clock, self.vitals, random.Random()))

    def add_relay_loops(self) -> None:
        """Add the loops that publish what a dead process or a closed topic left pending, and that compare clocks."""
        relay = Relay(
            self.documents, self.publisher, self.clock, published=self.runner.published, assignment=self.share,
            documents_max=RELAYED_MAX, after=timedelta(seconds=self.settings.relay_after_seconds),
            observe=self.runner.observe,
        )  # fmt: skip
        held = HeldTopics(self.name, self.publisher.obstacles, self.store)

        async def round() -> int:
            if self.consumer is not None:
                self.runner.published.learn(await self.consumer.committed())
            return await relay.relay()

        self.every(self.settings.relay_every_seconds, "relay", round, RELAYED_MAX)
        self.every(self.settings.relay_every_seconds, "held events", held.count, full=1)
        self.every(CLOCKS_READ_EVERY_SECONDS, "reading of clocks", self.read_clocks, full=1)
        self.remarks["topics"] = held.remark
        self.remarks["clocks"] = self.clocks.remark
        self.remarks["deferred"] = self.admission.remark

    def share(self) -> Share:
        """Return what this replica looks after, see `shared.sharding`: as it reads the topic of the tickets' history.

        Where the service does not read that one, its first topic stands in for it. So the group's coordinator is who
        leases the documents: whoever sends no heartbeat for a session loses them to the others. Nothing before the
        consumer has started.
        """
        if self.consumer is None:
            return NOTHING
        share = self.consumer.share(TICKETS if TICKETS in self.topics else self.topics[0])
        if share.partitions:
            self.store.shards.partitions_total = share.partitions_total
        return share

    def while_clocks_agree(self, work: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[int]]:
        """Return *work* as it waits while our clock is too far from the servers'; readiness says so meanwhile."""
        self.clocks_needed = True

        async def waiting() -> int:
            return 0 if self.clocks.trouble() else await work()

        return waiting

    def watch_policy(self, watch: PolicyWatch[P], take: Callable[[P], None], part: str = "policy") -> None:
        """Reload the policy whenever its files change and hand it to *take*; health reports its version."""
        self.every(self.settings.policy_look_every_seconds, part, partial(watch.look, take), full=1)
        self.remarks[part] = watch.remark

    def remarked(self) -> dict[str, str]:
        """Return the remarks of all parts: what an operator should know although the service is ready."""
        said = {part: remark() for part, remark in self.remarks.items()}
        said[READING] = self.consumer.remark() if self.consumer else ""
        return {part: sentence for part, sentence in said.items() if sentence}

    async def retry_outages(self, part: str, work: Callable[[], Awaitable[T]]) -> T:
        """Return what *work* returns, through every outage."""
        return await retried(work, self.clock, self.vitals, random.Random(), part)

    def not_live(self) -> dict[str, str]:
        """Return why only a restart can help."""
        return {"process": str(self.ended_by)} if isinstance(self.ended_by, Stuck) else {}

    def not_ready(self) -> dict[str, str]:
        """Return why work does not get done now, part by part."""
        if self.vitals.stopped_because:
            return {"consumer": self.vitals.stopped_because}
        failing = {**self.vitals.failures, **self.vitals.troubles}
        if self.consumer is None:
            return failing or {"consumer": "has not started yet"}
        if standing := self.consumer.standing():
            failing["partitions"] = standing
        if self.clocks_needed and (sentence := self.clocks.trouble()):
            failing["clocks"] = sentence
        return failing or ({} if self.consumer.assigned() else {"consumer": "has no partitions assigned"})

    async def stop(self, working: asyncio.Task[None]) -> None:
        """Let the batch and the rounds at hand end, leave the group, close what is open; all within the limit.

        Nothing new is begun. What has not ended by then is handled again by others, or when we are back.
        """
        self.vitals.stopping = True
        working.cancel()
        for loop, task in self.looping.items():
            if loop.began_at is None:
                task.cancel()
        reading = [asyncio.create_task(self.consumer.stop())] if self.consumer is not None else []
        await asyncio.wait([working, *self.looping.values(), *reading], timeout=self.drain_within_seconds)
        for task in self.looping.values():
            task.cancel()
        with contextlib.suppress(TransientError):
            await self.publisher.close()
        self.store.close()
