"""How much time a clock allows, and in which units it is counted."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, assert_never

from shared.values import value
from shared.working_time.counting import WorkingTime


class Unit(StrEnum):
    """What an amount counts."""

    WORKING_DAYS = "working_days"
    WORKING_HOURS = "working_hours"
    WORKING_MINUTES = "working_minutes"
    DAYS = "days"
    SECONDS = "seconds"


class TimeLine(Protocol):
    """A way of counting time."""

    def add(self, at: datetime, working: timedelta) -> datetime:
        """Return the first instant by which so much has passed since *at*."""
        ...

    def between(self, since: datetime, until: datetime) -> timedelta:
        """Return how much passes from one instant to another."""
        ...


class PlainTime:
    """Time as the wall clock shows it, day and night."""

    def add(self, at: datetime, working: timedelta) -> datetime:
        """Return the instant that lies so much later."""
        return at + working

    def between(self, since: datetime, until: datetime) -> timedelta:
        """Return the time from one instant to another."""
        return until - since


PLAIN = PlainTime()
COUNTED_PLAINLY = frozenset({Unit.DAYS, Unit.SECONDS})


@value
class Allowance:
    """So many of a unit, at least one."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"

    def deadline(self, start_at: datetime, calendar: WorkingTime) -> datetime:
        """Return the last instant that is in time.

        Working days end at closing time, days at local midnight; a deadline in working hours or minutes that falls on
        closing time stays there.
        """
        match self.unit:
            case Unit.WORKING_DAYS:
                return calendar.nth_working_day(start_at, self.amount)
            case Unit.WORKING_HOURS:
                return calendar.add(start_at, timedelta(hours=self.amount))
            case Unit.WORKING_MINUTES:
                return calendar.add(start_at, timedelta(minutes=self.amount))
            case Unit.DAYS:
                return calendar.nth_day(start_at, self.amount)
            case Unit.SECONDS:
                return start_at + timedelta(seconds=self.amount)
            case _:
                assert_never(self.unit)

    def time_line(self, calendar: WorkingTime) -> TimeLine:
        """Return on what pauses, percentages and remainders of this allowance are counted."""
        return PLAIN if self.unit in COUNTED_PLAINLY else calendar
