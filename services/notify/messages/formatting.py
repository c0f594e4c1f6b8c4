"""Formats instants and durations in Indonesian, English, Javanese and Sundanese."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import lru_cache

from babel.dates import format_datetime
from babel.units import format_unit

from shared.working_time.counting import CalendarExhausted, WorkingTime

PATTERNS = {
    "id": "EEEE, d MMMM y 'pukul' HH.mm",
    "en": "EEEE, d MMMM y, HH:mm",
    "jv": "EEEE, d MMMM y 'tabuh' HH.mm",
    "su": "EEEE, d MMMM y 'tabuh' HH.mm",
}
"""Names of days and months are those of CLDR. Its patterns for Javanese and Sundanese put bare figures for the time,
while invitations and announcements in the polite register of both say `tabuh` before it."""

BRIEF_PATTERNS = {language: pattern.removeprefix("EEEE, ") for language, pattern in PATTERNS.items()}
LANGUAGES = frozenset(PATTERNS)
OWN_UNITS: Mapping[str, Mapping[str, str]] = {
    "jv": {"duration-day": "dinten", "duration-hour": "jam", "duration-minute": "menit", "duration-second": "detik"},
    "su": {"duration-day": "dinten", "duration-hour": "jam", "duration-minute": "menit", "duration-second": "detik"},
}
"""CLDR 47 has no hours for Javanese and no units at all for Sundanese; neither language bends them by number."""

DAYS_LEFT = {
    "id": ("hari ini", "besok", "{} hari lagi"),
    "en": ("today", "tomorrow", "in {} days"),
    "jv": ("dinten punika", "mbénjing", "{} dinten malih"),
    "su": ("dinten ieu", "énjing", "{} dinten deui"),
}
HOURS_LEFT = {"id": "{}, {} lagi", "en": "{}, {} left", "jv": "{}, {} malih", "su": "{}, {} deui"}
WORKING_DAYS_LEFT = {
    "id": ("{} hari kerja lagi", "{} hari kerja lagi"),
    "en": ("{} working day left", "{} working days left"),
    "jv": ("{} dinten kerja malih", "{} dinten kerja malih"),
    "su": ("{} dinten damel deui", "{} dinten damel deui"),
}
WORKING_DAYS_LATE = {
    "id": ("terlambat {} hari kerja", "terlambat {} hari kerja"),
    "en": ("{} working day late", "{} working days late"),
    "jv": ("kasèp {} dinten kerja", "kasèp {} dinten kerja"),
    "su": ("telat {} dinten damel", "telat {} dinten damel"),
}
"""Of one day, and of more."""

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@lru_cache(maxsize=2048)  # many notices tell the same due time
def moment(at: datetime, language: str, zone: tzinfo, *, brief: bool = False) -> str:
    """Return *at* as ``Selasa, 3 Maret 2026 pukul 16.00 WIB``; *brief*: without the day of the week."""
    pattern = (BRIEF_PATTERNS if brief else PATTERNS)[language]
    said = format_datetime(at, pattern, tzinfo=zone, locale=language)
    return f"{said} {at.astimezone(zone).tzname()}"


def due(
    at: datetime, language: str, zone: tzinfo, now: datetime, work: WorkingTime | None = None, *, brief: bool = False
) -> str:
    """Return *at* as `moment` does, followed by how far away it is, as ``(3 hari kerja lagi)``.

    Args:
        work: How its clock counts working time. None for one that counts days of the calendar, holidays included, as
            one does at home; of such a one nothing is said once it is past.
        brief: As short as it can be said: only when.
    """
    said = moment(at, language, zone, brief=brief)
    left = None if brief else _left(at, language, zone, now, work)
    return f"{said} ({left})" if left else said


def _left(at: datetime, language: str, zone: tzinfo, now: datetime, work: WorkingTime | None) -> str | None:
    days = (at.astimezone(zone).date() - now.astimezone(zone).date()).days
    if work is not None:
        if days == 0 and at >= now:
            return _hours_left((at - now).total_seconds(), language)
        working_days = _working_days(work, now, at)
        if working_days:
            words = (WORKING_DAYS_LEFT if working_days > 0 else WORKING_DAYS_LATE)[language]
            return words[abs(working_days) > 1].format(abs(working_days))
    # Of a calendar that does not reach so far, or on which nobody works until then, it is said in plain days.
    return None if at < now else DAYS_LEFT[language][min(days, 2)].format(days)


def _working_days(work: WorkingTime, now: datetime, at: datetime) -> int:
    """Return the working days until *at*, those since then as a negative number; 0 also if they cannot be counted."""
    try:
        return work.days_between(now, at)
    except CalendarExhausted:
        return 0


def _hours_left(seconds: float, language: str) -> str:
    today = DAYS_LEFT[language][0]
    unit, name = (HOUR, "duration-hour") if seconds >= HOUR else (MINUTE, "duration-minute")
    number = int(seconds // unit)
    return HOURS_LEFT[language].format(today, _amount(number, name, language)) if number else today


def duration(seconds: float, language: str) -> str:
    """Return *seconds* as ``11 jam 30 menit``; hours are the largest unit, for a working day has no 24 of them."""
    whole = int(seconds)
    parts = [(whole // HOUR, "duration-hour"), (whole % HOUR // MINUTE, "duration-minute")]
    if whole < MINUTE:
        parts = [(whole, "duration-second")]
    return " ".join(_amount(number, unit, language) for number, unit in parts if number or whole < MINUTE)


def lateness(seconds: float, language: str) -> str:
    """Return *seconds* as whole days of the calendar, from one on; below that as `duration` does."""
    return duration(seconds, language) if seconds < DAY else _amount(int(seconds // DAY), "duration-day", language)


def _amount(number: int, unit: str, language: str) -> str:
    own = OWN_UNITS.get(language)
    return f"{number} {own[unit]}" if own else format_unit(number, unit, locale=language)
