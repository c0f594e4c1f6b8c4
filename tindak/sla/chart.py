"""Draws the chart of ``tindak sla report``: which share of the clocks was in time, by agency and clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from services.sla.tooling import WINDOWS
from shared.events import SlaClock
from tindak.console import Failure
from tindak.formatting import hours
from tindak.sla.month import NOBODY, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OF_AGENCIES = {SlaClock.RESPOND: "Tanggapan pertama / respond", SlaClock.RESOLVE: "Penyelesaian / resolve"}
OF_COORDINATOR = "Kantor koordinator / coordinating office"
PARTS = (
    ("in_time", "tepat waktu / in time", "#3b7a57"),
    ("late", "selesai terlambat / ended late", "#c77f0a"),
    ("overdue", "masih terlambat / still overdue", "#b03a2e"),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """How many clocks ended in time, ended late, or are overdue still, and their median working time."""

    label: str
    in_time: int
    late: int
    overdue: int
    median_hours: float | None

    @property
    def total(self) -> int:
        """Return how many clocks the bar stands for."""
        return self.in_time + self.late + self.overdue

    def share(self, part: str) -> float:
        """Return which part of the clocks is `in_time`, `late` or `overdue`."""
        count: int = getattr(self, part)
        return count / self.total

    @property
    def median(self) -> str:
        """Return the median for people."""
        return "-" if self.median_hours is None else hours(60 * round(60 * self.median_hours))


@dataclass(frozen=True, slots=True)
class Panel:
    """The bars of one clock, or of the coordinating office, worst first."""

    title: str
    bars: Sequence[Bar]


def panels_of(rows: Sequence[Row]) -> list[Panel]:
    """Return what is to be drawn: the agencies' clocks, then those for which the coordinating office answers.

    While nobody has a ticket, the coordinating office must find an agency. The reporter's windows are left out: when
    they end nobody is late.
    """
    given = list(_panels_of(rows))
    return [Panel(title, sorted(bars, key=_worst_first)) for title, bars in given if bars]


def _panels_of(rows: Sequence[Row]) -> Iterator[tuple[str, list[Bar]]]:
    drawn = [row for row in rows if row.clock not in WINDOWS and row.met + row.late + row.overdue]
    for clock, title in OF_AGENCIES.items():
        yield title, [_bar_of(row, row.agency) for row in drawn if row.clock == clock and row.agency != NOBODY]
    yield OF_COORDINATOR, [_bar_of(row, row.clock) for row in drawn if row.agency == NOBODY]


def _bar_of(row: Row, label: str) -> Bar:
    return Bar(label, row.met, row.late, row.overdue, row.median_hours)


def _worst_first(bar: Bar) -> tuple[float, int, str]:
    return bar.share("in_time"), -bar.total, bar.label


def draw(rows: Sequence[Row], month: str, path: Path) -> None:
    """Write the chart as PNG; raise Failure if there is nothing to draw, no matplotlib, or no such folder."""
    panels = panels_of(rows)
    if not panels:
        raise Failure(
            f"Tidak ada yang dapat digambar untuk {month}; {path} tidak ditulis. / There is nothing to draw for"
            f" {month}; {path} was not written."
        )
    figure = figure_of(panels, month)
    try:
        figure.savefig(path, format="png", dpi=120)
    except OSError as error:
        raise Failure(f"{path} tidak dapat ditulis. / {path} cannot be written: {error.strerror}.") from error


def figure_of(panels: Sequence[Panel], month: str) -> "Figure":
    """Return the chart of at least one panel; raise Failure if there is no matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise Failure(
            "matplotlib belum terpasang untuk menggambar; jalankan `pip install 'tindak[model]'`. / Drawing needs"
            " matplotlib; run `pip install 'tindak[model]'`."
        ) from error
    heights = [len(panel.bars) + 1.2 for panel in panels]
    figure = Figure(figsize=(11, 1.4 + 0.36 * sum(heights)), layout="constrained")
    figure.suptitle(f"{month}: tepat waktu / in time, median waktu kerja / of working time", fontweight="bold")
    all_axes = figure.subplots(len(panels), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
    for axes, panel in zip(all_axes, panels, strict=True):
        _draw_panel(axes, panel)
    handles, labels = all_axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(PARTS), frameon=False)
    return figure


def _draw_panel(axes: "Axes", panel: Panel) -> None:
    places = range(len(panel.bars))
    left = [0.0 for _ in panel.bars]
    for part, label, colour in PARTS:
        shares = [bar.share(part) for bar in panel.bars]
        axes.barh(places, shares, left=left, height=0.7, color=colour, label=label)
        left = [before + share for before, share in zip(left, shares, strict=True)]
    for place, bar in zip(places, panel.bars, strict=True):
        _note(axes, f"{bar.share('in_time'):.0%}", place, right_points=36)
        for column, (part, _, colour) in enumerate(PARTS):
            _note(axes, str(getattr(bar, part)), place, right_points=72 + 32 * column, colour=colour)
        _note(axes, f"median {bar.median}", place, right_points=148, align="left")
    axes.set_title(panel.title, loc="left", fontsize=10)
    axes.set_yticks(places, [bar.label for bar in panel.bars])
    axes.set_ylim(len(panel.bars) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.tick_params(left=False, labelsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _note(
    axes: "Axes", text: str, place: int, right_points: int, *, colour: str = "black", align: str = "right"
) -> None:
    """Write something beside a bar, so many points to the right of its end."""
    axes.annotate(
        text, (1, place), (right_points, 0), textcoords="offset points", ha=align, va="center", color=colour,
        fontsize=9, annotation_clip=False,
    )  # fmt: skip
