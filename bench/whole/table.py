"""The figures of a run, for people."""

from collections.abc import Iterator, Mapping
from typing import Any

CONTENDERS = ("pipeline", "ceiling")


def shown(found: Mapping[str, Any]) -> str:
    """Return the figures of a run as tables in Markdown."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield ", ".join(f"{name} {said}" for name, said in found["machine"].items())
    yield ", ".join(f"{name} {said}" for name, said in found["versions"].items())
    runs = {name: found[name] for name in CONTENDERS if name in found}
    yield from _table("complaints/s", runs, "through")
    yield from _table("us of CPU a complaint", runs, "cpu_us", "cpu_us_total")
    yield from _table("MiB before and after", runs, "rss_mib")
    yield from _table("records a complaint", runs, "records")
    yield from _table("documents a complaint", runs, "documents")
    yield ""
    for name, run in runs.items():
        yield f"{name}: {run['complaints']:,} complaints, {run['per_second']:,.0f} a second, {run['cpu_us_total']:,} us"
        yield f"  stored: {run['stored']}"
    if "ratio" in found:
        yield f"share of the ceiling: {found['ratio']:.2f}"


def _table(title: str, runs: Mapping[str, Any], part: str, total: str | None = None) -> Iterator[str]:
    yield ""
    yield f"| {title} | {' | '.join(runs)} |"
    yield f"| --- |{' ---: |' * len(runs)}"
    names = list(dict.fromkeys(name for run in runs.values() for name in run[part]))
    for name in names:
        yield f"| {name} | {' | '.join(_cell(run[part].get(name)) for run in runs.values())} |"
    if total:
        yield f"| in all | {' | '.join(_cell(run[total]) for run in runs.values())} |"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return " > ".join(_cell(each) for each in value)
    return f"{value:,}"
