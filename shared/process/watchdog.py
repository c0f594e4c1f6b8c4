"""The watchdog: finds partitions that do not move though they are behind, and loops that hang."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from shared.adapters.clock import Clock
from shared.delivery.ports import TransientError
from shared.delivery.vitals import Vitals
from shared.process import metrics
from shared.process.loops import LoopRunner
from shared.values import value

Partition = tuple[str, int]
Positions = Mapping[Partition, tuple[int, int]]
PART = "connection"
WHILE_OTHERS_MOVE = 3


class Stuck(Exception):
    """Only a restart can help (aiokafka: https://github.com/aio-libs/aiokafka/issues/625, 847)."""


class Consumer(Protocol):
    """What the watchdog knows of the consumer."""

    async def positions(self) -> Positions:
        """Return, by partition, how far it is read and where it ends."""
        ...

    def deferred(self) -> Mapping[Partition, str]:
        """Return the sender of each partition whose records wait because of what else its sender sends."""
        ...


@value
class Seen:
    """How far a partition was read when it last moved, and when that was."""

    position: int
    moved_at: datetime


class Watchdog:
    """Looks at broker, database, every partition and every loop, also when there is nothing to do.

    Args:
        service: Name, for the metrics.
        vitals: Written by the runner; trouble with the connection is noted here.
        clock: The present.
        consumer: Whose positions are watched.
        ping: Raises TransientError while the database is out of reach.
        stuck_after_seconds: So long may the consumer be behind without moving while nothing else is wrong; a single
            partition, while others move, three times as long, since a busy machine serves them in turn.
        loops: Whose rounds must end.
    """

    def __init__(
        self,
        service: str,
        vitals: Vitals,
        clock: Clock,
        consumer: Consumer,
        ping: Callable[[], Awaitable[None]],
        stuck_after_seconds: float,
        loops: Sequence[LoopRunner] = (),
    ) -> None:
        self.service = service
        self.vitals = vitals
        self.clock = clock
        self.consumer = consumer
        self.ping = ping
        self.stuck_after = timedelta(seconds=stuck_after_seconds)
        self.loops = loops
        self.seen: dict[Partition, Seen] = {}
        self.deferring: set[str] = set()
        self.waited_until = clock.now()

    async def run(self, every_seconds: float = 2) -> None:
        """Watch until something is stuck.

        Raises:
            Stuck: With a sentence.
        """
        while True:
            await self.check()
            await self.clock.sleep(timedelta(seconds=every_seconds))

    async def check(self) -> None:
        """Look once."""
        self.judge_loops(self.clock.now())
        try:
            await self.ping()
            positions = await self.consumer.positions()
        except TransientError as error:
            self.vitals.troubles[PART] = str(error)
            metrics.TROUBLE.labels(self.service).set(1)
            return
        self.vitals.troubles.pop(PART, None)
        metrics.TROUBLE.labels(self.service).set(1 if self.vitals.troubles else 0)
        self.judge(positions, self.clock.now())

    def judge_loops(self, now: datetime) -> None:
        """Raise Stuck if a round of a loop does not end."""
        for runner in self.loops:
            if why := runner.hung(now):
                raise Stuck(f"loop {runner.loop.name}: {why}")

    def judge(self, positions: Positions, now: datetime) -> None:
        """Raise Stuck if a partition is behind and has not moved for too long, whatever the others do."""
        self._measure_lag(positions)
        deferred = self.consumer.deferred()
        self._measure_deferred(positions, deferred)
        if self.vitals.troubles or self.vitals.stopped_because:
            self.waited_until = now
        at = {place: position for place, (position, _) in positions.items() if place not in deferred}
        stands = {place: seen for place, seen in self.seen.items() if at.get(place) == seen.position}
        self.seen = {
            place: stands.get(place, Seen(position, now)) if end > position else Seen(position, now)
            for place, (position, end) in positions.items()
        }
        latest = max((seen.moved_at for seen in self.seen.values()), default=now)
        for place, seen in self.seen.items():
            if self.is_too_long(latest, now) or self.is_too_long(seen.moved_at, now, WHILE_OTHERS_MOVE):
                raise Stuck(f"{place[0]}/{place[1]}: records wait at {seen.position} since {seen.moved_at.isoformat()}")
        since = self.vitals.handling_since
        if since is not None and self.is_too_long(since, now):
            raise Stuck(f"a batch is being handled since {since.isoformat()}")

    def _measure_lag(self, positions: Positions) -> None:
        for topic, partition in self.seen.keys() - positions.keys():
            # Another replica measures it now; what was measured here would stand for ever.
            metrics.LAG_RECORDS.remove(self.service, topic, str(partition))
        for (topic, partition), (position, end) in positions.items():
            metrics.LAG_RECORDS.labels(self.service, topic, str(partition)).set(max(0, end - position))

    def _measure_deferred(self, positions: Positions, deferred: Mapping[Partition, str]) -> None:
        waiting = dict.fromkeys(self.deferring, 0)
        for place, sender in deferred.items():
            position, end = positions.get(place, (0, 0))
            waiting[sender] = waiting.get(sender, 0) + max(0, end - position)
        for sender, records in waiting.items():
            metrics.DEFERRED_RECORDS.labels(self.service, sender).set(records)
        self.deferring = set(deferred.values())

    def is_too_long(self, since: datetime, now: datetime, times: int = 1) -> bool:
        """Return whether nothing has moved *since* then, nor since the last trouble ended, for too long."""
        return now - max(since, self.waited_until) > times * self.stuck_after
