from datetime import UTC, date, datetime, timedelta

import pytest

from shared.working_time.counting import CalendarExhausted, WorkingTime
from shared.working_time.hours import Season, Week
from tests.unit.working_time.calendars import ALWAYS, OFFICE_DAY, at, calendar, dates, hours, office, wib

pytestmark = pytest.mark.unit

RAMADAN_DAY = hours("08:00-12:00", "12:30-15:00")
RAMADAN_WEEK: Week = (*(RAMADAN_DAY,) * 4, hours("08:00-11:30", "12:30-15:30"), (), ())
CITY = office(
    seasons=(Season(date(2026, 2, 19), date(2026, 3, 20), RAMADAN_WEEK),),
    holidays=dates(
        "2025-12-25", "2025-12-26", "2026-01-01", "2026-03-18", "2026-03-19", "2026-03-20", "2026-03-23", "2026-03-24"
    ),
    shifts={date(2026, 4, 11): hours("08:00-10:00"), date(2026, 4, 14): ()},
)
OFFICE = office()
WATCH = office(week=ALWAYS)


def spent(text: str) -> timedelta:
    """Return a duration such as ``1:30`` in hours and minutes."""
    whole, _, part = text.partition(":")
    return timedelta(hours=int(whole), minutes=int(part or 0))


@pytest.mark.parametrize(
    ("since", "working", "until"),
    [
        # Monday 6 April 2026 is an ordinary day: 07:30-12:00, 13:00-16:00.
        ("2026-04-06 07:30", "1", "2026-04-06 08:30"),
        ("2026-04-06 05:00", "1", "2026-04-06 08:30"),
        ("2026-04-06 11:00", "1", "2026-04-06 12:00"),  # the break begins and the time stays there
        ("2026-04-06 11:00", "1:01", "2026-04-06 13:01"),
        ("2026-04-06 12:00", "1", "2026-04-06 14:00"),
        ("2026-04-06 12:30", "1", "2026-04-06 14:00"),
        ("2026-04-06 13:00", "3", "2026-04-06 16:00"),  # closing time and it stays there
        ("2026-04-06 13:00", "3:01", "2026-04-07 07:31"),
        ("2026-04-06 16:00", "0:01", "2026-04-07 07:31"),
        ("2026-04-06 07:30", "7:30", "2026-04-06 16:00"),
        ("2026-04-06 07:30", "15", "2026-04-07 16:00"),
        ("2026-04-06 07:30", "37:30", "2026-04-10 16:30"),  # the working week of Perpres 21/2023
        # Friday 10 April: 07:30-11:30, 13:00-16:30; Saturday has a shift of two hours.
        ("2026-04-10 11:00", "0:30", "2026-04-10 11:30"),
        ("2026-04-10 11:00", "0:31", "2026-04-10 13:01"),
        ("2026-04-10 11:45", "0:15", "2026-04-10 13:15"),
        ("2026-04-10 16:30", "0:30", "2026-04-11 08:30"),
        ("2026-04-10 16:00", "2:31", "2026-04-13 07:31"),
        ("2026-04-11 09:00", "1:30", "2026-04-13 08:00"),
        ("2026-04-12 23:59", "0:30", "2026-04-13 08:00"),
        # Tuesday 14 April has no hours, by a shift without any.
        ("2026-04-13 15:30", "1", "2026-04-15 08:00"),
        # Ramadan begins on Thursday 19 February: 08:00-12:00, 12:30-15:00, Friday to 15:30.
        ("2026-02-18 15:00", "1:30", "2026-02-19 08:30"),
        ("2026-02-19 07:30", "0:30", "2026-02-19 08:30"),
        ("2026-02-19 11:30", "1", "2026-02-19 13:00"),
        ("2026-02-19 14:00", "2", "2026-02-20 09:00"),
        ("2026-02-20 11:00", "1", "2026-02-20 13:00"),
        ("2026-02-16 07:30", "35:30", "2026-02-20 15:30"),  # three ordinary days, two of Ramadan
        # Nyepi and Idulfitri with cuti bersama, 18 to 24 March; the Ramadan hours end with Friday 20 March.
        ("2026-03-17 14:00", "1", "2026-03-17 15:00"),
        ("2026-03-17 14:00", "1:30", "2026-03-25 08:00"),
        ("2026-03-21 10:00", "7:30", "2026-03-25 16:00"),
        # Year ends: Christmas with cuti bersama, New Year.
        ("2025-12-24 15:00", "2", "2025-12-29 08:30"),
        ("2025-12-31 15:30", "1", "2026-01-02 08:00"),
        ("2025-12-30 07:30", "22:30", "2026-01-02 16:30"),
    ],
)
def test_working_time_is_added_on_the_citys_calendar(since: str, working: str, until: str) -> None:
    assert wib(CITY.add(at(since), spent(working))) == until


@pytest.mark.parametrize(
    ("since", "until", "working"),
    [
        ("2026-04-06 07:00", "2026-04-06 07:30", "0"),
        ("2026-04-06 07:30", "2026-04-06 16:00", "7:30"),
        ("2026-04-06 11:59", "2026-04-06 13:01", "0:02"),
        ("2026-04-06 12:00", "2026-04-06 13:00", "0"),
        ("2026-04-06 16:00", "2026-04-07 07:30", "0"),
        ("2026-04-10 16:00", "2026-04-13 08:00", "3:00"),
        ("2026-02-16 00:00", "2026-02-21 00:00", "35:30"),
        ("2026-03-17 15:00", "2026-03-25 07:30", "0"),
        ("2025-12-24 15:00", "2026-01-02 08:00", "24:00"),
    ],
)
def test_working_time_between_leaves_out_breaks_nights_and_holidays(since: str, until: str, working: str) -> None:
    assert CITY.between(at(since), at(until)) == spent(working)
    assert CITY.between(at(until), at(since)) == -spent(working)


@pytest.mark.parametrize(
    ("since", "n", "until"),
    [
        ("2026-04-06 09:00", 1, "2026-04-07 16:00"),  # the day itself never counts
        ("2026-04-06 00:00", 1, "2026-04-07 16:00"),
        ("2026-04-06 23:59", 1, "2026-04-07 16:00"),
        ("2026-04-05 23:59", 1, "2026-04-06 16:00"),
        ("2026-04-06 09:00", 4, "2026-04-10 16:30"),
        ("2026-04-10 09:00", 1, "2026-04-11 10:00"),  # the Saturday with a shift is a working day
        ("2026-04-11 09:00", 1, "2026-04-13 16:00"),
        ("2026-04-13 09:00", 1, "2026-04-15 16:00"),  # the Tuesday without hours is none
        ("2026-02-18 09:00", 1, "2026-02-19 15:00"),
        ("2026-02-19 09:00", 1, "2026-02-20 15:30"),
        ("2026-03-17 09:00", 1, "2026-03-25 16:00"),
        ("2026-03-22 09:00", 3, "2026-03-27 16:30"),
        ("2025-12-31 16:00", 1, "2026-01-02 16:30"),
        ("2025-12-22 09:00", 6, "2026-01-02 16:30"),
    ],
)
def test_the_nth_working_day_ends_at_closing_time(since: str, n: int, until: str) -> None:
    assert wib(CITY.nth_working_day(at(since), n)) == until


def test_a_report_of_saturday_with_one_working_day_is_due_on_monday_at_closing() -> None:
    assert wib(OFFICE.nth_working_day(at("2026-04-04 20:00"), 1)) == "2026-04-06 16:00"


@pytest.mark.parametrize(("n", "until"), [(0, "2026-04-07 00:00"), (1, "2026-04-08 00:00"), (30, "2026-05-07 00:00")])
def test_the_nth_day_ends_at_local_midnight_whatever_the_weekday(n: int, until: str) -> None:
    assert wib(OFFICE.nth_day(at("2026-04-06 09:00"), n)) == until


def test_around_the_clock_every_hour_and_every_day_works() -> None:
    saturday = at("2026-04-11 22:00")

    assert wib(WATCH.add(saturday, spent("30"))) == "2026-04-13 04:00"
    assert wib(WATCH.nth_working_day(saturday, 1)) == "2026-04-13 00:00"
    assert WATCH.between(at("2026-01-01 00:00"), at("2027-01-01 00:00")) == timedelta(days=365)


@pytest.mark.parametrize(
    ("zone", "since", "until"),
    [
        ("Asia/Jakarta", "2026-04-06 08:00", "2026-04-06 09:00"),
        ("Asia/Makassar", "2026-04-06 08:00", "2026-04-06 09:00"),
        ("Asia/Jayapura", "2026-04-06 08:00", "2026-04-06 09:00"),
        ("Asia/Jayapura", "2026-04-05 23:30", "2026-04-06 08:30"),
    ],
)
def test_hours_are_those_of_the_offices_own_zone(zone: str, since: str, until: str) -> None:
    assert office(zone=zone).add(at(since, zone), spent("1")) == at(until, zone)


def test_the_local_date_decides_which_day_is_the_first() -> None:
    late_evening_in_jakarta = at("2026-04-06 23:30")

    assert OFFICE.nth_working_day(late_evening_in_jakarta, 1) == at("2026-04-07 16:00")
    assert office(zone="Asia/Jayapura").nth_working_day(late_evening_in_jakarta, 1) == at(
        "2026-04-08 16:00", "Asia/Jayapura"
    )


@pytest.mark.parametrize(
    ("since", "working", "until"),
    [
        ("2026-03-28 22:00", "4", "2026-03-29 03:00"),  # 02:00 to 03:00 is left out
        ("2026-03-29 00:00", "23", "2026-03-30 00:00"),
        ("2026-10-25 00:00", "25", "2026-10-26 00:00"),  # 02:00 to 03:00 comes twice
        ("2026-10-24 22:00", "4", "2026-10-25 02:00"),
        ("2026-10-24 22:00", "6", "2026-10-25 03:00"),
    ],
)
def test_a_night_watch_in_berlin_works_what_really_passes(since: str, working: str, until: str) -> None:
    watch = office(week=ALWAYS, zone="Europe/Berlin")
    start_at = at(since, "Europe/Berlin")

    reached_at = watch.add(start_at, spent(working))

    assert reached_at == at(until, "Europe/Berlin")
    assert watch.between(start_at, reached_at) == spent(working)


def test_an_ordinary_office_in_berlin_keeps_its_local_hours_when_the_clocks_change() -> None:
    berlin = office(zone="Europe/Berlin")

    friday, monday = at("2026-03-27 16:00", "Europe/Berlin"), at("2026-03-30 08:00", "Europe/Berlin")

    assert berlin.add(friday, spent("1")) == monday
    assert friday == datetime(2026, 3, 27, 15, tzinfo=UTC)
    assert monday == datetime(2026, 3, 30, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "working"),
    [("02:30-03:30", "0:30"), ("01:30-02:30", "0:30"), ("02:15-02:45", "0"), ("01:00-04:00", "2")],
)
def test_an_hour_that_never_happens_is_not_worked(span: str, working: str) -> None:
    sunday = office(week=((),) * 6 + (hours(span),), zone="Europe/Berlin")
    last_night, tomorrow = at("2026-03-29 00:00", "Europe/Berlin"), at("2026-03-30 00:00", "Europe/Berlin")

    assert sunday.between(last_night, tomorrow) == spent(working)


def test_a_day_whose_only_hours_never_happen_is_no_working_day() -> None:
    sunday = office(week=((),) * 6 + (hours("02:15-02:45"),), zone="Europe/Berlin")

    due_at = sunday.nth_working_day(at("2026-03-27 12:00", "Europe/Berlin"), 1)

    assert due_at == at("2026-04-05 02:45", "Europe/Berlin")


def test_a_day_without_midnight_begins_when_the_clocks_are_put_forward() -> None:
    beirut = WorkingTime(calendar(week=ALWAYS, zone="Asia/Beirut"))  # 29 March 2026 begins at 01:00

    ends_at = beirut.nth_day(at("2026-03-28 12:00", "Asia/Beirut"), 0)

    assert ends_at == datetime(2026, 3, 28, 22, tzinfo=UTC)


def test_adding_no_time_changes_nothing() -> None:
    sunday = at("2026-04-05 12:00")

    assert OFFICE.add(sunday, timedelta(0)) == sunday


def test_microseconds_are_counted() -> None:
    closing = at("2026-04-06 16:00")

    assert OFFICE.add(closing - timedelta(microseconds=1), timedelta(microseconds=1)) == closing
    assert OFFICE.add(closing, timedelta(microseconds=1)) == at("2026-04-07 07:30") + timedelta(microseconds=1)


def test_time_that_lies_back_is_subtracted_and_time_to_come_is_added() -> None:
    monday = at("2026-04-06 09:00")

    assert OFFICE.add(monday, -spent("2")) == OFFICE.subtract(monday, spent("2")) == at("2026-04-03 16:00")
    assert OFFICE.subtract(monday, -spent("2")) == OFFICE.add(monday, spent("2"))


def test_there_is_no_working_day_before_the_first() -> None:
    with pytest.raises(ValueError, match="number 1"):
        OFFICE.nth_working_day(at("2026-04-06 09:00"), 0)


def test_an_office_that_never_works_ends_the_count_instead_of_looping() -> None:
    never = office(week=((),) * 7)
    start_at = at("2026-04-06 09:00")

    with pytest.raises(CalendarExhausted, match="default from 2026"):
        never.add(start_at, spent("1"))
    with pytest.raises(CalendarExhausted):
        never.subtract(start_at, spent("1"))
    with pytest.raises(CalendarExhausted):
        never.nth_working_day(start_at, 1)
    with pytest.raises(CalendarExhausted):
        never.between(start_at, start_at.replace(year=2300))


@pytest.mark.parametrize("far", [timedelta.max, timedelta.max // 2, timedelta(days=40_000)])
def test_more_working_time_than_a_century_has_is_refused_either_way(far: timedelta) -> None:
    for start_at in (at("2026-04-06 09:00"), at("9998-12-31 09:00"), at("0002-01-02 09:00")):
        with pytest.raises(CalendarExhausted):
            WATCH.add(start_at, far)
        with pytest.raises(CalendarExhausted):
            WATCH.subtract(start_at, far)


def test_an_allowance_slightly_beyond_a_century_is_refused() -> None:
    with pytest.raises(CalendarExhausted):
        WATCH.add(at("2026-04-06 09:00"), timedelta(days=36_900))


def test_a_day_beyond_the_last_that_can_be_written_is_refused() -> None:
    with pytest.raises(CalendarExhausted, match="default from 2026"):
        OFFICE.nth_day(at("2026-04-06 09:00"), 10_000_000)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2026-04-06", OFFICE_DAY),
        ("2026-04-05", ()),
        ("2026-02-18", OFFICE_DAY),
        ("2026-02-19", RAMADAN_DAY),
        ("2026-03-17", RAMADAN_DAY),
        ("2026-03-20", ()),
        ("2026-03-25", OFFICE_DAY),
        ("2026-04-11", hours("08:00-10:00")),
        ("2026-04-14", ()),
    ],
)
def test_shifts_go_before_holidays_and_holidays_before_seasons(day: str, worked: object) -> None:
    assert CITY.calendar.hours_on(date.fromisoformat(day)) == worked


def test_a_shift_opens_the_office_on_a_holiday() -> None:
    opened = calendar(holidays=dates("2026-05-01"), shifts={date(2026, 5, 1): hours("09:00-11:00")})

    assert opened.hours_on(date(2026, 5, 1)) == hours("09:00-11:00")
