"""Draws what one complaint costs each process, and how long it takes to its agency."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = {
    "intake": "#5b8fb9",
    "routing": "#3b7a57",
    "sla": "#c77f0a",
    "notify": "#b03a2e",
    "mongod": "#7d6b91",
    "broker": "#8c8c8c",
}
CONTESTANTS = ("pipeline", "ceiling", "naive")


def drawn(found: Mapping[str, Any], earlier: Mapping[str, Any], file: Path) -> None:
    """Write the chart of a run as PNG."""
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    run = found["runs"].get("apache") or next(iter(found["runs"].values()))
    known = {"before": earlier["runs"]["apache"]["pipeline"]}
    _costs(left, known | {name: run[name] for name in CONTESTANTS if name in run})
    _times(right, earlier["runs"]["apache"].get("latency", {}), run.get("latency", {}))
    figure.savefig(file, dpi=120)


def _costs(axes: Axes, runs: Mapping[str, Any]) -> None:
    names = list(runs)[::-1]
    left = [0.0] * len(names)
    for process, colour in COLOURS.items():
        widths = [float(runs[name]["cpu_us"].get(process, 0)) for name in names]
        axes.barh(names, widths, left=left, color=colour, label=process)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    for name, end in zip(names, left, strict=True):
        axes.text(end, name, f" {runs[name]['per_second']:,.0f}/s", va="center", fontsize=8)
    axes.set_xlim(0, max(left) * 1.15)
    axes.set_title("us of CPU a complaint, and complaints/s", fontsize=10)
    axes.legend(fontsize=8)


def _times(axes: Axes, earlier: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    for title, runs, style in (("before", earlier, "--"), ("now", now, "-")):
        for percentile, colour in (("p50", "#3b7a57"), ("p99", "#b03a2e")):
            points = [(rate, run["agency"][percentile]) for rate, run in runs.items() if "agency" in run]
            if points:
                rates, times = zip(*points, strict=True)
                axes.plot(rates, times, style, color=colour, marker="o", label=f"{percentile} {title}")
    axes.set_title("ms to the agency, by complaints a second", fontsize=10)
    axes.set_ylim(bottom=0)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8)
