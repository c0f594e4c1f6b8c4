"""What other systems' own tests expect of working time, where they mean by it what we mean.

Facts only, in our notation, from the tests of: Intrepidd/working_hours (MIT; times are UTC unless said otherwise),
bokmann/business_time (MIT), zendesk/biz (Apache-2.0), kwkgaya/workday-calculator's worked example.
Left out, for we decide otherwise: a Sunday of 25 hours counts 24 there (working_hours) and 25 here, for so long the
office is open; days added keep the time of day there and end at closing time here.
"""

from datetime import date, timedelta

import pytest

from shared.working_time.counting import WorkingTime
from shared.working_time.hours import Hours, Week
from tests.unit.working_time.calendars import ALWAYS, at, dates, hours, office

pytestmark = pytest.mark.unit

FREE: Hours = ()
NINE_TO_FIVE, WHOLE = hours("09:00-17:00"), hours("00:00-24:00")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def week(**given: Hours) -> Week:
    mon, tue, wed, thu, fri, sat, sun = (given.get(day, FREE) for day in DAYS)
    return mon, tue, wed, thu, fri, sat, sun


def shop(
    zone: str = "UTC", *, free: tuple[str, ...] = (), shift: tuple[str, Hours] | None = None, **given: Hours
) -> WorkingTime:
    shifts = {date.fromisoformat(shift[0]): shift[1]} if shift else {}
    return office(zone=zone, week=week(**given), holidays=dates(*free), shifts=shifts)


ORDINARY = office(zone="UTC", week=((NINE_TO_FIVE,) * 5 + (FREE, FREE)))
TOKYO = office(zone="Asia/Tokyo", week=((NINE_TO_FIVE,) * 5 + (FREE, FREE)))
TWO_SPANS = shop(mon=hours("07:00-12:00", "13:00-18:00"))
WHOLE_MONDAY = shop(mon=WHOLE)
TEN = hours("08:00-18:00")
LATE_OPENING = shop(thu=TEN, fri=TEN, shift=("2019-12-27", hours("10:00-18:00")))
EARLY_CLOSING = shop(thu=TEN, fri=TEN, shift=("2019-12-27", hours("08:00-17:00")))
LONG_LUNCH = shop(
    thu=TEN, fri=hours("08:00-12:00", "13:00-18:00"), shift=("2019-12-27", hours("08:00-12:00", "14:00-18:00"))
)
CHRISTMAS = shop(mon=NINE_TO_FIVE, fri=NINE_TO_FIVE, sat=hours("10:00-15:00"))
CHRISTMAS_24 = shop(mon=WHOLE, fri=WHOLE, sat=hours("11:00-15:00"))
FREE_WEDNESDAY = shop(mon=NINE_TO_FIVE, wed=NINE_TO_FIVE, thu=NINE_TO_FIVE, free=("2014-04-09",))
JULY = office(zone="UTC", week=((NINE_TO_FIVE,) * 5 + (FREE, FREE)), holidays=dates("2010-07-05"))
BIZ = shop(
    mon=NINE_TO_FIVE, tue=hours("10:00-16:00"), wed=NINE_TO_FIVE, thu=hours("10:00-16:00"), fri=NINE_TO_FIVE,
    sat=hours("11:00-14:30"),
)  # fmt: skip
MAY = office(zone="UTC", week=((hours("08:00-16:00"),) * 5 + (FREE, FREE)), holidays=dates("2004-05-17", "2004-05-27"))


@pytest.mark.parametrize(
    ("work", "since", "seconds", "until"),
    [
        # working_hours
        (ORDINARY, "1991-11-15 14:00:42", 2 * 3600, "1991-11-15 16:00:42"),
        (ORDINARY, "1991-11-18 14:00:42", -7 * 3600, "1991-11-15 15:00:42"),
        (TOKYO, "1991-11-15 07:00", 3 * 3600, "1991-11-18 02:00"),
        (TWO_SPANS, "1991-11-11 05:00", 6 * 3600, "1991-11-11 14:00"),
        (ORDINARY, "1991-11-15 16:30:42", 45 * 60, "1991-11-18 09:15:42"),
        (ORDINARY, "1991-11-15 16:59:42", 120, "1991-11-18 09:01:42"),
        (WHOLE_MONDAY, "2014-04-07 23:59:30", 60, "2014-04-14 00:00:30"),
        (shop(mon=WHOLE, tue=TEN), "2014-04-08 00:00:30", -60, "2014-04-07 23:59"),
        (LATE_OPENING, "2019-12-27 09:00", 120, "2019-12-27 10:02"),
        (LATE_OPENING, "2019-12-27 09:00", -120, "2019-12-26 17:58"),
        (LATE_OPENING, "2019-12-27 11:00", -7200, "2019-12-26 17:00"),
        (EARLY_CLOSING, "2019-12-27 17:59", 120, "2020-01-02 08:02"),
        (EARLY_CLOSING, "2019-12-27 18:00", -120, "2019-12-27 16:58"),
        (EARLY_CLOSING, "2019-12-27 16:00", 7200, "2020-01-02 09:00"),
        (LONG_LUNCH, "2019-12-27 12:59", 120, "2019-12-27 14:02"),
        (LONG_LUNCH, "2019-12-27 14:00", -120, "2019-12-27 11:58"),
        (LONG_LUNCH, "2019-12-27 10:00", 4 * 3600, "2019-12-27 16:00"),
        (LONG_LUNCH, "2019-12-27 16:00", -4 * 3600, "2019-12-27 10:00"),
        # business_time
        (ORDINARY, "2010-08-04 09:35", 8 * 3600, "2010-08-05 09:35"),
        (ORDINARY, "2010-08-04 09:35", -8 * 3600, "2010-08-03 09:35"),
        (ORDINARY, "2010-04-09 16:50", 3600, "2010-04-12 09:50"),
        (ORDINARY, "2010-04-12 09:50", -3600, "2010-04-09 16:50"),
        (ORDINARY, "2010-04-12 09:50", 3 * 3600, "2010-04-12 12:50"),
        (ORDINARY, "2010-04-26 09:00", -3600, "2010-04-23 16:00"),
        (ORDINARY, "2010-04-25 12:06:56", -3600, "2010-04-23 16:00"),
        (JULY, "2010-07-02 16:50", 3600, "2010-07-06 09:50"),
        (CHRISTMAS, "2010-12-24 15:00", 9 * 3600, "2010-12-27 11:00"),
        (CHRISTMAS, "2010-12-24 08:00", 15 * 3600, "2010-12-27 11:00"),
        (CHRISTMAS_24, "2010-12-24 15:00", 24 * 3600, "2010-12-27 11:00"),
        (CHRISTMAS_24, "2010-12-25 08:00", 15 * 3600, "2010-12-27 11:00"),
        (shop(fri=NINE_TO_FIVE), "2010-12-24 08:00", 8 * 3600, "2010-12-24 17:00"),
        # biz
        (BIZ, "2006-01-02 11:00", 19 * 3600, "2006-01-04 16:00"),
        (BIZ, "2006-01-04 16:00", -19 * 3600, "2006-01-02 11:00"),
        # the workday calculator: days of 8 hours, to the minute below
        (MAY, "2004-05-24 18:05", -44 * 3600, "2004-05-14 12:00"),
        (MAY, "2004-05-25 15:07", 2 * 3600, "2004-05-26 09:07"),
        (MAY, "2004-05-25 04:00", 4 * 3600, "2004-05-25 12:00"),
    ],
)  # fmt: skip
def test_adding_working_time_agrees_with_other_systems(work: WorkingTime, since: str, seconds: int, until: str) -> None:
    assert work.add(at(since, "UTC"), timedelta(seconds=seconds)) == at(until, "UTC")


@pytest.mark.parametrize(
    ("work", "since", "until", "seconds"),
    [
        # working_hours
        (ORDINARY, "2014-04-07 08:00", "2014-04-07 08:00", 0),
        (ORDINARY, "2014-04-11 20:00", "2014-04-14 05:00", 0),
        (ORDINARY, "2014-04-07 10:00", "2014-04-07 15:00", 5 * 3600),
        (ORDINARY, "2014-04-07 15:00", "2014-04-07 10:00", -5 * 3600),
        (ORDINARY, "2014-04-07 07:00", "2014-04-07 20:00", 8 * 3600),
        (ORDINARY, "2014-04-13 09:10:24", "2014-04-14 09:10:24", 624),
        (ORDINARY, "2014-04-07 10:00", "2014-04-07 19:00", 7 * 3600),
        (WHOLE_MONDAY, "2014-04-06 12:00", "2016-04-06 12:00", 105 * 24 * 3600),
        (TWO_SPANS, "2014-04-07 11:59", "2014-04-07 13:01", 120),
        (TWO_SPANS, "2014-04-07 11:00", "2014-04-14 13:00", 11 * 3600),
        (shop("Europe/Paris", sun=hours("08:00-21:00")), "2020-03-29 01:00", "2020-03-30 00:00", 13 * 3600),
        (shop("Europe/Paris", sun=hours("08:00-21:00")), "2019-10-27 01:00", "2019-10-28 00:00", 13 * 3600),
        (shop("Europe/Paris", sun=hours("08:00-21:00")), "2002-10-27 06:00", "2021-10-30 00:00", 12896 * 3600),
        # business_time
        (CHRISTMAS, "2010-12-24 15:00", "2010-12-27 11:00", 9 * 3600),
        (CHRISTMAS_24, "2010-12-24 15:00", "2010-12-27 11:00", 24 * 3600),
        (office(zone="UTC", week=ALWAYS), "2010-12-24 15:00", "2010-12-27 11:00", 68 * 3600),
        (shop(mon=hours("08:00-20:00"), tue=hours("08:00-20:00")), "2014-05-12 20:50", "2014-05-13 08:10", 600),
        # biz
        (BIZ, "2006-01-01 00:00", "2006-01-08 00:00", 39 * 3600 + 1800),
        (BIZ, "2006-01-01 00:00", "2006-01-01 00:00", 0),
    ],
)
def test_counting_working_time_agrees_with_other_systems(
    work: WorkingTime, since: str, until: str, seconds: int
) -> None:
    assert work.between(at(since, "UTC"), at(until, "UTC")) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("work", "since", "until"),
    [
        (ORDINARY, "1991-11-15 14:00", "1991-11-18 17:00"),
        (shop(mon=NINE_TO_FIVE, wed=NINE_TO_FIVE), "2014-04-07 00:00", "2014-04-09 17:00"),
        (FREE_WEDNESDAY, "2014-04-09 09:00", "2014-04-10 17:00"),
        (TOKYO, "1991-11-14 21:00", "1991-11-18 08:00"),
        (WHOLE_MONDAY, "2014-04-06 17:00", "2014-04-08 00:00"),
    ],
)  # fmt: skip
def test_the_next_working_day_is_that_of_other_systems(work: WorkingTime, since: str, until: str) -> None:
    assert work.nth_working_day(at(since, "UTC"), 1) == at(until, "UTC")
