"""Formats instants and durations in Indonesian, English, Javanese and Sundanese."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import lru_cache

from babel.dates import format_datetime
from babel.units import format_unit

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
MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@lru_cache(maxsize=2048)  # many notices tell the same due time
def moment(at: datetime, language: str, zone: tzinfo, *, brief: bool = False) -> str:
    """Return *at* as ``Selasa, 3 Maret 2026 pukul 16.00 WIB``; *brief*: without the day of the week."""
    pattern = (BRIEF_PATTERNS if brief else PATTERNS)[language]
    said = format_datetime(at, pattern, tzinfo=zone, locale=language)
    return f"{said} {at.astimezone(zone).tzname()}"


def due(at: datetime, language: str, zone: tzinfo, now: datetime, *, brief: bool = False) -> str:
    """Return *at* as `moment` does, followed by how many local dates away it is, as ``(besok)``; not if it is past.

    These are days of the calendar, holidays included, as one counts at home. Working days are sla's to count.

    Args:
        brief: As short as it can be said: only when.
    """
    said = moment(at, language, zone, brief=brief)
    if brief or at < now:
        return said
    days = (at.astimezone(zone).date() - now.astimezone(zone).date()).days
    words = DAYS_LEFT[language]
    return f"{said} ({words[min(days, 2)].format(days)})"


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
