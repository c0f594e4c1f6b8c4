"""Clock skew: how far this machine's clock is from those of broker and database."""

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import structlog

from shared.adapters.clock import Clock
from shared.process import metrics
from shared.values import value

REMARKED_BEYOND = timedelta(seconds=2)
READING_AGE_MAX_SECONDS = 60.0

log = structlog.get_logger()


@value
class ClockReading:
    """What a server said of the time between a question and its answer.

    Args:
        server_at: The server's clock; aware.
        asked_at: Our clock before; aware.
        answered_at: Our clock after; aware.
        elapsed_seconds: Our monotonic clock after.
    """

    server_at: datetime
    asked_at: datetime
    answered_at: datetime
    elapsed_seconds: float

    @property
    def skew(self) -> timedelta:
        """Return how far the server's clock is ahead at least, negative: behind.

        It read its clock at some time on the way there and back, so up to half of that either side of the middle proves
        nothing.
        """
        if self.server_at > self.answered_at:
            return self.server_at - self.answered_at
        return min(self.server_at - self.asked_at, timedelta())

    def skew_at(self, now: datetime, elapsed_seconds: float) -> timedelta:
        """Return the same for a later moment, in which our own clock may have been set."""
        passed = timedelta(seconds=elapsed_seconds - self.elapsed_seconds)
        return self.skew - (now - self.answered_at - passed)


def disagreement(skews: Mapping[str, timedelta], beyond: timedelta) -> str:
    """Return a sentence that names each server whose clock is further than *beyond* from ours; empty if none is."""
    far = [
        f"{server} is {abs(skew).total_seconds():.1f} s {'ahead of' if skew > timedelta() else 'behind'} this machine"
        for server, skew in sorted(skews.items())
        if abs(skew) > beyond
    ]
    return f"clocks disagree: {', '.join(far)}" if far else ""


class ClockWatch:
    """Keeps the last reading of each server's clock, and judges them.

    A clock of ours that is set in between shows at once, for a monotonic one is read beside it.

    Args:
        service: Name, for the metrics.
        clock: Ours.
        skew_max: Beyond this, what time causes must wait.
        elapsed: Monotonic seconds.
    """

    def __init__(
        self, service: str, clock: Clock, skew_max: timedelta, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self.service = service
        self.clock = clock
        self.skew_max = skew_max
        self.elapsed = elapsed
        self.readings: dict[str, ClockReading] = {}
        self.was_far = False

    async def read(self, server: str, ask: Callable[[], Awaitable[datetime]]) -> int:
        """Ask a server for its time, note it, and report; return 0, for there is nothing left to do.

        Raises:
            TransientError: It does not answer.
        """
        asked_at = self.clock.now()
        server_at = await ask()
        self.note(server, server_at, asked_at, self.clock.now())
        self.report()
        return 0

    def note(self, server: str, server_at: datetime, asked_at: datetime, answered_at: datetime) -> None:
        """Note what *server* said of the time; all instants aware."""
        self.readings[server] = ClockReading(server_at, asked_at, answered_at, self.elapsed())

    def skews(self) -> dict[str, timedelta]:
        """Return how far each server's clock is from ours now, as far as a reading of the last minute tells."""
        now, elapsed = self.clock.now(), self.elapsed()
        return {
            server: reading.skew_at(now, elapsed)
            for server, reading in self.readings.items()
            if elapsed - reading.elapsed_seconds <= READING_AGE_MAX_SECONDS
        }

    def report(self) -> None:
        """Set the metrics, and log when the clocks begin and cease to be too far apart."""
        skews = self.skews()
        for server in self.readings:
            gauge = metrics.CLOCK_SKEW_SECONDS.labels(self.service, server)
            gauge.set(skews.get(server, timedelta()).total_seconds())
        sentence = disagreement(skews, self.skew_max)
        if bool(sentence) != self.was_far:
            log.warning("clocks are too far apart" if sentence else "clocks agree again", because=sentence)
        self.was_far = bool(sentence)

    def remark(self) -> str:
        """Return which clocks somebody should set; empty if none."""
        return disagreement(self.skews(), REMARKED_BEYOND)

    def trouble(self) -> str:
        """Return why what time causes must wait; empty if it need not."""
        return disagreement(self.skews(), self.skew_max)
