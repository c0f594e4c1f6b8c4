"""Instants as offices write them, read column by column; only their order counts, so zones are those of the column."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("januari", "january", "jan"),
            ("februari", "pebruari", "february", "feb", "peb"),
            ("maret", "march", "mar"),
            ("april", "apr"),
            ("mei", "may"),
            ("juni", "june", "jun"),
            ("juli", "july", "jul"),
            ("agustus", "august", "agu", "agt", "ags", "aug"),
            ("september", "sept", "sep"),
            ("oktober", "october", "okt", "oct"),
            ("november", "nopember", "nov", "nop"),
            ("desember", "december", "des", "dec"),
        ),
        start=1,
    )
    for name in names
}
ZONES = {"wib": 7, "wita": 8, "wit": 9, "utc": 0, "gmt": 0, "z": 0}
YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})[-/. ]\s*(\d{1,2}|[a-z]{3,9})[-/., ]\s*(\d{4}|\d{2})(?!\d)")
MONTH_FIRST = re.compile(r"([a-z]{3,9})\.? (\d{1,2}),? (\d{4})")
CLOCK = re.compile(
    r"(?:^|[t ,])(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:[.,]\d+)?\s*(am|pm)?\s*([+-]\d{2}:?\d{2}|[a-z]+)?$"
)
SERIAL = re.compile(r"\d{5}(\.\d+)?$")  # days since the end of 1899, as spreadsheets count
EPOCH = re.compile(r"\d{10}(\d{3})?(\.\d+)?$")  # seconds or milliseconds since 1970
SPREADSHEET_BEGIN = datetime(1899, 12, 30, tzinfo=UTC)
DEFAULT_ZONE = timezone(timedelta(hours=7))


def read_instants(column: Sequence[str]) -> list[datetime | None]:
    """Return the instants of *column*, None for what cannot be read.

    Whether the day or the month comes first in 3/4/2024 is decided for the whole column: by any value above 12, and
    for the day where none tells.
    """
    values = [" ".join(value.lower().split()) for value in column]
    numeric = [
        (int(found[1]), int(found[2])) for value in values if (found := YEAR_LAST.search(value)) and found[2].isdigit()
    ]
    month_first = not any(first > 12 for first, _ in numeric) and any(second > 12 for _, second in numeric)
    return [_read_instant(value, month_first) for value in values]


def _read_instant(value: str, month_first: bool) -> datetime | None:
    """Return the instant that *value*, in lower case, stands for; None if it stands for none."""
    try:
        if SERIAL.match(value):
            return SPREADSHEET_BEGIN + timedelta(days=float(value))
        if found := EPOCH.match(value):
            return datetime.fromtimestamp(float(value) / (1000 if found[1] else 1), UTC)
        day = _day_of(value, month_first)
        return None if day is None else _at_clock(*day)
    except (ValueError, OverflowError, OSError):
        return None


def _day_of(value: str, month_first: bool) -> tuple[datetime, str] | None:
    if found := YEAR_FIRST.search(value):
        year, month, day = (int(part) for part in found.groups())
    elif found := YEAR_LAST.search(value):
        first, second, year = found[1], found[2], int(found[3])
        year += 2000 if year < 100 else 0
        if not second.isdigit():
            day, month = int(first), MONTHS.get(second, 0)
        else:
            day, month = (int(second), int(first)) if month_first else (int(first), int(second))
    elif found := MONTH_FIRST.search(value):
        month, day, year = MONTHS.get(found[1], 0), int(found[2]), int(found[3])
    else:
        return None
    return datetime(year, month, day, tzinfo=DEFAULT_ZONE), value[found.end() :].strip()


def _at_clock(day: datetime, rest: str) -> datetime:
    found = CLOCK.search(rest)
    if found is None:
        return day
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if found[4]:
        hour = hour % 12 + (12 if found[4] == "pm" else 0)
    zone = found[5] or ""
    if zone[:1] in {"+", "-"}:
        digits = zone.replace(":", "")
        offset = timedelta(hours=int(digits[:3]), minutes=int(digits[0] + digits[3:]))
        day = day.replace(tzinfo=timezone(offset))
    elif zone in ZONES:
        day = day.replace(tzinfo=timezone(timedelta(hours=ZONES[zone])))
    return day.replace(hour=hour, minute=minute, second=second)
