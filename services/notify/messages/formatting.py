"""Formats instants and durations in Indonesian and English."""

from datetime import datetime, tzinfo
from functools import lru_cache

from babel.dates import format_datetime
from babel.units import format_unit

PATTERNS = {"id": "EEEE, d MMMM y 'pukul' HH.mm", "en": "EEEE, d MMMM y, HH:mm"}
LANGUAGES = frozenset(PATTERNS)
MINUTE = 60
HOUR = 60 * MINUTE


@lru_cache(maxsize=2048)  # many notices tell the same due time
def moment(at: datetime, language: str, zone: tzinfo) -> str:
    """Return *at* as ``Selasa, 3 Maret 2026 pukul 16.00 WIB`` or ``Tuesday, 3 March 2026, 16:00 WIB``."""
    said = format_datetime(at, PATTERNS[language], tzinfo=zone, locale=language)
    return f"{said} {at.astimezone(zone).tzname()}"


def duration(seconds: float, language: str) -> str:
    """Return *seconds* as ``11 jam 30 menit``; hours are the largest unit, for a working day has no 24 of them."""
    whole = int(seconds)
    parts = [(whole // HOUR, "duration-hour"), (whole % HOUR // MINUTE, "duration-minute")]
    if whole < MINUTE:
        parts = [(whole, "duration-second")]
    return " ".join(format_unit(number, unit, locale=language) for number, unit in parts if number or whole < MINUTE)
