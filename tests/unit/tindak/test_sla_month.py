"""``tindak sla report``: what a month comes to, as sla and routing said it."""

import csv
import io
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.events import Event
from tests.builders import event
from tests.unit.sla.cases import RULES, accepted, answered, closed, declined, held, resumed, routed
from tests.unit.sla.harness import ClockHarness
from tests.unit.working_time.calendars import wib
from tindak.sla import report
from tindak.sla.month import Month, Row, quantile
from tindak.sla.report import NAMES, table

pytestmark = pytest.mark.unit

HEARD: list[Any] = [
    accepted("2026-04-06 08:00"),
    routed(1, "2026-04-06 09:00"),
    held(2, "2026-04-07 09:00"),
    resumed(3, "2026-04-08 09:00"),
    answered(4, "2026-04-24 09:00", final=False),
    answered(5, "2026-04-24 10:00"),
    closed(6, "2026-04-27 09:00", "system"),
]


def story(*heard: Any) -> list[Event]:
    """Return all that routing and sla said while this happened."""
    harness, events = ClockHarness(), []
    for data in heard:
        when = data.at if hasattr(data, "at") else data.accepted_at
        before = len(harness.facts)
        harness.wait_until(wib(when))
        harness.receive(data)
        events += [event(fact.data, at=fact.at or when) for fact in harness.facts[before:]]
        events.append(event(data, at=when))
    return events


STORY = story(*HEARD)


def rows(month: str, events: list[Event]) -> dict[tuple[str, str], Row]:
    return {(row.agency, row.clock): row for row in Month(month, RULES).rows(events)}


def test_a_month_is_counted_by_agency_and_clock_in_working_time() -> None:
    found = rows("2026-04", STORY)

    assert found["dishub", "respond"] == Row(
        "dishub", "respond", met=0, late=1, breached=1, overdue=0, median_hours=97.5, p90_hours=97.5,
        closed_by_reporter=0.0, closed_by_system=1.0, holds=1, returns=0,
    )  # fmt: skip
    assert (found["dishub", "resolve"].met, found["dishub", "resolve"].late) == (1, 0)
    assert (found["-", "verify"].met, found["-", "verify"].median_hours) == (1, 1.0)


def test_what_has_not_ended_is_overdue_in_each_month_since_its_due_time() -> None:
    unanswered = story(*HEARD[:4], held(4, "2026-06-30 09:00"))

    counts = {
        month: [(row.breached, row.overdue) for key, row in rows(month, unanswered).items() if key[1] == "respond"]
        for month in ("2026-03", "2026-04", "2026-05")
    }

    assert counts == {"2026-03": [], "2026-04": [(1, 1)], "2026-05": [(0, 1)]}


def test_order_and_repetition_change_nothing() -> None:
    assert rows("2026-04", [*reversed(STORY), *STORY]) == rows("2026-04", STORY)


def test_another_month_does_not_count() -> None:
    assert rows("2026-03", STORY) == rows("2026-05", STORY) == {}


def test_what_is_given_back_is_counted_at_who_gave_it_back() -> None:
    given_back = story(*HEARD[:2], declined(2, "2026-04-14 09:00"), routed(3, "2026-04-14 10:00", "dlh"))

    assert rows("2026-04", given_back)["dishub", "respond"].returns == 1


@pytest.mark.parametrize(
    ("hours", "median", "p90"),
    [([], None, None), ([4.0], 4.0, 4.0), ([1.0, 2.0], 1.0, 2.0), ([float(n) for n in range(1, 11)], 5.0, 9.0)],
)
def test_a_quantile_is_a_value_that_was_there(hours: list[float], median: float | None, p90: float | None) -> None:
    assert (quantile(hours, 0.5), quantile(hours, 0.9)) == (median, p90)


def test_a_table_has_a_line_for_each_row_and_a_dash_for_what_there_is_not() -> None:
    late = rows("2026-04", story(*HEARD[:5]))["dishub", "respond"]

    lines = table([late])

    assert lines[0].split()[:5] == ["agency", "clock", "met", "late", "breached"]
    assert lines[1].split() == ["dishub", "respond", "0", "1", "1", "0", "97.5", "97.5", "-", "-", "1", "0"]
    assert table([]) == ["Tidak ada jam yang berakhir atau terlambat. / No clock ended or was late."]


def test_a_csv_has_the_same_rows(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    async def counted(month: Month, timeout_seconds: float) -> list[Row]:
        return month.rows(STORY)

    monkeypatch.setattr(report, "_rows", counted)

    report.report_command("2026-04", as_csv=True, png=None)

    lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(lines[0]) == NAMES
    assert {(line["agency"], line["clock"]) for line in lines} == set(rows("2026-04", STORY)) | {("-", "verify")}


def test_the_report_names_the_chart_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")

    async def counted(month: Month, timeout_seconds: float) -> list[Row]:
        return month.rows(STORY)

    monkeypatch.setattr(report, "_rows", counted)

    report.report_command("2026-04", png=tmp_path / "chart.png", as_json=True)

    told = capsys.readouterr()
    assert (tmp_path / "chart.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert told.err == f"Grafik ditulis ke {tmp_path}/chart.png. / The chart was written to {tmp_path}/chart.png.\n"
    assert orjson.loads(told.out)["month"] == "2026-04"


@pytest.mark.parametrize("month", ["2026-13", "april", "2026", "0000-01"])
def test_what_is_no_month_is_refused(month: str) -> None:
    with pytest.raises(Exception, match=r"bukan bulan seperti 2026-03 / .* is no month such as 2026-03"):
        report.report_command(month)
