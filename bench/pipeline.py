"""The whole pipeline beside its ceiling: throughput, CPU a complaint by process, memory, latency, lifecycles, bursts.

    python -m bench.pipeline                        # throughput on Apache Kafka beside the ceiling
    python -m bench.pipeline --only latency --seconds 20
    python -m bench.pipeline --all --json bench/figures/2026-11-30.json --chart docs/performance.png

All four services run as in production; plain librdkafka clients are everybody outside. A rival does as many reads,
writes and publishes on the same servers in the same run: by hand without any rule, or naively, a message at a time.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench.meters.machine import machine, versions
from bench.report import before
from bench.whole.bursts import STEP_SECONDS
from bench.whole.place import place
from bench.whole.suite import IDLE, SECTIONS, THROUGHPUT, Size, measure
from bench.whole.table import shown
from tindak.stack.layout import BrokerKind

COMPLAINTS, WARM_UP, SECONDS = 16_000, 500, 60.0

Stack = tuple[str, BrokerKind, int, int, Sequence[str]]
"""What it is called, the broker, how many brokers and database members, and what is measured there."""

ALL: tuple[Stack, ...] = (
    ("apache", "apache", 1, 1, SECTIONS),
    ("cluster", "apache", 3, 3, (THROUGHPUT,)),
    ("embedded", "embedded", 1, 1, (THROUGHPUT, IDLE)),
)


def main() -> None:
    asked = parsed()
    stacks = ALL if asked.all else [(asked.name, asked.stack, asked.brokers, asked.members, asked.only)]
    size = Size(asked.complaints, asked.warm_up, asked.seconds, asked.step_seconds)
    found: dict[str, Any] = {"at": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "runs": {}}
    with bar(sum(len(sections) for *_, sections in stacks)) as progress:
        (task,) = progress.task_ids
        for name, kind, brokers, members, sections in stacks:

            def begin(what: str, name: str = name) -> None:
                progress.update(task, description=f"{name}: {what}")

            begin("servers start")
            with place(kind, brokers=brokers, members=members) as there:
                found.setdefault("versions", versions(there.stack.mongo_uri))
                found["runs"][name] = asyncio.run(measure(there, sections, size, begin))
            progress.advance(task, len(sections))
            write(found, asked.json)
    sys.stdout.write(shown(found))
    if asked.chart:
        from bench.whole.chart import drawn

        drawn(found, before(), asked.chart)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="every section on one broker, on three, and embedded")
    parser.add_argument("--only", choices=SECTIONS, action="append", help=f"by default {THROUGHPUT}; may be repeated")
    parser.add_argument("--complaints", type=int, default=COMPLAINTS, help="sent at once")
    parser.add_argument("--warm-up", type=int, default=WARM_UP, help="complaints before a clock starts")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each rate of arrivals, and of idleness")
    parser.add_argument("--step-seconds", type=float, default=STEP_SECONDS, help="for each step of a burst")
    parser.add_argument("--stack", choices=("apache", "embedded"), default="apache")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    parser.add_argument("--members", type=int, choices=(1, 3), default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--chart", type=Path, metavar="PNG")
    asked = parser.parse_args()
    asked.only = asked.only or [THROUGHPUT]
    asked.name = "cluster" if asked.brokers > 1 or asked.members > 1 else asked.stack
    return asked


def bar(sections: int) -> Progress:
    """Return a progress bar on stderr."""
    columns = BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn()
    progress = Progress(*columns, TextColumn("{task.description}"), console=Console(stderr=True))
    progress.add_task("begins", total=sections)
    return progress


def write(found: dict[str, Any], file: Path | None) -> None:
    """Write what is found so far, so that a run that breaks off has said something."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
