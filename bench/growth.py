"""What a complaint costs with 10,000, 100,000 and 1,000,000 stored tickets: CPU by process, queries, memory.

    python -m bench.growth [--sizes 10000,100000,1000000] [--complaints N] [--json FILE]

The services make tickets of complaints, some of which are lived to their end; copies of these under other ids fill all
four collections. At each size the services are started anew and handle the same number of complaints; sweeps and the
look-up of candidates run as they always do. What the database examined for each query comes from its profiler, in a run
of its own that does not count.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.grown.copies import Ticket
from bench.grown.examined import a_complaint, profiled
from bench.grown.meter import spent
from bench.grown.tickets import fill, made, remove
from bench.meters.machine import machine, versions
from bench.whole.complaints import first
from bench.whole.place import Place, place
from shared.topics import SERVICES
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running

SIZES = (10_000, 100_000, 1_000_000)
COMPLAINTS, WARM_UP, MADE, PROFILED = 4_000, 500, 2_000, 400
RATIO_MAX = 1.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=_sizes, default=SIZES, help="of stored tickets, ascending")
    parser.add_argument("--complaints", type=int, default=COMPLAINTS, help="measured at each size")
    parser.add_argument("--made", type=int, default=MADE, help="tickets that are made to be copied")
    parser.add_argument("--json", type=Path, metavar="FILE")
    asked = parser.parse_args()
    with place("apache") as there:
        found: dict[str, Any] = {"machine": machine(), "versions": versions(there.stack.mongo_uri)}
        found["sizes"] = asyncio.run(grown(there, asked.sizes, asked.complaints, asked.made))
    found["ratio"] = ratios(found["sizes"])
    sys.stdout.write(shown(found))
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


async def grown(there: Place, sizes: Sequence[int], complaints: int, count: int) -> dict[str, Any]:
    """Return what was measured at each size."""
    own, found, stored = there.namespace(), dict[str, Any](), 0
    begun_at = datetime.now(UTC)
    async with running(there.fleet(own), *SERVICES):
        tickets = await made(there, own, count)
    for size in sizes:
        began = time.monotonic()
        await asyncio.to_thread(refill, there, own, tickets, begun_at, range(stored, size))
        seconds, added, stored, begun_at = time.monotonic() - began, size - stored, size, datetime.now(UTC)
        sys.stderr.write(f"{size:,} stored: {added * len(SERVICES) / seconds:,.0f} documents/s\n")
        began = time.monotonic()
        async with running(there.fleet(own), *SERVICES) as fleet:
            ready_within = time.monotonic() - began
            found[str(size)] = await asyncio.to_thread(at_size, there, own, fleet, complaints, size)
        found[str(size)]["ready_seconds"] = round(ready_within, 1)
    return found


def refill(there: Place, own: Namespace, tickets: Sequence[Ticket], since: datetime, numbers: range) -> None:
    """Remove what complaints have left since an instant, and store more copies."""
    with there.database() as database:
        remove(database, own, since)
        fill(database, own, tickets, numbers)


def at_size(there: Place, own: Namespace, fleet: Fleet, complaints: int, size: int) -> dict[str, Any]:
    """Return what complaints cost now."""
    processes = {member.service: [member.process.pid] for member in fleet.members} | there.servers()
    spent(there, own, processes, first(WARM_UP, f"warm-{size}"))
    found = spent(there, own, processes, first(complaints, f"at-{size}")).report()
    with there.database() as database, profiled(database, own) as examined:
        spent(there, own, processes, first(PROFILED, f"profiled-{size}"))
    return found | {"queries": a_complaint(examined, PROFILED)}


def ratios(sizes: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return the CPU of each process for a complaint at each size, as a multiple of that at the first."""
    base = next(iter(sizes.values()))
    return {
        size: {name: round(us / max(1, base["cpu_us"][name]), 2) for name, us in run["cpu_us"].items()}
        | {"in all": round(run["cpu_us_total"] / base["cpu_us_total"], 2)}
        for size, run in sizes.items()
    }


def shown(found: Mapping[str, Any]) -> str:
    """Return the figures as tables in Markdown."""
    sizes = found["sizes"]
    names = [*next(iter(sizes.values()))["cpu_us"], "in all"]
    lines = [", ".join(f"{name} {said}" for name, said in found["machine"].items()), ""]
    lines += [f"| us of CPU a complaint (ratio) | {' | '.join(f'{int(size):,}' for size in sizes)} |"]
    lines += [f"| --- |{' ---: |' * len(sizes)}"]
    for name in names:
        cells = [
            f"{(run['cpu_us'] | {'in all': run['cpu_us_total']})[name]:,} ({found['ratio'][size][name]:.2f})"
            for size, run in sizes.items()
        ]
        lines += [f"| {name} | {' | '.join(cells)} |"]
    for part in ("rss_mib", "documents", "ready_seconds"):
        lines += ["", part, *(f"  {int(size):,}: {run[part]}" for size, run in sizes.items())]
    lines += ["", "what the database examines for a complaint: queries, keys, documents, us"]
    for kind in dict.fromkeys(kind for run in sizes.values() for kind in run["queries"]):
        cells = [
            " ".join(f"{value:g}" for value in run["queries"].get(kind, {}).values()) or "-" for run in sizes.values()
        ]
        lines += [f"  {kind}: {' | '.join(cells)}"]
    worst = max(found["ratio"][size]["in all"] for size in sizes)
    return "\n".join([*lines, "", f"at most {worst:.2f} times the first (wanted: {RATIO_MAX})", ""])


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(size.replace("_", "")) for size in text.split(","))


if __name__ == "__main__":
    main()
