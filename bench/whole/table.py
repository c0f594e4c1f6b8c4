"""The figures of a run, as tables in Markdown, for the terminal and for docs/performance.md."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

CONTESTANTS = ("pipeline", "ceiling", "naive")
WAYS = (("agency", "to the agency's topic"), ("events", "to `tickets.events`"))


def shown(found: Mapping[str, Any]) -> str:
    """Return all figures of a run."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['at']}: " + ", ".join(f"{name} {said}" for name, said in found["machine"].items())
    yield ", ".join(f"{name} {said}" for name, said in found["versions"].items())
    for name, run in found["runs"].items():
        yield from ("", f"{name.upper()}")
        yield from rivals(run)
        if lifecycles := run.get("lifecycles"):
            yield from ("", "full lifecycles")
            yield from rivals(lifecycles)
        for part in ("latency", "bursts"):
            if part in run:
                yield from latencies(part, run[part])
        if "profile" in run:
            yield from profile(run["profile"])
        if "idle" in run:
            yield from idle(run["idle"])


def rivals(run: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the pipeline and its rivals have done."""
    runs = {name: run[name] for name in CONTESTANTS if name in run}
    if not runs:
        return
    yield from compared("complaints/s", runs, "through")
    yield from compared("us of CPU a complaint", runs, "cpu_us", "cpu_us_total")
    yield from compared("MiB before > after", runs, "rss_mib")
    yield from compared("records a complaint", runs, "records")
    yield from compared("documents a complaint", runs, "documents")
    if "pipeline" in runs:
        yield f"stored by service: {runs['pipeline']['stored']}"
    if "ratio" in run:
        yield f"share of the ceiling: {run['ratio']:.2f}"


def compared(title: str, runs: Mapping[str, Any], part: str, total: str | None = None) -> Iterator[str]:
    """Yield a table with a column for each rival."""
    names = list(dict.fromkeys(name for run in runs.values() for name in run[part]))
    rows = [[name, *(run[part].get(name) for run in runs.values())] for name in names]
    if total:
        rows.append(["in all", *(run[total] for run in runs.values())])
    yield from ("", *table([title, *runs], rows))


def latencies(title: str, runs: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table with a row for each rate and each topic."""
    rows = []
    for rate, run in runs.items():
        for way, words in WAYS:
            percentiles = [run[way][name] for name in ("p50", "p99", "p99.9", "max")]
            rows.append([f"{rate} {words}", *percentiles, run[f"{way}_by_broker"]["p99"]])
    head = [f"{title}, ms", "p50", "p99", "p99.9", "max", "p99 by the broker's stamp"]
    yield from ("", *table(head, rows))


def profile(services: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield a table of where the microseconds of a complaint go, with a column for each service."""
    steps = sorted({step for each in services.values() for step in each})
    rows = [[step, *(each.get(step, 0) for each in services.values())] for step in steps]
    rows.append(["in all", *(sum(each.values()) for each in services.values())])
    yield from ("", *table(["us of CPU a complaint", *services], rows))


def idle(shares: Mapping[str, float]) -> Iterator[str]:
    """Yield a table of what each process takes while nothing happens."""
    services = sum(share for name, share in shares.items() if name not in ("mongod", "broker"))
    rows = [*map(list, shares.items()), ["four services", round(services, 2)]]
    yield from ("", *table(["idle", "% of a core"], rows))


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Yield the lines of a table in Markdown; all columns but the first are aligned to the right."""
    yield f"| {' | '.join(head)} |"
    yield f"| --- |{' ---: |' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return " > ".join(map(_cell, value))
    return value if isinstance(value, str) else f"{value:,}"
