"""Renders the figures of a run into docs/performance.md, between its two markers, and draws their chart.

python -m bench.report bench/figures/2026-11-30.json
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.whole.table import compared, idle, latencies, profile, table

ROOT = Path(__file__).resolve().parents[1]
PERFORMANCE, CHART = ROOT / "docs" / "performance.md", ROOT / "docs" / "performance.png"
BEGIN, END = "<!-- figures: begin (python -m bench.report) -->", "<!-- figures: end -->"
BEFORE = ROOT / "bench" / "figures" / "before.json"
STACKS = (
    ("apache", "one broker, one mongod"),
    ("cluster", "three brokers, three mongod"),
    ("embedded", "embedded broker, one mongod"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("figures", type=Path, help="what `python -m bench.pipeline --all --json` has written")
    asked = parser.parse_args()
    found = json.loads(asked.figures.read_text(encoding="utf-8"))
    text = PERFORMANCE.read_text(encoding="utf-8")
    PERFORMANCE.write_text(inserted(text, rendered(found, before())), encoding="utf-8")
    # Drawing takes longer to import than all else here takes.
    from bench.whole.chart import drawn

    drawn(found, before(), CHART)


def before() -> Mapping[str, Any]:
    """Return what was measured before anything was made faster, in the same form as far as it is known."""
    known: Mapping[str, Any] = json.loads(BEFORE.read_text(encoding="utf-8"))
    return known


def inserted(text: str, figures: str) -> str:
    """Return *text* with *figures* between the markers.

    Raises:
        ValueError: A marker is missing.
    """
    head, _, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not end:
        raise ValueError(f"{BEGIN} and {END} do not stand there, one after the other")
    return f"{head}{BEGIN}\n{figures.strip()}\n{END}{tail}"


def rendered(found: Mapping[str, Any], earlier: Mapping[str, Any]) -> str:
    """Return the figures of a run as Markdown."""
    return "\n".join(_lines(found, earlier)) + "\n"


def _lines(found: Mapping[str, Any], earlier: Mapping[str, Any]) -> Iterator[str]:
    machine, versions = found["machine"], found["versions"]
    yield (
        f"{found['at']}, {machine['cores']} x {machine['processor']} (load {machine['load']} at the beginning,"
        f" {machine['system']}); "
    )
    yield ", ".join(f"{name} {said}" for name, said in versions.items() if said != "-") + "."
    yield ""
    yield from table(("complaints/s", "before", "now", "ceiling", "share", "naive"), _rates(found, earlier))
    runs = found["runs"]
    for name, words in STACKS:
        if "pipeline" in runs.get(name, {}):
            shown = {each: runs[name][each] for each in ("pipeline", "ceiling", "naive") if each in runs[name]}
            if name in earlier["runs"]:
                shown = {"before": earlier["runs"][name]["pipeline"]} | shown
            yield from ("", f"**{words.capitalize()}**")
            yield from compared("us of CPU a complaint", shown, "cpu_us", "cpu_us_total")
            yield from compared("MiB before > after", {"pipeline": runs[name]["pipeline"]}, "rss_mib")
        if "idle" in runs.get(name, {}):
            yield from idle(runs[name]["idle"])
    apache = runs.get("apache", {})
    if "latency" in apache:
        yield from ("", "**Latency** at so many complaints a second, from the moment at which each should be sent")
        yield from latencies("complaints a second", apache["latency"])
    if "bursts" in apache:
        yield from ("", "**Bursts** of 1, 15, 1, 25, 2, 35 and 10 complaints a second, so many times")
        yield from latencies("times", apache["bursts"])
    if "profile" in apache:
        yield from ("", "**Where each microsecond goes**, under a sampler, which makes everything a little slower")
        yield from profile(apache["profile"])
    if "pipeline" in apache:
        both = {name: apache[name] for name in ("pipeline", "ceiling") if name in apache}
        yield from ("", "**What both do** for a complaint: records by topic, documents in MongoDB")
        yield from compared("records a complaint", both, "records")
        yield from compared("documents a complaint", both, "documents")


def _rates(found: Mapping[str, Any], earlier: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    for name, words in STACKS:
        run, known = found["runs"].get(name, {}), earlier["runs"].get(name, {})
        if "pipeline" in run:
            yield _rate(words, run, known)
        if "lifecycles" in run:
            yield _rate(f"full lifecycles, {words}", run["lifecycles"], known.get("lifecycles", {}))


def _rate(words: str, run: Mapping[str, Any], known: Mapping[str, Any]) -> Sequence[Any]:
    def per_second(of: Mapping[str, Any], name: str) -> int | None:
        return round(of[name]["per_second"]) if name in of else None

    share = f"{run['ratio']:.2f}" if "ratio" in run else None
    return (
        words, per_second(known, "pipeline"), per_second(run, "pipeline"), per_second(run, "ceiling"), share,
        per_second(run, "naive"),
    )  # fmt: skip


if __name__ == "__main__":
    main()
