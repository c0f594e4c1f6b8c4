"""Offices of many kinds in many zones, around every kind of day: all must count as a clock on the wall does."""

from datetime import date, datetime, timedelta

import pytest

from shared.working_time.counting import WorkingTime
from shared.working_time.hours import Calendar, Season, Week
from tests.unit.working_time.calendars import ALWAYS, OFFICE_WEEK, calendar, dates, hours
from tests.unit.working_time.slow import MINUTE, WallClock

pytestmark = pytest.mark.laws

BREAKS = hours("07:30-09:45", "10:00-12:00", "13:00-15:00", "15:15-16:00")
NO_BREAKS = hours("08:00-12:00", "12:00-13:00", "13:00-16:00")  # breaks of no length
NIGHT = hours("00:00-06:00", "22:00-24:00")
SMALL_HOURS = hours("00:30-01:45", "02:15-02:45", "02:50-03:30")
HALF = hours("08:00-12:00")
RAMADAN = hours("08:00-12:00", "12:30-15:00")

WEEKS: dict[str, Week] = {
    "office": OFFICE_WEEK,
    "many breaks": (BREAKS, NO_BREAKS, BREAKS, NO_BREAKS, BREAKS, HALF, ()),
    "night shift": (NIGHT,) * 7,
    "small hours": (SMALL_HOURS,) * 7,
    "day and night": ALWAYS,
    "sundays only": ((), (), (), (), (), (), hours("01:30-04:30", "23:00-24:00")),
}
AROUND = {  # a middle date on which something happens, in the zone
    "Asia/Jakarta": ("2026-03-01", "2025-12-31", "2028-02-29"),
    "Asia/Makassar": ("2026-01-01",),
    "Asia/Jayapura": ("2024-02-29",),
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "Asia/Beirut": ("2026-03-29", "2026-10-25"),  # the day begins at 01:00, and once ends twice
    "Pacific/Apia": ("2011-12-30",),  # a date that never was
}
PLACES = [(zone, date.fromisoformat(day)) for zone, days in AROUND.items() for day in days]
REACH = timedelta(days=16)


def office(zone: str, week: Week, middle: date) -> Calendar:
    """An office with a holiday on a working day and one on a Sunday, a half day, and Ramadan in the week after."""
    sunday = middle + timedelta(days=6 - middle.weekday())
    return calendar(
        zone=zone,
        week=week,
        seasons=(Season(middle + timedelta(days=5), middle + timedelta(days=8), (*(RAMADAN,) * 5, (), ())),),
        holidays=dates(str(middle + timedelta(days=2)), str(sunday)) - {middle},
        shifts={middle - timedelta(days=2): HALF},
    )


@pytest.mark.parametrize("kind", WEEKS)
@pytest.mark.parametrize(("zone", "middle"), PLACES, ids=lambda value: str(value))
def test_an_office_counts_as_a_clock_on_its_wall_does(zone: str, middle: date, kind: str) -> None:
    hours_there = office(zone, WEEKS[kind], middle)
    work, slow = WorkingTime(hours_there), WallClock(hours_there, middle - REACH, middle + REACH)
    noon = datetime.fromisoformat(f"{middle} 12:00+00:00")

    for step in range(12):
        at = noon + (step - 6) * timedelta(hours=11, minutes=37)
        later = at + step * timedelta(hours=7, minutes=13)
        minutes = 1 + 29 * step
        assert work.between(at, later) == slow.between(at, later), at
        if kind == "sundays only":
            minutes = 1 + 9 * step
        assert work.add(at, minutes * MINUTE) == slow.add(at, minutes), at
        assert work.subtract(at, minutes * MINUTE) == slow.subtract(at, minutes), at
        assert work.nth_working_day(at, 1) == slow.nth_working_day(at, 1), at


@pytest.mark.parametrize(("zone", "middle"), PLACES, ids=lambda value: str(value))
def test_at_every_edge_of_every_span_it_counts_as_a_clock_on_the_wall_does(zone: str, middle: date) -> None:
    hours_there = office(zone, WEEKS["small hours"], middle)
    work, slow = WorkingTime(hours_there), WallClock(hours_there, middle - REACH, middle + REACH)
    near = [minute for minute in slow.worked if abs(minute.astimezone(slow.zone).date() - middle) <= timedelta(days=1)]
    edges = {at for minute in near for at in (minute, minute + MINUTE) if (at in near) != (at - MINUTE in near)}

    for at in sorted(edges):
        for start_at in (at - MINUTE, at, at + MINUTE):
            for minutes in (1, 30, 75, 76):
                assert work.add(start_at, minutes * MINUTE) == slow.add(start_at, minutes), start_at
                assert work.subtract(start_at, minutes * MINUTE) == slow.subtract(start_at, minutes), start_at
