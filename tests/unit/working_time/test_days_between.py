from datetime import date

import pytest

from shared.working_time.counting import CalendarExhausted
from tests.unit.working_time.calendars import at, dates, hours, office

pytestmark = pytest.mark.unit

OFFICE = office()
CITY = office(
    holidays=dates("2025-12-25", "2025-12-26", "2026-01-01"),
    shifts={date(2026, 4, 11): hours("08:00-10:00"), date(2026, 4, 14): ()},
)


@pytest.mark.parametrize(
    ("since", "until", "n"),
    [
        ("2026-04-06 07:00", "2026-04-06 23:59", 0),  # the date itself never counts
        ("2026-04-06 23:59", "2026-04-07 00:00", 1),
        ("2026-04-06 09:00", "2026-04-10 16:30", 4),
        ("2026-04-10 09:00", "2026-04-12 12:00", 1),  # Saturday has a shift
        ("2026-04-11 09:00", "2026-04-12 12:00", 0),
        ("2026-04-13 09:00", "2026-04-14 12:00", 0),  # Tuesday has no hours, by a shift without any
        ("2025-12-24 09:00", "2026-01-02 09:00", 4),  # over the turn of the year
        ("2025-12-31 09:00", "2028-01-03 09:00", 522),
        ("2026-04-10 16:30", "2026-04-06 09:00", -4),
        ("2026-04-12 09:00", "2026-04-10 16:30", -1),
    ],
)
def test_working_days_between_two_dates_leave_out_the_first(since: str, until: str, n: int) -> None:
    assert CITY.days_between(at(since), at(until)) == n


def test_working_days_far_apart_or_in_no_year_that_can_be_counted_are_refused() -> None:
    today = at("2026-04-06 09:00")

    for far in (at("2127-04-06 09:00"), at("9999-01-01 09:00"), at("1900-04-06 09:00")):
        with pytest.raises(CalendarExhausted):
            OFFICE.days_between(today, far)
