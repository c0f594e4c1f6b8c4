from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.notify.messages.formatting import duration, moment

pytestmark = pytest.mark.unit

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "zone", "text"),
    [
        ("id", "Asia/Jakarta", "Selasa, 3 Maret 2026 pukul 16.00 WIB"),
        ("en", "Asia/Jakarta", "Tuesday, 3 March 2026, 16:00 WIB"),
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
    ],
)
def test_a_duration_is_written_in_hours_and_minutes(seconds: float, language: str, text: str) -> None:
    assert duration(seconds, language) == text
