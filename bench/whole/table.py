"""The figures of a run, as tables in Markdown, for the terminal and for docs/performance.md."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

CONTENDERS = ("pipeline", "ceiling", "naive")
WAYS = (("agency", "to the agency's topic"), ("events", "to `tickets.events`"))


def shown(found: Mapping[str, Any]) -> str:
    """Return all figures of a run."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['at']}: " + ", ".join(f"{name} {said}" for name, said in found["machine"].items())
    yield ", ".join(f"{name} {said}" for name, said in found["versions"].items())
    for name, run in found["runs"].items():
        yield from ("", f"{name.upper()}")
        yield from contenders(run)
        if lifecycles := run.get("lifecycles"):
            yield from ("", "full lifecycles")
            yield from contenders(lifecycles)
        for part in ("latency", "bursts"):
            if part in run:
                yield from latencies(part, run[part])
        if "idle" in run:
            yield from idle(run["idle"])


def contenders(run: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the pipeline and its contenders have done."""
    runs = {name: run[name] for name in CONTENDERS if name in run}
    if not runs:
        return
    yield from compared("complaints/s", runs, "through")
    yield from compared("us of CPU a complaint", runs, "cpu_us", "cpu_us_total")
    yield from compared("MiB before > after", runs, "rss_mib")
    yield from compared("records a complaint", runs, "records")
    yield from compared("documents a complaint", runs, "documents")
    for name, each in runs.items():
        yield f"{name}: {each['complaints']:,} complaints; stored {each['stored']}"
    if "ratio" in run:
        yield f"share of the ceiling: {run['ratio']:.2f}"


def compared(title: str, runs: Mapping[str, Any], part: str, total: str | None = None) -> Iterator[str]:
    """Yield a table with a column for each contender."""
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
