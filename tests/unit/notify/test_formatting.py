from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.notify.messages.formatting import due, duration, moment
from tests.unit.working_time.calendars import at, dates, office

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
def test_of_a_clock_that_runs_day_and_night_days_of_the_calendar_are_told_until_it_is_past(
    before: timedelta, language: str, words: str
) -> None:
    zone = ZoneInfo("Asia/Jakarta")

    assert due(AT, language, zone, AT - before) == moment(AT, language, zone) + words


OFFICE = office(holidays=dates("2026-04-08"))  # a Wednesday
JAKARTA = ZoneInfo("Asia/Jakarta")
DUE_AT = at("2026-04-13 16:00")  # a Monday


@pytest.mark.parametrize(
    ("now", "left"),
    [
        ("2026-04-03 23:59", ("5 hari kerja lagi", "5 working days left",
                              "5 dinten kerja malih", "5 dinten damel deui")),
        ("2026-04-08 12:00", ("3 hari kerja lagi", "3 working days left",
                              "3 dinten kerja malih", "3 dinten damel deui")),
        ("2026-04-10 17:00", ("1 hari kerja lagi", "1 working day left",
                              "1 dinten kerja malih", "1 dinten damel deui")),
        ("2026-04-12 23:59", ("1 hari kerja lagi", "1 working day left",
                              "1 dinten kerja malih", "1 dinten damel deui")),
        ("2026-04-13 00:00", ("hari ini, 16 jam lagi", "today, 16 hours left", "dinten punika, 16 jam malih",
                              "dinten ieu, 16 jam deui")),
        ("2026-04-13 15:00", ("hari ini, 1 jam lagi", "today, 1 hour left", "dinten punika, 1 jam malih",
                              "dinten ieu, 1 jam deui")),
        ("2026-04-13 15:01", ("hari ini, 59 menit lagi", "today, 59 minutes left", "dinten punika, 59 menit malih",
                              "dinten ieu, 59 menit deui")),
        ("2026-04-13 15:59", ("hari ini, 1 menit lagi", "today, 1 minute left", "dinten punika, 1 menit malih",
                              "dinten ieu, 1 menit deui")),
        ("2026-04-13 16:00", ("hari ini", "today", "dinten punika", "dinten ieu")),
        ("2026-04-14 00:00", ("terlambat 1 hari kerja", "1 working day late", "kasèp 1 dinten kerja",
                              "telat 1 dinten damel")),
        ("2026-04-19 12:00", ("terlambat 4 hari kerja", "4 working days late", "kasèp 4 dinten kerja",
                              "telat 4 dinten damel")),
    ],
)  # fmt: skip
def test_of_a_clock_of_working_time_working_days_are_told(now: str, left: tuple[str, ...]) -> None:
    for language, words in zip(("id", "en", "jv", "su"), left, strict=True):
        text = due(DUE_AT, language, JAKARTA, at(now), OFFICE)

        assert text == f"{moment(DUE_AT, language, JAKARTA)} ({words})"


def test_what_is_late_by_no_working_day_yet_is_not_told_to_be() -> None:
    friday = at("2026-04-10 16:30")

    for now in ("2026-04-10 16:31", "2026-04-12 12:00"):
        assert due(friday, "id", JAKARTA, at(now), OFFICE) == moment(friday, "id", JAKARTA)


def test_where_working_days_cannot_be_counted_days_of_the_calendar_are_told() -> None:
    sunday, far = at("2026-04-12 12:00"), at("2127-04-12 12:00")

    assert due(sunday, "id", JAKARTA, at("2026-04-11 12:00"), OFFICE).endswith(" (besok)")
    assert due(far, "en", JAKARTA, at("2026-04-12 12:00"), OFFICE).endswith(" (in 36889 days)")


def test_a_text_message_tells_no_days() -> None:
    assert due(DUE_AT, "id", JAKARTA, at("2026-04-08 12:00"), OFFICE, brief=True) == "13 April 2026 pukul 16.00 WIB"
