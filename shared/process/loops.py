"""Periodic work: each loop runs on its own, goes on after a failure, and reports its health."""

import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from shared.adapters.clock import Clock
from shared.delivery.guard import Bug, guarded_lookup
from shared.delivery.retry import retried
from shared.delivery.vitals import Vitals
from shared.process import metrics
from shared.values import value

FIRST_PAUSE = timedelta(seconds=1)
PAUSE_MAX = timedelta(minutes=1)
HUNG_AFTER_SECONDS = 120.0

log = structlog.get_logger()


@value
class Loop:
    """Work that time brings about.

    Args:
        name: For logs, health and metrics.
        work: Does what is due; returns how much it found.
        every: Pause after a round that found less than *full*; after a full one the next follows at once.
        full: What one round takes at most.
        hung_after: A round that takes longer, while broker and database answer, never ends by itself.
    """

    name: str
    work: Callable[[], Awaitable[int]]
    every: timedelta
    full: int
    hung_after: timedelta = timedelta(seconds=HUNG_AFTER_SECONDS)


class LoopRunner:
    """Repeats the work of one loop until the service stops.

    An outage is waited out. A bug, or what trying again cannot help, costs the round: it is named in readiness and log,
    and the next round begins after a pause that doubles up to a minute.
    """

    def __init__(self, service: str, loop: Loop, clock: Clock, vitals: Vitals, jitter: random.Random) -> None:
        self.service = service
        self.loop = loop
        self.clock = clock
        self.vitals = vitals
        self.jitter = jitter
        self.began_at: datetime | None = None
        self.succeeded_at: datetime | None = None

    async def run(self) -> None:
        """Return once the service stops and the round at hand has ended."""
        pause = FIRST_PAUSE
        while not self.vitals.stopping:
            found = await self.round()
            if isinstance(found, Bug):
                await self.clock.sleep(pause)
                pause = min(2 * pause, PAUSE_MAX)
                continue
            pause = FIRST_PAUSE
            if found < self.loop.full and not self.vitals.stopping:
                await self.clock.sleep(self.loop.every)

    async def round(self) -> int | Bug:
        """Return how much one round found, or why it failed."""
        name, vitals = self.loop.name, self.vitals
        self.began_at = self.clock.now()
        work = retried(self.loop.work, self.clock, vitals, self.jitter, name)
        found = await guarded_lookup(lambda: work)
        self.began_at = None
        if isinstance(found, Bug):
            vitals.failures[name] = f"the loop failed and is tried again: {found.error}"
            log.error("a loop failed", loop=name, error=found.error)
            return found
        vitals.failures.pop(name, None)
        self.succeeded_at = self.clock.now()
        metrics.LOOP_SUCCEEDED_AT.labels(self.service, name).set(self.succeeded_at.timestamp())
        return found

    def hung(self, now: datetime) -> str | None:
        """Return a sentence if the round at hand takes longer than any should while nothing else is wrong."""
        if self.began_at is None or self.loop.name in self.vitals.troubles:
            return None
        took = now - self.began_at
        return f"a round takes {took.total_seconds():.0f} s already" if took > self.loop.hung_after else None
