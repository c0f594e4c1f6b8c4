"""`make bench-quick`: within two minutes, whether anything has become much slower than it was.

    python -m bench.quick [--keep]

Every figure is a ratio of two that are measured in the same run, so that a slow or busy machine slows down both. Prints
them beside the committed ones (`bench/ratios.json`) and ends with 1 if one has fallen to less than half; ``--keep``
writes those of this run there instead.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from bench import masking
from bench.routing_throughput import (
    MODEL,
    POLICY,
    ceiling,
    complaints,
    in_memory,
    keywords,
    log_to_nowhere,
)
from bench.whole.place import place
from bench.whole.suite import THROUGHPUT, Size, measure
from services.routing.policy import load_routing
from services.routing.text_model import load_model
from shared.events.envelope import encode

RATIOS = Path(__file__).with_name("ratios.json")
FALLEN_TO = 0.5
SIZE = Size(complaints=2_000, warm_up=500, seconds=0)
IN_MEMORY, ROUNDS = 1_000, 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="commit to the ratios of this run")
    asked = parser.parse_args()
    log_to_nowhere()
    measured = {name: round(ratio, 4) for name, ratio in ratios()}
    committed = json.loads(RATIOS.read_text(encoding="utf-8")) if RATIOS.exists() else {}
    sys.stdout.write("\n".join(compared(measured, committed)) + "\n")
    if asked.keep:
        RATIOS.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
        return
    sys.exit(1 if fallen(measured, committed) else 0)


def ratios() -> Iterator[tuple[str, float]]:
    """Yield each ratio by what it compares; higher is better."""
    yield from _in_memory()
    _, now, before = masking.both(ROUNDS)
    yield "masking of 0.1.0 : masking", before / now
    with place("apache") as there:
        run = asyncio.run(measure(there, [THROUGHPUT], SIZE, lambda _: None))
    yield "four services : by hand, complaints/s", run["ratio"]
    cpu = [run[name]["cpu_us_total"] for name in ("ceiling", "pipeline")]
    yield "by hand : four services, CPU a complaint", cpu[0] / cpu[1]


def _in_memory() -> Iterator[tuple[str, float]]:
    policy, told = load_routing(POLICY), complaints(IN_MEMORY)
    bare, model = replace(policy, clusters=replace(policy.clusters, accept=False)), load_model(MODEL)
    written, owners = [encode(each) for each in told], keywords()

    def at_best() -> float:
        begun = perf_counter()
        ceiling(owners, written)
        return perf_counter() - begun

    best = min(at_best() for _ in range(ROUNDS))
    rules = min(asyncio.run(in_memory(bare, None, told)) for _ in range(ROUNDS))
    everything = min(asyncio.run(in_memory(policy, model, told)) for _ in range(ROUNDS))
    yield "routing in memory : bare loop", best / rules
    yield "routing with model and clusters : without", rules / everything


def fallen(measured: Mapping[str, float], committed: Mapping[str, float]) -> list[str]:
    """Return the ratios that have fallen to less than half of the committed ones."""
    return [name for name, ratio in measured.items() if ratio < FALLEN_TO * committed.get(name, 0)]


def compared(measured: Mapping[str, float], committed: Mapping[str, float]) -> Iterator[str]:
    """Yield a line for each ratio, beside the committed one."""
    lost = fallen(measured, committed)
    yield f"{'ratio':44} {'measured':>9} {'committed':>9}"
    for name, ratio in measured.items():
        known = f"{committed[name]:9.3f}" if name in committed else "        -"
        yield f"{name:44} {ratio:9.3f} {known}{'  LESS THAN HALF' if name in lost else ''}"


if __name__ == "__main__":
    main()
