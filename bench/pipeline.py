"""The whole pipeline beside its ceiling: complaints a second, CPU a complaint by process, memory.

    python -m bench.pipeline [--complaints N] [--stack apache|embedded] [--brokers 1|3] [--members 1|3] [--json FILE]

All four services run as in production; a plain librdkafka client hands all complaints over at once. Then four
processes written by hand do as many reads, writes and publishes without any rule, on the same servers.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from bench.whole.ceiling import by_hand, tasks
from bench.whole.machine import machine, versions
from bench.whole.place import Place, place
from bench.whole.table import shown
from bench.whole.throughput import Course, measured, nothing_lost
from shared.topics import SERVICES
from tests.servers.fleet import running

COMPLAINTS = 16_000
WARM_UP = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--complaints", type=int, default=COMPLAINTS)
    parser.add_argument("--warm-up", type=int, default=WARM_UP, help="complaints before the clock starts")
    parser.add_argument("--stack", choices=("apache", "embedded"), default="apache")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    parser.add_argument("--members", type=int, choices=(1, 3), default=1)
    parser.add_argument("--no-ceiling", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    asked = parser.parse_args()
    with place(asked.stack, brokers=asked.brokers, members=asked.members) as there:
        found: dict[str, Any] = {"machine": machine(), "versions": versions(there.stack.mongo_uri)}
        course = asyncio.run(services(there, asked.complaints, asked.warm_up))
        found["pipeline"] = course.report()
        if not asked.no_ceiling:
            at_most = ceiling(there, course, asked.warm_up)
            found["ceiling"] = at_most.report()
            found["ratio"] = round(course.per_second / at_most.per_second, 3)
    sys.stdout.write(shown(found))
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


async def services(there: Place, complaints: int, warm_up: int) -> Course:
    """Return what the four services make of so many complaints."""
    own = there.namespace()
    async with running(there.fleet(own), *SERVICES) as fleet:
        processes = {member.service: [member.process.pid] for member in fleet.members} | there.servers()
        course = await asyncio.to_thread(measured, there, own, processes, complaints=complaints, warm_up=warm_up)
    nothing_lost(course)
    return course


def ceiling(there: Place, course: Course, warm_up: int) -> Course:
    """Return what processes by hand make of as many complaints, with as many reads, writes and publishes."""
    own = there.namespace()
    with by_hand(there, tasks(course, there.topics, own)) as pids:
        processes = pids | there.servers()
        return measured(there, own, processes, complaints=course.complaints, warm_up=warm_up)


if __name__ == "__main__":
    main()
