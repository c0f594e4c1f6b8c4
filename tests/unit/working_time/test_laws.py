"""What holds for every calendar: laws of counting, and a slow count minute by minute that must come to the same."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.working_time.counting import WorkingTime
from shared.working_time.hours import Calendar, Hours, Season, Week
from tests.unit.working_time.calendars import calendar, office

pytestmark = pytest.mark.laws

LAW = settings(max_examples=15, deadline=None)
MINUTE = timedelta(minutes=1)
START = datetime(2026, 3, 20, tzinfo=UTC)
ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu")


@st.composite
def day_hours(draw: st.DrawFn) -> Hours:
    """Up to three spans; none begins or ends between midnight and 04:00, when clocks are changed."""
    edges = draw(st.lists(st.integers(16, 96), max_size=6, unique=True).map(sorted))
    return tuple((first * 900, last * 900) for first, last in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    def week() -> Week:
        hours = [draw(day_hours()) for _ in range(6)]
        return (hours[0] or ((28_800, 57_600),), hours[1], hours[2], hours[3], hours[4], hours[5], ())

    first = draw(st.dates(date(2026, 3, 1), date(2026, 5, 1)))
    return calendar(
        zone=draw(st.sampled_from(ZONES)),
        week=week(),
        seasons=(Season(first, first + timedelta(days=draw(st.integers(0, 40))), week()),),
        holidays=frozenset(draw(st.lists(st.dates(date(2026, 3, 1), date(2026, 5, 1)), max_size=5))),
        shifts={
            day: draw(day_hours()) for day in draw(st.lists(st.dates(date(2026, 3, 1), date(2026, 5, 1)), max_size=2))
        },
    )


offices = calendars().map(WorkingTime)
instants = st.integers(0, 40 * 24 * 3600).map(lambda seconds: START + timedelta(seconds=seconds))
durations = st.integers(1, 300 * 3600).map(lambda seconds: timedelta(seconds=seconds))


@LAW
@given(offices, instants, durations)
def test_between_counts_what_was_added(work: WorkingTime, at: datetime, working: timedelta) -> None:
    assert work.between(at, work.add(at, working)) == working


@LAW
@given(offices, instants, durations)
def test_adding_leads_to_the_first_such_instant(work: WorkingTime, at: datetime, working: timedelta) -> None:
    just_before = work.add(at, working) - timedelta(microseconds=1)

    assert work.between(at, just_before) < working


@LAW
@given(offices, instants, durations, durations)
def test_adding_twice_is_adding_the_sum(work: WorkingTime, at: datetime, some: timedelta, more: timedelta) -> None:
    assert work.add(work.add(at, some), more) == work.add(at, some + more)


@LAW
@given(offices, instants, durations)
def test_between_counts_what_was_subtracted(work: WorkingTime, at: datetime, working: timedelta) -> None:
    assert work.between(work.subtract(at, working), at) == working


@LAW
@given(offices, instants, durations)
def test_subtracting_leads_to_the_last_such_instant(work: WorkingTime, at: datetime, working: timedelta) -> None:
    just_after = work.subtract(at, working) + timedelta(microseconds=1)

    assert work.between(just_after, at) < working


@LAW
@given(offices, instants, durations, durations)
def test_subtracting_twice_is_subtracting_the_sum(
    work: WorkingTime, at: datetime, some: timedelta, more: timedelta
) -> None:
    assert work.subtract(work.subtract(at, some), more) == work.subtract(at, some + more)


@LAW
@given(offices, instants, durations)
def test_adding_and_subtracting_cancel_out(work: WorkingTime, at: datetime, working: timedelta) -> None:
    assert work.between(at, work.subtract(work.add(at, working), working)) == timedelta(0)
    assert work.between(at, work.add(work.subtract(at, working), working)) == timedelta(0)


@LAW
@given(offices, instants, instants, durations)
def test_adding_working_time_is_monotonic(
    work: WorkingTime, one: datetime, other: datetime, working: timedelta
) -> None:
    early, late = sorted((one, other))

    assert work.add(early, working) <= work.add(late, working)
    assert work.subtract(early, working) <= work.subtract(late, working)


@LAW
@given(offices, instants, instants, instants)
def test_adjacent_intervals_add_up(work: WorkingTime, one: datetime, other: datetime, third: datetime) -> None:
    assert work.between(one, other) + work.between(other, third) == work.between(one, third)
    assert timedelta(0) <= abs(work.between(one, other)) <= abs(other - one)


@LAW
@given(calendars(), instants, durations, st.integers(1, 60))
def test_every_zone_counts_alike(hours: Calendar, at: datetime, working: timedelta, n: int) -> None:
    def in_zone(offset: int) -> tuple[datetime, ...]:
        """The same wall clock, where it is so many hours earlier than in Greenwich."""
        work = office(
            zone=f"Etc/GMT-{offset}",
            week=hours.week,
            seasons=hours.seasons,
            holidays=hours.holidays,
            shifts=hours.shifts,
        )
        shift = timedelta(hours=offset)
        there = at - shift
        reached = (
            work.add(there, working),
            work.subtract(there, working),
            work.nth_working_day(there, n),
            work.nth_day(there, n),
        )
        return tuple(one + shift for one in reached)

    assert in_zone(7) == in_zone(8) == in_zone(9) == in_zone(0)


@LAW
@given(calendars(), instants, st.integers(0, 4 * 24 * 60))
def test_working_time_equals_a_count_minute_by_minute(hours: Calendar, at: datetime, minutes: int) -> None:
    since = at.replace(second=0)
    zone = ZoneInfo(hours.zone)

    def works(minute: datetime) -> bool:
        local = minute.astimezone(zone)
        second = local.hour * 3600 + local.minute * 60
        return any(first <= second < last for first, last in hours.hours_on(local.date()))

    slow = sum(works(since + n * MINUTE) for n in range(minutes))

    assert WorkingTime(hours).between(since, since + minutes * MINUTE) == slow * MINUTE


@LAW
@given(calendars(), instants, st.integers(1, 30))
def test_the_nth_working_day_is_found_by_walking_day_by_day(hours: Calendar, at: datetime, n: int) -> None:
    zone = ZoneInfo(hours.zone)
    day, left = at.astimezone(zone).date(), n
    while left:
        day += timedelta(days=1)
        left -= bool(hours.hours_on(day))
    closing = datetime.combine(day, time(), zone) + timedelta(seconds=hours.hours_on(day)[-1][1])

    work = WorkingTime(hours)
    # Asked again, for that day and for the one before it, it is what it was.
    closings = [work.nth_working_day(at - earlier, n) for earlier in (timedelta(), timedelta(days=1)) * 2]
    assert closings[0] == closing
    assert closings[:2] == closings[2:]
    assert (work.days_between(at, closing - MINUTE), work.days_between(closing - MINUTE, at)) == (n, -n)
