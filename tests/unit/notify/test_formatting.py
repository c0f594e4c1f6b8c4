from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.notify.messages.formatting import due, duration, moment

pytestmark = pytest.mark.unit

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "zone", "text"),
    [
        ("id", "Asia/Jakarta", "Selasa, 3 Maret 2026 pukul 16.00 WIB"),
        ("en", "Asia/Jakarta", "Tuesday, 3 March 2026, 16:00 WIB"),
        ("jv", "Asia/Jakarta", "Selasa, 3 Maret 2026 tabuh 16.00 WIB"),
        ("su", "Asia/Jakarta", "Salasa, 3 Maret 2026 tabuh 16.00 WIB"),
        ("id", "Asia/Makassar", "Selasa, 3 Maret 2026 pukul 17.00 WITA"),
        ("id", "Asia/Jayapura", "Selasa, 3 Maret 2026 pukul 18.00 WIT"),
    ],
)
def test_a_moment_is_written_in_the_local_zone(language: str, zone: str, text: str) -> None:
    assert moment(AT, language, ZoneInfo(zone)) == text


@pytest.mark.parametrize(
    ("seconds", "language", "text"),
    [
        (0, "id", "0 detik"),
        (59.9, "id", "59 detik"),
        (60, "id", "1 menit"),
        (3600, "id", "1 jam"),
        (9000, "id", "2 jam 30 menit"),
        (100 * 3600 + 59, "id", "100 jam"),
        (9000, "en", "2 hours 30 minutes"),
        (60, "en", "1 minute"),
        (9000, "jv", "2 jam 30 menit"),
        (9000, "su", "2 jam 30 menit"),
        (7, "su", "7 detik"),
    ],
)
def test_a_duration_is_written_in_hours_and_minutes(seconds: float, language: str, text: str) -> None:
    assert duration(seconds, language) == text


def test_in_a_text_message_a_moment_goes_without_its_weekday() -> None:
    assert moment(AT, "su", ZoneInfo("Asia/Jakarta"), brief=True) == "3 Maret 2026 tabuh 16.00 WIB"
    assert due(AT, "id", ZoneInfo("Asia/Jakarta"), AT, brief=True) == "3 Maret 2026 pukul 16.00 WIB"


@pytest.mark.parametrize(
    ("before", "language", "words"),
    [
        (timedelta(0), "id", " (hari ini)"),
        (timedelta(hours=15, minutes=59), "id", " (hari ini)"),  # since the local midnight
        (timedelta(hours=16, minutes=1), "id", " (besok)"),
        (timedelta(days=1), "en", " (tomorrow)"),
        (timedelta(days=2), "id", " (2 hari lagi)"),
        (timedelta(days=20), "en", " (in 20 days)"),
        (timedelta(days=1), "jv", " (mbénjing)"),
        (timedelta(days=3), "jv", " (3 dinten malih)"),
        (timedelta(days=1), "su", " (énjing)"),
        (timedelta(days=3), "su", " (3 dinten deui)"),
        (-timedelta(seconds=1), "id", ""),
    ],
)
def test_a_due_time_tells_how_many_days_are_left_until_it_is_past(before: timedelta, language: str, words: str) -> None:
    zone = ZoneInfo("Asia/Jakarta")

    assert due(AT, language, zone, AT - before) == moment(AT, language, zone) + words
