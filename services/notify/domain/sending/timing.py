"""Quiet hours, retries, and the days of digests."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo
from uuid import UUID, uuid5

from shared.values import value

SHARES = 2**128
DOUBLINGS_MAX = 30
DAYS_A_WEEK = 7


@value
class QuietHours:
    """The hours in which no message wakes a citizen, from *start* until just before *end*; they may span midnight."""

    start: time
    end: time
    zone: tzinfo

    def over_at(self, at: datetime) -> datetime | None:
        """Return when the quiet hours around *at* are over, in its own zone; None if they are not on."""
        local = at.astimezone(self.zone)
        clock = local.time()
        spans_midnight = self.start > self.end
        quiet = clock >= self.start or clock < self.end if spans_midnight else self.start <= clock < self.end
        if not quiet:
            return None
        day = local.date() + timedelta(days=spans_midnight and clock >= self.start)
        return datetime.combine(day, self.end, self.zone).astimezone(at.tzinfo)


@value
class Retries:
    """How often and after how long a delivery is tried again.

    Args:
        attempts_max: Attempts in all, the first included.
        first_for: Longest wait after the first attempt; twice as long after each further one.
        longest_for: What no wait exceeds.
    """

    attempts_max: int
    first_for: timedelta
    longest_for: timedelta

    def wait_after(self, attempt: int, delivery_id: str) -> timedelta:
        """Return the wait after that attempt (from 1), in whole milliseconds: half of the longest one to all of it.

        The jitter follows from delivery and attempt, so that the messages of one outage do not all come back at once
        and the same attempt gets the same wait.
        """
        longest = min(self.first_for * 2 ** min(attempt - 1, DOUBLINGS_MAX), self.longest_for)
        share = uuid5(UUID(delivery_id), str(attempt)).int / SHARES
        return timedelta(milliseconds=int(longest / timedelta(milliseconds=1) * (0.5 + share / 2)))


@value
class DigestTimes:
    """When the digests of one post are due: at that local time of those days of the week, of which Monday is 0."""

    at: time
    weekdays: frozenset[int]
    zone: tzinfo

    def last(self, now: datetime) -> datetime:
        """Return the last instant, *now* included, at which one was due; aware, UTC."""
        return next(at for at in self._from(now, -1) if at <= now)

    def after(self, now: datetime) -> datetime:
        """Return the first instant behind *now* at which one is due; aware, UTC."""
        return next(at for at in self._from(now, 1) if at > now)

    def _from(self, now: datetime, step_days: int) -> Iterator[datetime]:
        today = now.astimezone(self.zone).date()
        days = (today + timedelta(days=step_days * count) for count in range(DAYS_A_WEEK + 1))
        return (
            datetime.combine(day, self.at, self.zone).astimezone(UTC) for day in days if day.weekday() in self.weekdays
        )
