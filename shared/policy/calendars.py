"""Reads calendars.yaml: its shape, what can be wrong in it, and the calendars that it means."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Self

import holidays
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from shared.events import Code, Short
from shared.policy.loading import Loc, PolicyFault, PolicyInvalid, PolicyModel, Source, load_sourced
from shared.policy.zones import ZoneName
from shared.values import replace
from shared.working_time.counting import WorkingTime
from shared.working_time.hours import DAY_SECONDS, DEFAULT_CALENDAR, Calendar, Hours, Season, Span, Week

CALENDARS_FILE = "calendars.yaml"
HOLIDAY_YEARS = range(2015, 2046)
"""For which years holidays are computed: those of the reports that may still run, and as far as any clock reaches."""

SPAN = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)")


def span_of(text: object) -> Span:
    """Return the span that a text such as ``07:30-12:00`` means; raise ValueError if it means none."""
    found = SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"`{text}` is no span of hours such as 07:30-12:00")
    first, last = (int(found[n]) * 3600 + int(found[n + 1]) * 60 for n in (1, 3))
    if last > DAY_SECONDS:
        raise ValueError(f"{text} ends after 24:00; a shift past midnight is two spans on two days")
    if first >= last:
        raise ValueError(f"{text} ends {'when' if first == last else 'before'} it begins")
    return first, last


def _in_order(spans: Hours) -> Hours:
    """Return the spans of a day; raise ValueError if one begins before the one before it ends."""
    for before, after in pairwise(spans):
        if after[0] < before[1]:
            raise ValueError(f"{_text_of(after)} begins before {_text_of(before)} ends")
    return spans


def _text_of(span: Span) -> str:
    return "-".join(f"{second // 3600:02}:{second // 60 % 60:02}" for second in span)


DayHours = Annotated[tuple[Annotated[Span, BeforeValidator(span_of)], ...], AfterValidator(_in_order)]


class HoursEntry(PolicyModel):
    """Hours of a week; a day without an entry is free."""

    monday: DayHours = ()
    tuesday: DayHours = ()
    wednesday: DayHours = ()
    thursday: DayHours = ()
    friday: DayHours = ()
    saturday: DayHours = ()
    sunday: DayHours = ()

    @property
    def week(self) -> Week:
        """Return the hours from Monday to Sunday."""
        return self.monday, self.tuesday, self.wednesday, self.thursday, self.friday, self.saturday, self.sunday


class PeriodEntry(PolicyModel):
    """A range of dates, both included."""

    first: date
    last: date
    estimated: bool = False

    @model_validator(mode="after")
    def refuse_reversed(self) -> Self:
        """Raise ValueError if it ends before it begins."""
        if self.last < self.first:
            raise ValueError(f"{self.first} to {self.last} ends before it begins")
        return self


class SeasonEntry(PolicyModel):
    """Other hours in some ranges of dates."""

    name: Short
    periods: Annotated[tuple[PeriodEntry, ...], Field(min_length=1)]
    hours: HoursEntry


class HolidaysEntry(PolicyModel):
    """Which holidays of the `holidays` package are free."""

    country: str
    subdivision: str | None = None
    categories: Annotated[tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def refuse_unknown(self) -> Self:
        """Raise ValueError if the package does not know them."""
        try:
            self.dates(HOLIDAY_YEARS[:1])
        except (NotImplementedError, ValueError) as error:  # an unknown country, or an unknown category
            raise ValueError(f"the package `holidays` says: {error}") from None
        return self

    def dates(self, years: range) -> frozenset[date]:
        """Return the holidays of *years*."""
        return frozenset(self.names(years))

    def names(self, years: range) -> Mapping[date, str]:
        """Return the holidays of *years* and what they are called."""
        return _known_holidays(self.country, self.subdivision, self.categories, years)


@cache
def _known_holidays(
    country: str, subdivision: str | None, categories: tuple[str, ...], years: range
) -> Mapping[date, str]:
    """Return the holidays that the package knows; raise NotImplementedError or ValueError if it knows no such thing."""
    return dict(holidays.country_holidays(country, subdiv=subdivision, years=years, categories=categories))


class DayEntry(PolicyModel):
    """One date, and by what it is free or is not."""

    date: date
    name: Short


class ShiftEntry(DayEntry):
    """Hours of one date, whatever else holds for it."""

    hours: DayHours = ()


class CalendarEntry(PolicyModel):
    """One calendar."""

    code: Code
    name: Short
    zone: ZoneName
    hours: HoursEntry
    seasons: tuple[SeasonEntry, ...] = ()
    holidays: HolidaysEntry | None = None
    added: tuple[DayEntry, ...] = ()
    removed: tuple[DayEntry, ...] = ()
    shifts: tuple[ShiftEntry, ...] = ()


class CalendarFile(PolicyModel):
    """The shape of calendars.yaml."""

    version: int | Short
    calendars: Annotated[tuple[CalendarEntry, ...], Field(min_length=1)]


def load_calendars(policy_dir: Path) -> Mapping[str, WorkingTime]:
    """Return how time is counted on each calendar, by code; the default one is there.

    Raises:
        PolicyInvalid: With every fault of calendars.yaml.
    """
    held, source = load_sourced(policy_dir / CALENDARS_FILE, CalendarFile)
    faults = faults_of_calendars(held, source)
    if faults:
        raise PolicyInvalid(faults)
    return {entry.code: WorkingTime(calendar_of(entry, held.version)) for entry in held.calendars}


def calendar_of(entry: CalendarEntry, version: int | str) -> Calendar:
    """Return the calendar that an entry means; its version also changes with the holidays that the package knows."""
    free = entry.holidays.dates(HOLIDAY_YEARS) if entry.holidays else frozenset()
    calendar = Calendar(
        code=entry.code,
        version="",
        zone=entry.zone,
        week=entry.hours.week,
        seasons=tuple(
            Season(period.first, period.last, season.hours.week)
            for season in entry.seasons
            for period in season.periods
        ),
        holidays=(free | _dates_of(entry.added)) - _dates_of(entry.removed),
        shifts={shift.date: shift.hours for shift in entry.shifts},
    )
    held = (calendar.zone, calendar.week, calendar.seasons, sorted(calendar.holidays), sorted(calendar.shifts.items()))
    digest = hashlib.sha256(repr(held).encode()).hexdigest()
    return replace(calendar, version=f"{version}+{digest[:8]}")


def _dates_of(days: Iterable[DayEntry]) -> frozenset[date]:
    return frozenset(day.date for day in days)


def names_of(entry: CalendarEntry) -> dict[date, str]:
    """Return why a date is not an ordinary one of its weekday, in words; dates inside a season bear its name."""
    names = dict(entry.holidays.names(HOLIDAY_YEARS)) if entry.holidays else {}
    for season in entry.seasons:
        for period in season.periods:
            days = range(period.first.toordinal(), period.last.toordinal() + 1)
            names = {date.fromordinal(day): season.name for day in days} | names
    names |= {day.date: day.name for day in (*entry.added, *entry.shifts)}
    return {day: name for day, name in names.items() if day not in _dates_of(entry.removed)}


def faults_of_calendars(held: CalendarFile, source: Source) -> list[PolicyFault]:
    """Return what is wrong beyond the shape: codes and dates given twice, seasons that overlap, years without work."""
    faults = []
    codes: set[str] = set()
    for index, entry in enumerate(held.calendars):
        loc: Loc = ("calendars", index)
        if entry.code in codes:
            faults.append(source.fault((*loc, "code"), f"calendar `{entry.code}` is given twice"))
        codes.add(entry.code)
        faults += [*_overlaps(entry, source, loc), *_contradictions(entry, source, loc), *_idleness(entry, source, loc)]
    if DEFAULT_CALENDAR not in codes:
        faults.append(source.fault(("calendars",), f"there is no calendar `{DEFAULT_CALENDAR}`"))
    return faults


def _overlaps(entry: CalendarEntry, source: Source, loc: Loc) -> Iterator[PolicyFault]:
    periods = sorted(
        (period.first, period.last, (*loc, "seasons", s, "periods", p))
        for s, season in enumerate(entry.seasons)
        for p, period in enumerate(season.periods)
    )
    for (_, ends, _), (begins, _, where) in pairwise(periods):
        if begins <= ends:
            yield source.fault(where, f"the period from {begins} begins before another ends on {ends}")


def _contradictions(entry: CalendarEntry, source: Source, loc: Loc) -> Iterator[PolicyFault]:
    given: dict[date, str] = {}
    for kind, days in (("added", entry.added), ("removed", entry.removed), ("shifts", entry.shifts)):
        for index, day in enumerate(days):
            if day.date in given:
                yield source.fault(
                    (*loc, kind, index), f"{day.date} stands under `{kind}` and before under `{given[day.date]}`"
                )
            given.setdefault(day.date, kind)


def _idleness(entry: CalendarEntry, source: Source, loc: Loc) -> Iterator[PolicyFault]:
    """Yield a fault if a clock could wait for ever, or for a year, for this office to open."""
    year = calendar_of(entry, "").idle_year(HOLIDAY_YEARS)
    if year is not None:
        never = not any(entry.hours.week)
        when = "has no hours at all" if never else f"has no working day in {year}"
        yield source.fault((*loc, "hours"), f"calendar `{entry.code}` {when}, so that its clocks would never run out")
