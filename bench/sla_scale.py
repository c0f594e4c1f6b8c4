"""Sla with a million clocks: a burst of breaches, steady lateness, idle cost, a replica killed, a new holiday.

    python -m bench.sla_scale --phase burst|steady|idle|kill|recompute [--clocks N] [--stack apache|existing]

A ticket has two running clocks, so N clocks are N/2 tickets; a tenth of N are tickets that are due at one instant.
Prints one JSON object for each phase. `existing` takes the servers that the environment names.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from bench.sla.ceiling import ceiling
from bench.sla.place import ROOT, Place, awaited, place
from bench.sla.seed import accepted, plant, utc_now, write_policy
from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from shared.events.envelope import Event, encode
from shared.ids import named
from tests.builders import ticket_id
from tindak.client.kafka import Client

WITHIN_SECONDS = 900
LIVE_A_SECOND = 20
LIVE_SECONDS = 20


def breaches(records: Sequence[Record]) -> list[tuple[str, float]]:
    """Return id and lateness (seconds from the due time to the record's time) of what was said to be breached."""
    said = [(orjson.loads(record.value or b"null"), record.timestamp) for record in records]
    return [
        (event["id"], (at - datetime.fromisoformat(event["data"]["due_at"])).total_seconds())
        for event, at in said
        if event["type"].endswith(".breached.v1")
    ]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile, to the millisecond."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))], 3)


async def background(place: Place, tickets: int) -> int:
    """Plant tickets that are not due for the next hours; return how many."""
    store, now = place.store(), utc_now()
    await store.prepare()
    dues = [(now + timedelta(hours=14 + part * 0.2), tickets // 200) for part in range(200)]
    return await plant(store, place.rules, "later", dues, now)


async def burst(place: Place, clocks: int, *, killing: bool = False) -> dict[str, Any]:
    """A tenth of the clocks runs out at one instant, under two replicas; one may be killed in the middle."""
    due = clocks // 10
    planted = await background(place, clocks // 2 - due)
    at = utc_now() + timedelta(seconds=20 + due / 5000)
    planted += await plant(place.store(), place.rules, "due", [(at, due)], utc_now())
    first = place.start()
    place.start()
    await asyncio.sleep(max(5, (at - utc_now()).total_seconds()))
    if killing:
        await asyncio.to_thread(awaited, place, topics.BREACHES, due // 3, WITHIN_SECONDS)
        first.kill()
    await asyncio.to_thread(awaited, place, topics.BREACHES, due, WITHIN_SECONDS)
    await asyncio.sleep(12 if killing else 3)
    said = breaches(await place.records(topics.BREACHES))
    copies = Counter(id_ for id_, _ in said)
    report = {
        "clocks": planted * 2, "due": due, "breaches": len(copies), "lost": due - len(copies),
        "repeated_with_same_id": sum(copies.values()) - len(copies),
        "first_seconds": percentile([late for _, late in said], 0), "last_seconds": max(late for _, late in said),
        "per_second": round(due / max(late for _, late in said)),
    }  # fmt: skip
    place.stop()
    if killing:
        return report
    sample = min(20_000, due)
    await plant(
        place.store(),
        place.rules,
        "by hand",
        [(utc_now() - timedelta(hours=1), sample)],
        utc_now() - timedelta(hours=2),
    )
    by_hand = await ceiling(place, utc_now())
    return report | {"by_hand_per_second": round(by_hand), "ratio": round(report["per_second"] / by_hand, 2)}


async def steady(place: Place, clocks: int) -> dict[str, Any]:
    """Fifty clocks run out each second, for a minute, among all the others."""
    planted = await background(place, clocks // 2)
    begin = utc_now() + timedelta(seconds=15)
    dues = [(begin + timedelta(milliseconds=100 * step), 5) for step in range(600)]
    planted += await plant(place.store(), place.rules, "due", dues, utc_now())
    place.start()
    place.start()
    await asyncio.to_thread(awaited, place, topics.BREACHES, 3000, 90)
    late = [seconds for _, seconds in breaches(await place.records(topics.BREACHES))]
    return {
        "clocks": planted * 2, "breaches": len(late), "p50_seconds": percentile(late, 50),
        "p99_seconds": percentile(late, 99), "max_seconds": max(late),
    }  # fmt: skip


async def idle(place: Place, clocks: int) -> dict[str, Any]:
    """Nothing is due: what the processes use with the sweep, less what they use without one."""
    planted = await background(place, clocks // 2)
    used = {}
    for name, every in (("without", "3600"), ("with", "0.25")):
        place.start(TINDAK_SLA_SWEEP_EVERY_SECONDS=every)
        await asyncio.sleep(20)
        before = place.cpu_seconds()
        await asyncio.sleep(30)
        after = place.cpu_seconds()
        used[name] = {part: (after[part] - before[part]) / 30 for part in after}
        place.stop()
    percent = {part: round(100 * (used["with"][part] - used["without"][part]), 2) for part in ("sla", "mongod")}
    return {"clocks": planted * 2, "percent_of_a_core": percent, "sum": round(sum(percent.values()), 2)}


async def live(place: Place, name: str) -> float:
    """Hand in reports for a while; return the p99 of the seconds until their clocks are said to have started."""
    tickets = [ticket_id(name, str(number)) for number in range(LIVE_A_SECOND * LIVE_SECONDS)]
    said_at: dict[str, float] = {}
    async with Client(place.kafka) as client:
        for ticket in tickets:
            event = Event(
                named(ticket, "live"), "/tindak/intake", utc_now(), accepted(ticket, utc_now()), ticket, ticket
            )
            said_at[ticket] = time.time()
            sending = client.publish([Outgoing(event.id, topics.ACCEPTED, ticket, encode(event))])
            await asyncio.gather(sending, asyncio.sleep(1 / LIVE_A_SECOND))
        await asyncio.sleep(5)
        records = await client.read([topics.SLA])
    started = {(record.key or b"").decode(): record.timestamp.timestamp() for record in records}
    return percentile([started.get(ticket, time.time()) - said_at[ticket] for ticket in tickets], 99)


def begun(command: Sequence[str], variables: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a process whose output is read later."""
    return subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE)


async def recompute(place: Place, clocks: int) -> dict[str, Any]:
    """A new holiday lies before every due time: the job, and what it does to the work of the day."""
    planted = await background(place, clocks // 2)
    place.start()
    await asyncio.sleep(10)
    calm = await live(place, "calm")
    write_policy(ROOT / "policy", place.policy, (utc_now() + timedelta(hours=12)).date().isoformat())
    await asyncio.sleep(15)
    began = time.monotonic()
    command = [sys.executable, "-m", "tindak.cli", "sla", "recompute", "--json"]
    job = await asyncio.to_thread(begun, command, place.variables())
    busy = await live(place, "busy")
    still_ran = job.poll() is None
    output, _ = await asyncio.to_thread(job.communicate)
    seconds = time.monotonic() - began
    report = json.loads(output)
    return {
        "clocks": planted * 2, "seconds": round(seconds, 1), "clocks_per_second": round(report["running"] / seconds),
        "live_p99_seconds": {"calm": calm, "meanwhile": busy}, "ran_all_the_while": still_ran, "report": report,
    }  # fmt: skip


async def kill(place: Place, clocks: int) -> dict[str, Any]:
    """One of two replicas is killed with -9 when a third is said."""
    return await burst(place, clocks, killing=True)


PHASES = {"burst": burst, "steady": steady, "idle": idle, "kill": kill, "recompute": recompute}


def main() -> None:
    """Run the phases that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phase", choices=PHASES, action="append")
    parser.add_argument("--clocks", type=int, default=1_000_000)
    parser.add_argument("--stack", choices=("apache", "existing"), default="apache")
    asked = parser.parse_args()
    for name in asked.phase or PHASES:
        with place(asked.stack) as own:
            load = os.getloadavg()[0]
            found = asyncio.run(PHASES[name](own, asked.clocks))
            print(json.dumps({"phase": name, "load_before": round(load, 1), "load_after": os.getloadavg()[0]} | found))


if __name__ == "__main__":
    main()
