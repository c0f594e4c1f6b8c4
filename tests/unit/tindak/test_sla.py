"""``tindak sla``: what it prints about a count, that it is what the clocks do, and how it refuses."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.sla.domain.rules import SlaRules
from services.sla.policy import load_sla
from shared.events import SlaClock
from tests.unit.sla.cases import days
from tests.unit.tindak.test_cli import one_line
from tests.unit.working_time.calendars import at
from tindak.cli import main
from tindak.sla.input import HERE

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def city() -> SlaRules:
    return load_sla(HERE)


def said(capsys: pytest.CaptureFixture[str], *typed: str) -> str:
    assert main(["sla", *typed]) == 0
    return capsys.readouterr().out


def told(capsys: pytest.CaptureFixture[str], *typed: str) -> Any:
    return json.loads(said(capsys, *typed, "--json"))


def test_a_count_is_shown_day_by_day_with_what_makes_a_day_unusual(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "add", "2026-03-17T09:00", "2 working_days").splitlines()

    assert lines[1] == "from   Tue 17 Mar 2026 09:00:00 WIB"
    assert lines[2].split() == [
        "Tue",
        "17",
        "Mar",
        "2026",
        "09:00-12:00",
        "12:30-15:00",
        "5",
        "h",
        "30",
        "min",
        "Ramadan",
    ]
    assert [line.split()[4] for line in lines[3:10]] == ["-"] * 7  # Nyepi, Idulfitri, cuti bersama, a weekend
    assert lines[-1] == "=      Thu 26 Mar 2026 16:00:00 WIB"


@pytest.mark.parametrize("command", ["add", "subtract"])
@pytest.mark.parametrize("hours", [0, 1, 8, 40, 450])
def test_the_days_that_are_shown_add_up_to_what_was_asked(
    command: str, hours: int, city: SlaRules, capsys: pytest.CaptureFixture[str]
) -> None:
    start_at, work = at("2026-03-17 09:10"), city.calendars["default"]
    reached = getattr(work, command)(start_at, timedelta(hours=hours))

    found = told(capsys, command, "2026-03-17T09:10", f"{hours}h")

    assert datetime.fromisoformat(found["result"]["at"]) == reached
    assert sum(day["working_seconds"] for day in found["days"]) == hours * 3600


def test_between_shows_working_time_that_is_negative_backwards(capsys: pytest.CaptureFixture[str]) -> None:
    there = told(capsys, "between", "2026-04-06T00:00", "2026-04-10T08:00")
    back = told(capsys, "between", "2026-04-10T08:00", "2026-04-06T00:00")

    assert there["result"] == {"working_seconds": 30.5 * 3600}
    assert back["result"] == {"working_seconds": -30.5 * 3600}
    assert sum(day["working_seconds"] for day in back["days"]) == 30.5 * 3600


def test_a_time_without_a_zone_is_that_of_the_office(capsys: pytest.CaptureFixture[str]) -> None:
    here = told(capsys, "add", "2026-04-06T09:00", "1h")
    elsewhere = told(capsys, "add", "2026-04-06T04:00:00+02:00", "1h")

    assert here == elsewhere


def test_a_long_count_leaves_days_out_of_the_middle_and_none_of_the_sum(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "add", "2026-04-06", "900h").splitlines()

    assert len(lines) == 67
    assert any("days left out" in line for line in lines)
    assert lines[-3].endswith("900 h")


def test_a_clock_is_explained_as_it_would_run(city: SlaRules, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "explain", "--clock", "respond", "--start", "2026-04-06T09:00", "--agency", "dishub")

    (clock,) = found["clocks"]
    assert clock["due_at"] == days(5).deadline(at("2026-04-06 09:00"), city.calendars["default"]).isoformat()
    assert [one["percent"] for one in clock["warnings"]] == [50, 80]
    assert [(one["level"], one["responsible"]) for one in clock["levels"]] == [
        (level.level, level.responsible) for level in city.escalation(SlaClock.RESPOND, "dishub")
    ]


def test_a_pause_puts_the_due_time_off_and_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    typed = ("explain", "--clock", "respond", "--start", "2026-04-06T09:00", "--agency", "dishub")
    hold = "needs_reporter,2026-04-07T08:00,2026-04-09T08:00"

    without, held = (said(capsys, *typed), said(capsys, *typed, "--hold", hold))

    assert "due       Mon 13 Apr 2026 16:00:00 WIB" in without
    assert "paused    Tue 7 Apr 2026 08:00:00 WIB until Thu 9 Apr 2026 08:00:00 WIB" in held
    assert "due       Wed 15 Apr 2026 16:00:00 WIB" in held


@pytest.mark.parametrize(
    ("typed", "indonesian", "english"),
    [
        (("add", "besok", "1h"), "`besok` bukan waktu", "`besok` is no instant"),
        (("add", "2026-02-29", "1h"), "bukan waktu", "is no instant"),
        (("add", "2026-04-06", "5 wd"), "bukan lama waktu", "is no amount of time"),
        (("add", "2026-04-06", "0 working_days"), "bukan lama waktu", "is no amount of time"),
        (("add", "2026-04-06", ""), "bukan lama waktu", "is no amount of time"),
        (("subtract", "2026-04-06", "5 working_days"), "tidak dapat dikurangkan", "cannot be subtracted"),
        (
            ("add", "2026-04-06", "1h", "--calendar", "defualt"),
            "tidak ada di calendars.yaml",
            "did you mean",
        ),
        (("explain",), "sebutkan ID", "give either an ID"),
        (
            ("explain", "--clock", "respond", "--start", "2026-04-06", "--agency", "x"),
            "tidak dikenal",
            "is not in agen",
        ),
        (
            ("explain", "--clock", "respond", "--start", "2026-04-06", "--hold", "lunch"),
            "bukan penundaan",
            "is no hold such as",
        ),
        (
            ("explain", "--clock", "respond", "--start", "2026-04-06", "--hold", "field_work,2026-04-08,2026-04-07"),
            "berakhir sebelum mulai",
            "ends before it begins",
        ),
    ],
)
def test_what_cannot_be_counted_is_refused_in_two_languages(
    typed: tuple[str, ...], indonesian: str, english: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["sla", *typed])

    line = one_line(capsys)
    assert code == 2
    assert indonesian in line.split(" / ")[0]
    assert english in line.split(" / ")[1]


@pytest.mark.parametrize("typed", [("add", "2026-04-06", "999999h"), ("add", "9999-12-31", "5 working_days")])
def test_what_lies_beyond_the_calendar_is_refused_in_two_languages(
    typed: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["sla", *typed])

    assert (code, one_line(capsys).count("default")) == (1, 2)
