"""What the chart of ``tindak sla report`` draws: bars and numbers, never pixels."""

import builtins
from pathlib import Path
from typing import Any

import pytest

from tindak.console import Failure
from tindak.sla.chart import OF_AGENCIES, OF_COORDINATOR, Bar, Panel, draw, figure_of, panels_of
from tindak.sla.month import Row

pytestmark = pytest.mark.unit

RESPOND, RESOLVE = OF_AGENCIES.values()


def row(agency: str, clock: str, met: int = 0, late: int = 0, overdue: int = 0, median: float | None = None) -> Row:
    return Row(agency, clock, met, late, late + overdue, overdue, median, median, None, None, 0, 0)


ROWS = [
    row("dishub", "respond", 3, 1, 0, 2.5),
    row("dlh", "respond", 0, 0, 2),
    row("dinkes", "respond", 1, 1, 2, 40),
    row("dinkes", "resolve", 4, median=97.51),
    row("-", "verify", 9, 1, 0, 1),
]


def test_bars_stand_worst_first_in_a_panel_for_each_clock_of_the_agencies() -> None:
    respond, resolve, _ = panels_of(ROWS)

    assert respond == Panel(
        RESPOND, [Bar("dlh", 0, 0, 2, None), Bar("dinkes", 1, 1, 2, 40), Bar("dishub", 3, 1, 0, 2.5)]
    )
    assert resolve == Panel(RESOLVE, [Bar("dinkes", 4, 0, 0, 97.51)])


def test_among_equal_shares_more_clocks_come_first() -> None:
    (panel,) = panels_of([row("a", "respond", 1, 1), row("b", "respond", 5, 5), row("c", "respond", 1, 1)])

    assert [bar.label for bar in panel.bars] == ["b", "a", "c"]


def test_what_nobody_has_is_the_coordinating_offices() -> None:
    panels = panels_of([*ROWS, row("-", "resolve", overdue=1)])

    assert panels[-1] == Panel(OF_COORDINATOR, [Bar("resolve", 0, 0, 1, None), Bar("verify", 9, 1, 0, 1)])
    assert all(bar.label not in ("-", "verify") for panel in panels[:-1] for bar in panel.bars)


@pytest.mark.parametrize("nothing", [row("dlh", "feedback", 5), row("dlh", "complete", 5), row("dlh", "respond")])
def test_windows_of_the_reporter_and_clocks_without_a_count_are_not_drawn(nothing: Row) -> None:
    assert panels_of([nothing]) == []


def test_the_share_in_time_is_of_all_that_ended_or_should_have() -> None:
    bar = Bar("dlh", 3, 1, 4, None)

    assert [bar.share(part) for part in ("in_time", "late", "overdue")] == [3 / 8, 1 / 8, 4 / 8]


def test_lengths_and_numbers_are_drawn_as_they_were_counted() -> None:
    pytest.importorskip("matplotlib")

    axes = figure_of(panels_of(ROWS), "2026-04").axes

    respond = axes[0]
    lengths = [[patch.get_width() for patch in bars] for bars in respond.containers]  # type: ignore[attr-defined]
    assert [one.get_title("left") for one in axes] == [RESPOND, RESOLVE, OF_COORDINATOR]
    assert [label.get_text() for label in respond.get_yticklabels()] == ["dlh", "dinkes", "dishub"]
    assert lengths == [[0, 0.25, 0.75], [0, 0.25, 0.25], [1, 0.5, 0]]
    assert [text.get_text() for text in respond.texts] == [
        *("0%", "0", "0", "2", "median -"),
        *("25%", "1", "1", "2", "median 40 h"),
        *("75%", "3", "1", "0", "median 2 h 30 min"),
    ]
    assert respond.get_ylim()[0] > respond.get_ylim()[1]  # the first bar, which is the worst, on top


def test_an_empty_chart_is_reported_and_writes_no_file(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="There is nothing to draw for 2026-04"):
        draw([], "2026-04", tmp_path / "chart.png")

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_refused_in_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")

    with pytest.raises(Failure, match="cannot be written: No such file"):
        draw(ROWS, "2026-04", tmp_path / "no" / "chart.png")


def test_without_matplotlib_a_chart_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ModuleNotFoundError(name="matplotlib")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)

    with pytest.raises(Failure, match="Drawing needs matplotlib; run `pip install"):
        draw(ROWS, "2026-04", tmp_path / "chart.png")
