"""Counts working time on a calendar: pure, bounded, and safe where clocks are put forward or back."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from shared.values import value
from shared.working_time.hours import DAY_SECONDS, Calendar, Hours, days_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NO_TIME = timedelta()
SECOND = 1_000_000
YEARS_MAX = 100
INSTANTS_REMEMBERED_MAX = 20_000  # a fifth of a kilobyte each
CLOSINGS_REMEMBERED_MAX = 1_000  # of all that start on one day, the same few
TIME_MAX = timedelta(days=366 * (YEARS_MAX + 1))  # more working time than so many years can have, at any hours
YEARS = range(2, 9999)  # the first and the last year that can be written lie partly outside in some zone
DAYS_MAX = date(9998, 12, 30).toordinal()


class CalendarExhausted(Exception):
    """Counting would lead further than a century from where it starts."""


@value
class Year:
    """One local year, compiled: instants and durations as whole microseconds, lists of equal length in order.

    Args:
        opens, closes: When the n-th span of work begins and ends.
        worked: Working time of the year before the n-th span.
        total: Working time of the whole year.
        days: Ordinals of the dates on which there is work.
        closings: When the n-th of these days ends at the office.
    """

    opens: list[int]
    closes: list[int]
    worked: list[int]
    total: int
    days: list[int]
    closings: list[int]

    def worked_until(self, at: int) -> int:
        """Return the working time of this year up to an instant."""
        index = bisect_right(self.opens, at) - 1
        return self.worked[index] + min(at, self.closes[index]) - self.opens[index] if index >= 0 else 0

    def reached(self, worked: int) -> int:
        """Return the first instant by which so much of the year's working time, more than none of it, is used up."""
        index = bisect_left(self.worked, worked) - 1
        return self.opens[index] + worked - self.worked[index]

    def left(self, worked: int) -> int:
        """Return the last instant by which so much of the year's working time, less than all of it, is used up."""
        index = bisect_right(self.worked, worked) - 1
        return self.opens[index] + worked - self.worked[index]


@value
class Placed:
    """Where an instant lies: local year, ordinal of the local date, and how much of the year is worked by then."""

    year: int
    day: int
    worked: int


class WorkingTime:
    """Working time on one calendar.

    Every instant taken and returned is aware; those returned are UTC. What has been compiled of a year is kept, and
    where the last instants lie: those at which clocks start and are due are looked at several times each.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._zone = ZoneInfo(calendar.zone)
        self._years: dict[int, Year] = {}
        self._placed = lru_cache(INSTANTS_REMEMBERED_MAX)(self._place)
        self._closing_after = lru_cache(CLOSINGS_REMEMBERED_MAX)(self._closing)

    def add(self, at: datetime, working: timedelta) -> datetime:
        """Return the first instant by which *working* has passed since *at*: at closing time it stays there.

        Args:
            at: Any instant, also outside working time.
            working: Working time; with none of it the answer is *at*, and time that lies back is subtracted.

        Raises:
            CalendarExhausted: More than a century would pass.
        """
        if working <= NO_TIME:
            return self.subtract(at, -working)
        if working > TIME_MAX:
            raise self._exhausted(at)
        placed = self._placed(at)
        number = first = placed.year
        year = self.year(number)
        target = placed.worked + working // MICROSECOND
        while target > year.total:
            target -= year.total
            number = self._next(number, first)
            year = self.year(number)
        return instant(year.reached(target))

    def subtract(self, at: datetime, working: timedelta) -> datetime:
        """Return the last instant from which *working* passes until *at*: at opening time it stays there.

        Args:
            at: Any instant, also outside working time.
            working: Working time; with none of it the answer is *at*, and time to come is added.

        Raises:
            CalendarExhausted: More than a century would have passed.
        """
        if working < NO_TIME:
            return self.add(at, -working)
        if not working:
            return instant(micros(at))
        if working > TIME_MAX:
            raise self._exhausted(at)
        placed = self._placed(at)
        number = first = placed.year
        target = placed.worked - working // MICROSECOND
        year = self.year(number)
        while target < 0:
            number = self._next(number, first, step=-1)
            year = self.year(number)
            target += year.total
        return instant(year.left(target))

    def between(self, since: datetime, until: datetime) -> timedelta:
        """Return the working time from one instant to another; negative if *until* is the earlier one.

        Raises:
            CalendarExhausted: They lie more than a century apart.
        """
        if until < since:
            return -self.between(until, since)
        begin, end = self._placed(since), self._placed(until)
        worked, number = end.worked - begin.worked, begin.year
        while number < end.year:
            worked += self.year(number).total
            number = self._next(number, begin.year)
        return worked * MICROSECOND

    def nth_working_day(self, at: datetime, n: int) -> datetime:
        """Return closing time on the *n*-th working day (from 1) after the local date of *at*, which never counts.

        Raises:
            CalendarExhausted: It is more than a century away.
        """
        if n < 1:
            raise ValueError("the first working day is number 1")
        placed = self._placed(at)
        return self._closing_after(placed.year, placed.day, n)

    def days_between(self, since: datetime, until: datetime) -> int:
        """Return how many working days follow the local date of *since*, up to that of *until*, which counts.

        It is the *n* whose `nth_working_day` from *since* falls on the date of *until*, if there is one; negative if
        the date of *until* is the earlier one.

        Raises:
            CalendarExhausted: They lie more than a century apart, or in no year that can be counted.
        """
        begin, end = self._date(since), self._date(until)
        if end < begin:
            return -self.days_between(until, since)
        counted, number = -bisect_right(self._year_of(begin).days, begin.toordinal()), begin.year
        while number < end.year:
            counted += len(self.year(number).days)
            number = self._next(number, begin.year)
        return counted + bisect_right(self._year_of(end).days, end.toordinal())

    def nth_day(self, at: datetime, n: int) -> datetime:
        """Return the end (local midnight) of the *n*-th calendar day after the local date of *at*.

        Raises:
            CalendarExhausted: It lies beyond the last year that can be written.
        """
        today = self._date(at)
        if n > DAYS_MAX - today.toordinal():
            raise CalendarExhausted(f"calendar {self.calendar.code} from {today.year}")
        return instant(_moment(today + timedelta(days=n + 1), 0, self._zone))

    def year(self, number: int) -> Year:
        """Return a year, compiled."""
        if number not in self._years:
            self._years[number] = _compiled(self.calendar, self._zone, number)
        return self._years[number]

    def _date(self, at: datetime) -> date:
        return at.astimezone(self._zone).date()

    def _year_of(self, day: date) -> Year:
        if day.year not in YEARS:
            raise CalendarExhausted(f"calendar {self.calendar.code} from {day.year}")
        return self.year(day.year)

    def _place(self, at: datetime) -> Placed:
        local = at.astimezone(self._zone)
        return Placed(local.year, local.toordinal(), self.year(local.year).worked_until(micros(at)))

    def _closing(self, first: int, day: int, n: int) -> datetime:
        """Return closing time on the *n*-th working day after a day of the year *first*."""
        number = first
        year = self.year(number)
        index = bisect_right(year.days, day) + n - 1
        while index >= len(year.days):
            index -= len(year.days)
            number = self._next(number, first)
            year = self.year(number)
        return instant(year.closings[index])

    def _exhausted(self, at: datetime) -> CalendarExhausted:
        # Said at once, without a century of calendars.
        return CalendarExhausted(f"calendar {self.calendar.code} from {at.astimezone(self._zone).year}")

    def _next(self, number: int, first: int, step: int = 1) -> int:
        if abs(number - first) >= YEARS_MAX or number + step not in YEARS:
            raise CalendarExhausted(f"calendar {self.calendar.code} from {first}")
        return number + step


def _compiled(calendar: Calendar, zone: ZoneInfo, number: int) -> Year:
    given = (
        (day.toordinal(), *edges)
        for day in days_of(number)
        if (hours := calendar.hours_on(day))
        for edges in spans_of(day, hours, zone)
    )
    # A span may lie wholly in an hour that the clocks leave out.
    spans = [(day, opens, closes) for day, opens, closes in given if opens < closes]
    *worked, total = accumulate((closes - opens for _, opens, closes in spans), initial=0)
    closing = {day: closes for day, _, closes in spans}
    return Year(
        opens=[opens for _, opens, _ in spans],
        closes=[closes for _, _, closes in spans],
        worked=worked,
        total=total,
        days=list(closing),
        closings=list(closing.values()),
    )


def spans_of(day: date, hours: Hours, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """Yield the instants, in microseconds, between which there is work on a local date."""
    begins, ends = _moment(day, 0, zone), _moment(day, DAY_SECONDS, zone)
    ordinary = ends - begins == DAY_SECONDS * SECOND
    for first, last in hours:
        if ordinary:
            yield begins + first * SECOND, begins + last * SECOND
        else:
            yield _moment(day, first, zone), _moment(day, last, zone)


def _moment(day: date, second: int, zone: ZoneInfo) -> int:
    """Return the instant of a local time of day, in microseconds; never earlier for a later local time.

    What happens twice when the clocks are put back is its first occurrence; what never happens when they are put
    forward is the moment at which they are.
    """
    local = datetime.combine(day, time()) + timedelta(seconds=second)
    at = micros(local.replace(tzinfo=zone))
    if instant(at).astimezone(zone).replace(tzinfo=None) == local:
        return at
    # In a gap, fold=0 reads the time by the offset before the jump and fold=1 by the one after: the jump lies between.
    low, high = micros(local.replace(tzinfo=zone, fold=1)), at
    after = instant(high).astimezone(zone).utcoffset()
    while high - low > SECOND:
        middle = low + (high - low) // SECOND // 2 * SECOND
        if instant(middle).astimezone(zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high


def micros(at: datetime) -> int:
    """Return the microseconds from 1970 to an aware instant."""
    return (at - EPOCH) // MICROSECOND


def instant(at: int) -> datetime:
    """Return the instant, UTC, that lies so many microseconds after 1970."""
    return EPOCH + at * MICROSECOND
