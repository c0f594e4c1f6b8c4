"""What complaints cost, and how much memory the services hold, while a million are handled in a row.

    python -m bench.endurance [--complaints N] [--cities N] [--json FILE]

New ones are sent before the last are accepted, so that there is always enough to do. Hardly two are alike: each is
told in the first half of one invented report and the second half of another one, and comes from the place of a third.
No ticket ends meanwhile, so that one city has as many open as a country files in years. With ``--cities 40`` they
come from forty times as many kelurahan, which the policy is made to know. A million takes half an hour and some 20 GB
of disk.
"""

import argparse
import asyncio
import json
import random
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from bench.grown.meter import SUBMITTED, come
from bench.meters.machine import machine, versions
from bench.meters.progress import Offsets, Progress, on_the_way
from bench.meters.usage import Processes, resident_mib
from bench.training.training_set import rows
from bench.whole.complaints import CHANNEL, Encoded, encoded, send, submitted
from bench.whole.place import Place, place
from shared import topics
from shared.topics import SERVICES
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY, running

COMPLAINTS, AHEAD, AT_ONCE, CITIES = 1_000_000, 10_000, 5_000, 1
EVERY, EVERY_AFTER = 20_000, 100_000  # what is read off up to the first hundred thousand, and after it
LOOK_EVERY_SECONDS, WITHIN_SECONDS = 2.0, 1_200


@dataclass(frozen=True, slots=True)
class Mark:
    """What is read off once so many complaints are accepted.

    Args:
        at: Seconds since the epoch.
        cpu_seconds: Of each process since it started.
        rss_mib: The most that each process has held since the mark before.
    """

    complaints: int
    at: float
    cpu_seconds: Mapping[str, float]
    rss_mib: Mapping[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--complaints", type=int, default=COMPLAINTS)
    parser.add_argument("--cities", type=int, default=CITIES, help="from whose kelurahan the complaints come")
    parser.add_argument("--json", type=Path, metavar="FILE")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder, place("apache", policy=country(Path(folder), asked.cities)) as there:
        found: dict[str, Any] = {"machine": machine(), "versions": versions(there.stack.mongo_uri)}
        found["marks"] = reported(asyncio.run(endured(there, asked.complaints, asked.cities)))
    sys.stdout.write("\n".join(shown(found)) + "\n")
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def country(folder: Path, cities: int) -> Path:
    """Return a policy of so many cities in one: each kelurahan is known as often, under a name of its own."""
    shutil.copytree(POLICY, folder, dirs_exist_ok=True)
    places = yaml.safe_load((POLICY / "places.yaml").read_text(encoding="utf-8"))
    for kecamatan in places["kecamatan"]:
        names = [each["name"] for each in kecamatan["kelurahan"]]
        kecamatan["kelurahan"] += [{"name": named(name, city)} for city in range(1, cities) for name in names]
    (folder / "places.yaml").write_text(yaml.safe_dump(places, allow_unicode=True), encoding="utf-8")
    return folder


def named(kelurahan: str, city: int) -> str:
    """Return what a kelurahan is called in that city; in the first, and where it is not said, as it is."""
    return f"{kelurahan} {_letters(city)}" if kelurahan and city else kelurahan


def _letters(number: int) -> str:
    tens, ones = divmod(number, 10)
    return f"Kota{chr(ord('a') + tens)}{chr(ord('a') + ones)}"


def reports(seed: str, cities: int) -> Iterator[Encoded]:
    """Yield complaints without end, hardly two of which are alike; the same texts and places for the same seed."""
    known, draw, at, number = rows(), random.Random(seed), datetime.now(UTC).isoformat(), 0
    while True:
        (begins, ends), there = (draw.choice(known)["text"].split() for _ in range(2)), draw.choice(known)
        text = " ".join([*begins[: (len(begins) + 1) // 2], *ends[len(ends) // 2 :]])
        row = {**there, "text": text, "kelurahan": named(there["kelurahan"], draw.randrange(cities))}
        yield encoded(f"{seed}-{number}", submitted(f"{seed}-{number}", number, row, at), at)
        number += 1


async def endured(there: Place, complaints: int, cities: int) -> list[Mark]:
    """Return what was read off while so many complaints were handled by services that were just started."""
    own = there.namespace()
    async with running(there.fleet(own), *SERVICES) as fleet:
        processes = {member.service: [member.process.pid] for member in fleet.members} | there.servers()
        return await asyncio.to_thread(_marks, there, own, processes, complaints, reports("endured", cities))


def _marks(
    there: Place, own: Namespace, processes: Processes, complaints: int, waiting: Iterator[Encoded]
) -> list[Mark]:
    progress, sent = Progress(own, on_the_way(there.topics, CHANNEL), processes), 0
    marks: list[Mark] = []
    most = resident_mib(processes)
    try:
        while True:
            look = progress.look()
            accepted = _accepted(look.ends)
            most = {name: max(most[name], now) for name, now in resident_mib(processes).items()}
            if not marks or accepted >= _next(marks[-1].complaints):
                marks.append(Mark(accepted, look.at, look.cpu_seconds, most))
                most = resident_mib(processes)
                sys.stderr.writelines(f"{json.dumps(each)}\n" for each in reported(marks[-2:]))
            if sent == complaints and not look.left:
                break
            # Some may be refused: they are never accepted, and wait for nobody.
            if sent < complaints and (sent - accepted < AHEAD or not look.left):
                part = list(islice(waiting, min(AT_ONCE, complaints - sent)))
                send(own.servers.bootstrap_servers, [(own.prefix + SUBMITTED, each) for each in part])
                sent += len(part)
            time.sleep(LOOK_EVERY_SECONDS)  # each look costs the broker a little of what is measured
        last = progress.until_handled(WITHIN_SECONDS, come(complaints))
        most = {name: max(most[name], now) for name, now in resident_mib(processes).items()}
        return [*marks, Mark(_accepted(last.ends), last.at, last.cpu_seconds, most)]
    finally:
        progress.close()


def _accepted(ends: Offsets) -> int:
    return sum(end for (topic, _), end in ends.items() if topic == topics.ACCEPTED)


def _next(complaints: int) -> int:
    step = EVERY if complaints < EVERY_AFTER else EVERY_AFTER
    return (complaints // step + 1) * step


def reported(marks: list[Mark]) -> list[dict[str, Any]]:
    """Return, for each mark but the first, what complaints have cost since the one before, as JSON-like values."""
    return [
        {
            "complaints": now.complaints,
            "per_second": round((now.complaints - before.complaints) / (now.at - before.at), 1),
            "cpu_us": {
                name: round((used - before.cpu_seconds[name]) / (now.complaints - before.complaints) * 1e6)
                for name, used in now.cpu_seconds.items()
            },
            "rss_mib": {name: round(mib) for name, mib in now.rss_mib.items()},
        }
        for before, now in pairwise(marks)
        if now.complaints > before.complaints
    ]


def shown(found: dict[str, Any]) -> Iterator[str]:
    """Yield the figures as tables in Markdown."""
    yield ", ".join(f"{name} {said}" for name, said in found["machine"].items())
    names = list(found["marks"][0]["cpu_us"])
    for title, field in (("us of CPU a complaint since the line before", "cpu_us"), ("MiB at most", "rss_mib")):
        yield ""
        yield f"| complaints: {title} | {' | '.join(names)} | in all | complaints/s |"
        yield f"| --- |{' ---: |' * (len(names) + 2)}"
        for mark in found["marks"]:
            cells = [*(mark[field][name] for name in names), sum(mark[field].values()), mark["per_second"]]
            yield f"| {mark['complaints']:,} | {' | '.join(f'{each:,}' for each in cells)} |"


if __name__ == "__main__":
    main()
