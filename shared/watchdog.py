"""Finds a consumer that is assigned, behind and not moving, which no client library reports by itself."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from shared import metrics
from shared.clock import Clock
from shared.delivery.ports import TransientError
from shared.delivery.vitals import Vitals

Positions = dict[object, tuple[int, int]]
PART = "connection"


class Stuck(Exception):
    """Only a restart can help (aiokafka: https://github.com/aio-libs/aiokafka/issues/625, 847)."""


class Consumer(Protocol):
    """What the watchdog knows of the consumer."""

    async def positions(self) -> Positions:
        """Return, by partition, how far it is read and where it ends."""
        ...


class Watchdog:
    """Looks at broker and database every few seconds, also when there is nothing to do.

    Args:
        service: Name, for the metrics.
        vitals: Written by the runner; trouble with the connection is noted here.
        clock: The present.
        consumer: Whose positions are watched.
        ping: Raises TransientError while the database is out of reach.
        stuck_after_seconds: So long may a consumer be behind without moving while nothing else is wrong.
    """

    def __init__(
        self,
        service: str,
        vitals: Vitals,
        clock: Clock,
        consumer: Consumer,
        ping: Callable[[], Awaitable[None]],
        stuck_after_seconds: float,
    ) -> None:
        self.service = service
        self.vitals = vitals
        self.clock = clock
        self.consumer = consumer
        self.ping = ping
        self.stuck_after = timedelta(seconds=stuck_after_seconds)
        self.seen: Positions = {}
        self.moved_at = clock.now()

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

    def judge(self, positions: Positions, now: datetime) -> None:
        """Raise Stuck if the consumer is behind and has not moved for too long."""
        lag_records = sum(max(0, end - at) for at, end in positions.values())
        metrics.LAG_RECORDS.labels(self.service).set(lag_records)
        waits = self.vitals.troubles or self.vitals.stopped_because
        moves = positions != self.seen and [at for at, _ in positions.values()] != [at for at, _ in self.seen.values()]
        if waits or moves or (lag_records == 0 and self.vitals.handling_since is None):
            self.moved_at = now
        self.seen = positions
        if now - self.moved_at > self.stuck_after:
            raise Stuck(f"{lag_records} records wait and nothing has moved since {self.moved_at.isoformat()}")
