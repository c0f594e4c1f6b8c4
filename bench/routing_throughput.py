"""`make bench`: how many complaints routing handles a second in one process, beside what bare code could do at best.

In memory (the default) everything but the servers is real: reading, rules, model, document, events. With `--stack` a
process of its own works on real servers. The ceiling decodes each record, looks up its words and word pairs among
those of the rules, and encodes an event: no state, no explanation, no order. All is measured in the same run, in
turn, several times; the best run of each counts, because others use the machine, too.
"""

import argparse
import asyncio
import os
import re
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import yaml

from bench.training.training_set import rows
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.handlers import RoutingHandler
from services.routing.policy import load_routing
from services.routing.text_model import LearnedModel, load_model
from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.events import Event, TicketRouted, TriageRequested
from shared.events.envelope import encode
from shared.ids import tracking_id
from shared.policy.topics import load_topics
from shared.process import logs
from tests.builders import NOON, accepted, event, ticket_id
from tests.fakes.handler_harness import HandlerHarness
from tests.servers.addresses import Namespace, Servers
from tests.servers.fleet import Fleet
from tindak.client.kafka import Client, Start
from tindak.client.records import event_of
from tindak.stack import LocalStack
from tindak.topics.apply import apply

ROOT = Path(__file__).resolve().parents[1]
POLICY, MODEL = ROOT / "policy", ROOT / "policy" / "model"
RUNS = 3
BATCH = 500  # as many as the runner handles at once by default
BATCHES_MIN = 4


def complaints(count: int) -> list[Event]:
    """Return accepted complaints; the invented reports again and again, each under an id of its own."""
    reports, found = rows(), []
    for number in range(count):
        row, source_id = reports[number % len(reports)], str(number)
        ticket = ticket_id("web", source_id)
        place = {
            "text": row["address"] or None,
            "kelurahan": row["kelurahan"] or None,
            "kecamatan": row["kecamatan"] or None,
        }
        data = accepted(
            ticket_id=ticket, tracking_id=tracking_id(ticket), source_id=source_id, title="", body=row["text"],
            location=place if any(place.values()) else None,
        )  # fmt: skip
        found.append(event(data, id=ticket_id("event", source_id), at=NOON))
    return found


def ceiling(owners: Mapping[str, str], written: Sequence[bytes]) -> int:
    """Decode, match keywords, encode, as bare as can be; return how many found an agency.

    Args:
        owners: Agencies by the word or words that speak for them.
    """
    found = 0
    for value in written:
        told = orjson.loads(value)
        words = told["data"]["body"].lower().split()
        said = (*words, *map(" ".join, pairwise(words)))
        agency = next((owners[each] for each in said if each in owners), None)
        found += agency is not None
        data = {"ticket_id": told["subject"], "agency": agency}
        orjson.dumps({**told, "type": "tindak.ticket.routed.v1", "data": data})
    return found


def keywords() -> dict[str, str]:
    """Return the agencies by the words of the city's rules."""
    rules = yaml.safe_load((POLICY / "routing.yaml").read_text(encoding="utf-8"))["rules"]
    return {str(words).lower(): rule["agency"] for rule in rules for words in rule.get("any", ())}


async def in_memory(policy: RoutingPolicy, model: LearnedModel | None, told: Sequence[Event]) -> float:
    """Return the seconds for all of *told*; the database's look-up of neighbours is in the runs on servers only."""
    harness = HandlerHarness(RoutingHandler(policy, model))
    for each in told:
        harness.publish(topics.ACCEPTED, each)
    begun = time.perf_counter()
    await harness.work()
    seconds = time.perf_counter() - begun
    assert sum(map(opens, harness.published(topics.TICKETS))) == len(told)
    return seconds


def opens(each: Event | None) -> bool:
    """Return whether an event is the first that is said of a ticket."""
    return each is not None and isinstance(each.data, TicketRouted | TriageRequested) and each.data.version == 1


def without_clusters(folder: Path) -> Path:
    """Return a copy of the city's policy, below *folder*, by which every report is followed by itself."""
    copy = folder / "policy"
    shutil.copytree(POLICY, copy, ignore=shutil.ignore_patterns("model", "training"))
    text = (copy / "routing.yaml").read_text(encoding="utf-8")
    head, part, tail = text.partition("\nclusters:\n  accept: true\n")
    if not part:
        raise SystemExit("policy/routing.yaml does not begin its part on clusters with `accept: true`")
    (copy / "routing.yaml").write_text(f"{head}\nclusters:\n  accept: false\n{tail}", encoding="utf-8")
    return copy


async def on_servers(kind: str, told: Sequence[Event]) -> dict[str, float]:
    """Return complaints a second of one routing process on real servers, from the end of its first batch on."""
    found = {}
    with LocalStack(kind) as local, tempfile.TemporaryDirectory() as folder:  # type: ignore[arg-type]
        bare, model = without_clusters(Path(folder)), {"TINDAK_ROUTING_MODEL_DIR": str(MODEL)}
        for name, policy, settings in (
            ("rules", bare, {}),
            ("rules and model", bare, model),
            ("rules, model, clusters", POLICY, model),
        ):
            own = Namespace(Servers(local.layout.environment(), local), f"b{secrets.token_hex(3)}-")
            apply(own.kafka, load_topics(POLICY))
            fleet = Fleet(own, Path(folder), policy=policy, settings=settings)
            async with Client(own.kafka) as client:
                try:
                    found[name] = await one_process(fleet, client, told)
                finally:
                    await asyncio.to_thread(fleet.stop)
    return found


async def one_process(fleet: Fleet, client: Client, told: Sequence[Event]) -> float:
    outgoing = [Outgoing(each.id, topics.ACCEPTED, each.key, encode(each)) for each in told]
    for at in range(0, len(outgoing), BATCH):
        await client.publish(outgoing[at : at + BATCH])
    fleet.start("routing")
    warm_at, opened = 0.0, 0
    async with client.follow([topics.TICKETS], Start.EARLIEST) as records:
        async for record in records:
            opened += opens(event_of(record))
            # Facts come in bursts, one a batch: count from the end of the first burst to the end of the last.
            if opened == BATCH and not warm_at:
                warm_at = time.perf_counter()
            if opened == len(told):
                return (opened - BATCH) / (time.perf_counter() - warm_at)
    raise AssertionError("a topic that is followed does not end")


def log_to_nowhere() -> None:
    """Log as a service does, but where nobody reads it."""
    with redirect_stdout(Path(os.devnull).open("w")):
        logs.configure("routing", "info")


def machine() -> str:
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} x {model[1] if model else 'processor'}, load {load:.1f}, Python {sys.version.split()[0]}"


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--complaints", type=int, default=4_000)
    parser.add_argument("--stack", choices=("embedded", "apache"), help="also on real servers")
    asked = parser.parse_args()
    if asked.stack and asked.complaints < BATCHES_MIN * BATCH:
        parser.error(f"on servers at least {BATCHES_MIN * BATCH} complaints: facts come in bursts, one a batch")
    log_to_nowhere()
    policy, model, told = load_routing(POLICY), load_model(MODEL), complaints(asked.complaints)
    written = [encode(each) for each in told]
    owners, bare = keywords(), replace(policy, clusters=replace(policy.clusters, accept=False))

    async def at_best() -> None:
        ceiling(owners, written)

    variants: dict[str, Callable[[], Awaitable[Any]]] = {
        "ceiling": at_best,
        "rules": lambda: in_memory(bare, None, told),
        "rules and model": lambda: in_memory(bare, model, told),
        "rules, model, clusters": lambda: in_memory(policy, model, told),
    }
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(RUNS):
        for name, run in variants.items():
            begun = time.perf_counter()
            inner = await run()
            seconds[name].append(inner if isinstance(inner, float) else time.perf_counter() - begun)
    best = {name: len(told) / min(each) for name, each in seconds.items()}
    print(f"{time.strftime('%Y-%m-%d')}, {machine()}; {len(told):,} complaints, best of {RUNS}")
    print("| in memory | complaints/s | share of the ceiling | spread |\n| --- | ---: | ---: | ---: |")
    for name, rate in best.items():
        spread = statistics.pstdev(seconds[name]) / statistics.mean(seconds[name])
        print(f"| {name} | {rate:,.0f} | {rate / best['ceiling']:.3f} | {spread:.0%} |")
    print(f"| text model alone, one thread | {alone(model):,.0f} texts/s | | |")
    if asked.stack:
        for name, rate in (await on_servers(asked.stack, told)).items():
            print(f"| {name}, {asked.stack} servers | {rate:,.0f} | {rate / best['ceiling']:.3f} | |")


def alone(model: LearnedModel) -> float:
    """Return how many texts a second the model reads, in batches, its words known."""
    reports = rows()
    texts = [row["text"] for row in reports]
    places = [{name: row[name] for name in ("address", "kecamatan", "kelurahan") if row[name]} for row in reports]
    seconds = []
    for _ in range(RUNS + 1):
        begun = time.perf_counter()
        for at in range(0, len(texts), BATCH):
            model.model.suggest(texts[at : at + BATCH], places[at : at + BATCH])
        seconds.append(time.perf_counter() - begun)
    return len(texts) / min(seconds)


if __name__ == "__main__":
    asyncio.run(main())
