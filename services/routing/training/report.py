"""A model's measures for people: a page of Markdown and the reliability curve as a picture."""

from collections.abc import Sequence
from pathlib import Path

from services.routing.training.measure import Bin, Measures

PAGE = "report.md"
PICTURE = "reliability.png"


def write_report(directory: Path, title: str, notes: Sequence[str], measures: Measures, target: float) -> Path:
    """Write the page and its picture to *directory*, which is made if need be, and return the page.

    Args:
        notes: Sentences about what was measured.
        target: Precision that the model was trained for.
    """
    directory.mkdir(parents=True, exist_ok=True)
    _draw_reliability(directory / PICTURE, measures.bins)
    page = directory / PAGE
    page.write_text("\n".join(_lines(title, notes, measures, target)) + "\n", encoding="utf-8")
    return page


def _lines(title: str, notes: Sequence[str], measures: Measures, target: float) -> list[str]:
    precision = "–" if measures.precision is None else f"{measures.precision:.4f}"
    return [
        f"# {title}",
        "",
        *(f"- {sentence}" for sentence in notes),
        "",
        "| measure | value |",
        "| --- | ---: |",
        f"| reports measured | {measures.rows:,} |",
        f"| likeliest agency right (top 1) | {measures.top1:.4f} |",
        f"| among the three likeliest (top 3) | {measures.top3:.4f} |",
        f"| macro F1 | {measures.macro_f1:.4f} |",
        f"| routed without a person (coverage) | {measures.coverage:.4f} |",
        f"| right among those (precision; target {target:.2f}) | {precision} |",
        f"| calibration error | {measures.calibration_error:.4f} |",
        f"| texts per second | {measures.texts_per_second:,.0f} |",
        "",
        "## Reliability",
        "",
        "How often the likeliest agency is right, by the probability that the model gives it.",
        "",
        f"![reliability curve]({PICTURE})",
        "",
        "## Agencies",
        "",
        "| agency | reports | precision | recall | F1 | threshold | routed | right |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *_agency_lines(measures),
    ]


def _agency_lines(measures: Measures) -> list[str]:
    """Return one row for each agency; a dash where there is nothing to divide."""
    found = []
    for each in measures.agencies:
        limit = "unknown" if each.threshold is None else f"{each.threshold:.3f}" if each.threshold <= 1 else "never"
        precision, recall = _share(each.found, each.named), _share(each.found, each.rows)
        cells = (precision, recall, f"{each.f1:.3f}", limit, each.routed, _share(each.routed_right, each.routed))
        name = each.agency.replace("|", "\\|")
        found.append(f"| {name} | {each.rows} | {' | '.join(map(str, cells))} |")
    return found


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "–"


def _draw_reliability(path: Path, bins: Sequence[Bin]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 5.5), layout="constrained")
    curve, counts = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    said = [each.said for each in bins]
    curve.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="says what is so")
    curve.plot(said, [each.right for each in bins], marker="o", color="tab:blue", label="model")
    curve.set(ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    curve.legend(loc="upper left")
    counts.bar(said, [each.rows for each in bins], width=0.08, color="tab:blue")
    counts.set(xlabel="probability of the likeliest agency", ylabel="reports")
    figure.savefig(path, dpi=120)
