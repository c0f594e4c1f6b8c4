"""Knows how late the sender is: how long the delivery that has been due longest waits by now."""

from datetime import datetime, timedelta

from shared.adapters.clock import Clock
from shared.process import metrics


class Lateness:
    """What the last round of the sender found, measured against the clock whenever somebody asks.

    A round that hangs, or a database that does not answer, lets it grow. What waits for quiet hours to end, or for the
    next attempt, is not due and so not late.

    Args:
        remarked_after: Beyond this somebody should know.
    """

    def __init__(self, clock: Clock, remarked_after: timedelta) -> None:
        self.clock = clock
        self.remarked_after = remarked_after
        self.oldest_due_at: datetime | None = None

    def note(self, oldest_due_at: datetime | None) -> None:
        """Note since when the first one has been due; None if none is."""
        self.oldest_due_at = oldest_due_at

    def seconds(self) -> float:
        """Return how late the sender is; 0 while nothing is due."""
        if self.oldest_due_at is None:
            return 0.0
        return max(0.0, (self.clock.now() - self.oldest_due_at).total_seconds())

    def remark(self) -> str:
        """Return a sentence if that is too late; empty otherwise."""
        seconds = self.seconds()
        if seconds <= self.remarked_after.total_seconds():
            return ""
        return f"a notice has been due for {seconds:.0f} s; `tindak notify list --waiting` shows what waits"

    def measured(self) -> "Lateness":
        """Return this, which the metrics ask from now on."""
        metrics.OLDEST_DUE_SECONDS.set_function(self.seconds)
        return self
