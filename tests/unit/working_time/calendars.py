"""Calendars of offices with defaults, and local times as people write them."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.policy.calendars import span_of
from shared.working_time.counting import WorkingTime
from shared.working_time.hours import Calendar, Hours, Week


def at(text: str, zone: str = "Asia/Jakarta") -> datetime:
    """Return the instant of a local time such as ``2026-04-06 09:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def wib(instant: datetime) -> str:
    """Return an instant as people in Tangerang Selatan would write it."""
    return instant.astimezone(ZoneInfo("Asia/Jakarta")).strftime("%Y-%m-%d %H:%M")


def hours(*texts: str) -> Hours:
    return tuple(map(span_of, texts))


OFFICE_DAY = hours("07:30-12:00", "13:00-16:00")
FRIDAY = hours("07:30-11:30", "13:00-16:30")
OFFICE_WEEK: Week = (OFFICE_DAY, OFFICE_DAY, OFFICE_DAY, OFFICE_DAY, FRIDAY, (), ())
ALWAYS: Week = (hours("00:00-24:00"),) * 7


def calendar(**changes: Any) -> Calendar:
    plain: dict[str, Any] = {"code": "default", "version": "c1", "zone": "Asia/Jakarta", "week": OFFICE_WEEK}
    return Calendar(**(plain | changes))


def office(**changes: Any) -> WorkingTime:
    return WorkingTime(calendar(**changes))


def dates(*texts: str) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, texts))
