"""A stretch of working time, day by day, with the reason for each day's hours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from services.sla.tooling import spans_on
from tindak.formatting import hours
from tindak.sla.input import Office

SHOWN_MAX = 62
SHOWN_AT_THE_END = 10


@dataclass(frozen=True, slots=True)
class Day:
    """One local date within a stretch of time.

    Args:
        name: Why it is not an ordinary date, in words; None if it is one.
        spans: When the office works on it, cut to the stretch.
        is_working_day: Whether the office works on it at all, also outside the stretch.
    """

    date: date
    name: str | None
    spans: tuple[tuple[datetime, datetime], ...]
    is_working_day: bool

    @property
    def worked(self) -> timedelta:
        """Return its working time."""
        return sum((closes - opens for opens, closes in self.spans), timedelta())


def days_of(office: Office, since: datetime, until: datetime) -> list[Day]:
    """Return each local date from one instant to a later one."""
    first, last = (at.astimezone(office.zone).date().toordinal() for at in (since, until))
    return [_day_of(office, date.fromordinal(number), since, until) for number in range(first, last + 1)]


def _day_of(office: Office, day: date, since: datetime, until: datetime) -> Day:
    spans = list(spans_on(day, office.work))
    cut = [(max(opens, since), min(closes, until)) for opens, closes in spans]
    within = tuple((opens, closes) for opens, closes in cut if opens < closes)
    return Day(day, office.names.get(day), within, bool(spans))


def shown(at: datetime, office: Office) -> str:
    """Return an instant as it is shown in the office."""
    there = at.astimezone(office.zone)
    return f"{there:%a} {there.day} {there:%b %Y %H:%M:%S %Z}"


def day_lines(days: Sequence[Day], office: Office) -> Iterator[str]:
    """Yield a line for each day, with its hours, what has been worked by its end, and why it is as it is."""
    worked, left_out = timedelta(), range(SHOWN_MAX - SHOWN_AT_THE_END, len(days) - SHOWN_AT_THE_END)
    for index, day in enumerate(days):
        worked += day.worked
        if len(days) > SHOWN_MAX and index in left_out:
            if index == left_out[-1]:
                yield f"  ... {len(left_out)} days left out ...{'':<19}{hours(worked.total_seconds()):>12}"
            continue
        spans = " ".join("-".join(f"{at.astimezone(office.zone):%H:%M}" for at in span) for span in day.spans)
        name = day.name or ("" if day.is_working_day else "free")
        by_then = hours(worked.total_seconds())
        line = f"  {day.date:%a} {day.date.day:>2} {day.date:%b %Y}  {spans or '-':<26}{by_then:>12}  {name}"
        yield line.rstrip()


def as_objects(days: Sequence[Day], office: Office) -> list[dict[str, Any]]:
    """Return the days for scripts, times as the clock in the office shows them."""
    return [
        {
            "date": day.date.isoformat(),
            "name": day.name,
            "working_day": day.is_working_day,
            "spans": [[at.astimezone(office.zone).isoformat() for at in span] for span in day.spans],
            "working_seconds": day.worked.total_seconds(),
        }
        for day in days
    ]
