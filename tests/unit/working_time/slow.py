"""Working time counted minute by minute by what a clock on the wall shows: slow, plain, and nothing of it shared.

An office opens in the first minute of a date at which the clock shows its opening time or later, and closes in the
first at which it shows its closing time or later. So what the clock leaves out is not worked, what it shows twice
counts from the first time, and a span works as long as really passes.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo

from shared.working_time.hours import Calendar

MINUTE = timedelta(minutes=1)


@cache
def minutes_of(zone: ZoneInfo, day: date) -> list[tuple[datetime, int]]:
    """Return each minute of a local date and the latest second of the day that its clock has shown by then."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    latest, minutes = 0, []
    for _ in range(54 * 60):
        local = at.astimezone(zone)
        if local.date() == day:
            latest = max(latest, local.hour * 3600 + local.minute * 60)
            minutes.append((at, latest))
        at += MINUTE
    return minutes


class WallClock:
    """The minutes in which the office of *calendar* works from one local date to another, both included."""

    def __init__(self, calendar: Calendar, first: date, last: date) -> None:
        self.zone = ZoneInfo(calendar.zone)
        self.worked: list[datetime] = []
        self.closings: dict[date, datetime] = {}
        day = first
        while day <= last:
            minutes = minutes_of(self.zone, day)
            for opens, closes in calendar.hours_on(day):
                span = [at for at, shown in minutes if shown >= opens]
                left = [at for at, shown in minutes if shown >= closes]
                span = span[: len(span) - len(left)]
                self.worked += span
                if span:
                    self.closings[day] = span[-1] + MINUTE
            day += timedelta(days=1)
        self.works = set(self.worked).__contains__

    def add(self, at: datetime, minutes: int) -> datetime:
        """Return the end of the so-manieth minute worked from *at* on."""
        return [minute for minute in self.worked if minute >= at][minutes - 1] + MINUTE

    def subtract(self, at: datetime, minutes: int) -> datetime:
        """Return the beginning of the so-manieth minute worked before *at*, counted back."""
        return [minute for minute in self.worked if minute < at][-minutes]

    def between(self, since: datetime, until: datetime) -> timedelta:
        """Return the minutes worked from one instant to another."""
        return sum(since <= minute < until for minute in self.worked) * MINUTE

    def nth_working_day(self, at: datetime, n: int) -> datetime:
        """Return the closing of the *n*-th date with work after that of *at*."""
        today = at.astimezone(self.zone).date()
        return [closing for day, closing in self.closings.items() if day > today][n - 1]

    def since(self, at: datetime) -> Iterator[datetime]:
        """Yield every minute worked from an instant on."""
        return islice(self.worked, bisect_left(self.worked, at), None)

    def count(self, since: datetime, until: datetime) -> int:
        """Return how many minutes are worked from one instant to another."""
        return bisect_left(self.worked, until) - bisect_left(self.worked, since)
