"""Office hours, day by day in local time; `counting` counts them."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import date, timedelta
from itertools import chain

from shared.values import value

DAY_SECONDS = 24 * 60 * 60
DEFAULT_CALENDAR = "default"
"""The code of the calendar of whoever has none of their own."""

Span = tuple[int, int]
"""From the first second of local time to the last, counted from midnight; 86,400 is the end of the day."""

Hours = tuple[Span, ...]
"""The spans of one day, in order, none beginning before the one before it ends; empty for a free day."""

Week = tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours]
"""Monday to Sunday."""


@value
class Season:
    """Other hours in a range of dates, both included; Ramadan for example."""

    first: date
    last: date
    week: Week


@value
class Calendar:
    """The hours of one kind of office.

    Args:
        code: As in the policy.
        version: Changes when anything below it changes.
        zone: IANA name of the zone in which the hours are given.
        week: Ordinary hours.
        seasons: Disjoint.
        holidays: Free whatever the weekday.
        shifts: Hours of single dates, which go before everything else.
    """

    code: str
    version: str
    zone: str
    week: Week
    seasons: tuple[Season, ...] = ()
    holidays: frozenset[date] = frozenset()
    shifts: Mapping[date, Hours] = field(default_factory=dict)

    def hours_on(self, day: date) -> Hours:
        """Return the spans in which the office works on a local date."""
        if day in self.shifts:
            return self.shifts[day]
        if day in self.holidays:
            return ()
        week = next((season.week for season in self.seasons if season.first <= day <= season.last), self.week)
        return week[day.weekday()]

    def idle_year(self, years: Iterable[int]) -> int | None:
        """Return the first of *years*, or of those that seasons touch, in which the office never works; else None."""
        touched = chain(years, *(range(season.first.year, season.last.year + 1) for season in self.seasons))
        return next((year for year in touched if not any(map(self.hours_on, days_of(year)))), None)


def days_of(year: int) -> Iterable[date]:
    """Return every date of a year, in order."""
    first = date(year, 1, 1)
    return (first + timedelta(days=n) for n in range(date(year, 12, 31).timetuple().tm_yday))
