"""``python -m bench.decisions``: CPU time of a complaint in each service, in memory: no broker, no database, no driver.

All four services handle the complaints of the whole pipeline's benchmark, a wave at a time: reading, rules, model,
similar reports, notices through the log, documents as BSON, events packed as they are sent. Of each wave the least of
several runs counts, since others use the machine, too. ``--profile SERVICE`` says which functions spend it.
"""

import argparse
import asyncio
import cProfile
import gc
import logging
import pstats
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import structlog
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from bench.whole.complaints import CHANNEL, HEADERS, first
from services.intake.handlers import IntakeHandler
from services.intake.policy import load_intake
from services.intake.store import STATE as INTAKE
from services.notify.exporter import Exporter
from services.notify.handlers import NotifyHandler
from services.notify.messages.renderer import MessageRenderer
from services.notify.policy import load_notices
from services.notify.sending.house import LogHouse
from services.notify.store import STATE as NOTIFY
from services.routing.domain.duplicates.candidates import Neighbour
from services.routing.domain.duplicates.similar_reports import REPORTS_MAX, OpenReport
from services.routing.domain.ticket.state import Filed
from services.routing.handlers import RoutingHandler
from services.routing.neighbours import Listing, NoNeighbours, open_report
from services.routing.policy import load_routing
from services.routing.store import STATE as ROUTING
from services.routing.text_model import load_model
from services.sla.handlers import SlaHandler
from services.sla.policy import load_sla
from services.sla.store import STATE as SLA
from shared import topics
from shared.adapters.kafka.producer import partition_of
from shared.delivery.documents.cache import CachedStore
from shared.delivery.documents.codec import DocumentCodec
from shared.delivery.documents.document import Document, Partition
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import HeldBack, Record
from shared.delivery.runner import BatchRunner
from shared.process import memory
from tests.builders import IDS
from tests.fakes.memory import MemoryClock, MemoryStore
from tests.fakes.neighbours import neighbour_of
from tests.sealing import OPENER, SEALER

POLICY = Path(__file__).resolve().parents[1] / "policy"
SERVICES = ("intake", "routing", "sla", "notify")
WAVE = 300
WARM_UP = 900
PARTITIONS = range(topics.PARTITIONS)


class EncodingStore(MemoryStore[Any]):
    """Documents in memory that are written as BSON each time."""

    def __init__(self, codec: DocumentCodec[Any], note: Callable[[Document[Any]], None]) -> None:
        super().__init__()
        self.codec, self.note = codec, note

    def write(self, document: Document[Any]) -> None:
        """Encode *document*, and keep it."""
        bson.encode(self.codec.encode(document))
        super().write(document)
        self.note(document)


@dataclass
class MemoryTopics:
    """The topics in memory, by partition; what is published is packed as it would be sent."""

    clock: MemoryClock
    logs: dict[Partition, list[Record]] = field(default_factory=lambda: defaultdict(list))
    published: list[Outgoing] = field(default_factory=list)

    async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
        """Pack events into batches."""
        builders: dict[tuple[str, int], DefaultRecordBatchBuilder] = {}
        for offset, event in enumerate(events):
            key = (event.key or "").encode()
            place = event.topic, partition_of(key, list(PARTITIONS), [])
            if place not in builders:
                builders[place] = DefaultRecordBatchBuilder(2, 0, 1, 1, 1, 0, 1 << 20)
            builders[place].append(offset, 0, key, event.value, list(event.headers))
        for builder in builders.values():
            builder.build()
        self.published.extend(events)
        return {}

    def deliver(self) -> None:
        """Let readers find what was published."""
        for event in self.published:
            self.append(event.topic, event.key or "", event.value, event.headers)
        self.published.clear()

    def append(self, topic: str, key: str, value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> None:
        """Write a record."""
        encoded = key.encode()
        partition = partition_of(encoded, list(PARTITIONS), [])
        log = self.logs[topic, partition]
        log.append(Record(topic, partition, len(log), encoded, value, tuple(headers), self.clock.at))


@dataclass
class MemoryBatch:
    """A batch."""

    records: Sequence[Record]

    async def commit(self) -> Mapping[Partition, int]:
        """Return up to where partitions are handled."""
        found: dict[Partition, int] = {}
        for record in self.records:
            found[record.topic, record.partition] = record.next_offset
        return found


class Nearby(NoNeighbours):
    """Open tickets by kelurahan and by id, as the database finds them."""

    def __init__(self) -> None:
        self.listed: dict[str, dict[str, str | None]] = defaultdict(dict)
        self.findable: dict[str, Neighbour] = {}
        self.reports: dict[str, OpenReport] = {}

    def note(self, document: Document[Any]) -> None:
        """Take in a ticket that was saved."""
        if document.revision > 0 or not isinstance(document.state, Filed):
            return
        ticket = document.state.ticket
        if ticket.findable:
            self.findable[ticket.id] = neighbour_of(document.state)
        place = ticket.report.location
        if place is not None and place.kelurahan and not ticket.parent and not ticket.report.confidential:
            self.listed[place.kelurahan][ticket.id] = ticket.cluster
            self.reports[ticket.id] = open_report(ticket.tracking_id, ticket.report.title, ticket.report.body)

    async def joinable(self, ids: Collection[str]) -> Sequence[Neighbour]:
        """Return those that were findable when they were filed."""
        return [self.findable[id] for id in ids]

    async def listed_in(self, kelurahan: Collection[str]) -> Mapping[str, Listing]:
        """Return the newest open tickets of each."""
        newest = {each: dict(list(self.listed[each].items())[: -REPORTS_MAX - 1 : -1]) for each in kelurahan}
        return {
            each: Listing(list(ids), {id: leader for id, leader in ids.items() if leader})
            for each, ids in newest.items()
        }

    async def reports_of(self, ids: Collection[str]) -> Mapping[str, OpenReport]:
        """Return reports."""
        return {id: self.reports[id] for id in ids}


class Bench:
    """Four services that share topics in memory."""

    def __init__(self) -> None:
        self.clock = MemoryClock(datetime.now(UTC))
        self.topics = MemoryTopics(self.clock)
        nearby = Nearby()
        notices = load_notices(POLICY)
        renderer = MessageRenderer(notices, OPENER)
        notify = NotifyHandler(notices.rules, Exporter(OPENER))
        notify.house = LogHouse(renderer, ())
        routing = RoutingHandler(load_routing(POLICY), load_model(POLICY / "model"), neighbours=nearby)
        self.services = {
            "intake": self.runner(IntakeHandler(load_intake(POLICY), IDS, SEALER), INTAKE),
            "routing": self.runner(routing, ROUTING, nearby.note),
            "sla": self.runner(SlaHandler(load_sla(POLICY)), SLA),
            "notify": self.runner(notify, NOTIFY),
        }
        self.offsets: dict[str, dict[Partition, int]] = {name: defaultdict(int) for name in SERVICES}
        self.seconds: dict[str, float] = defaultdict(float)
        self.profiles: dict[str, cProfile.Profile] = {}

    def runner(
        self, handler: Any, states: Any, note: Callable[[Document[Any]], None] = lambda _: None
    ) -> BatchRunner[Any]:
        """Return what handles a service's batches."""
        stored: Any = EncodingStore(DocumentCodec(states), note)
        store: CachedStore[Any] = CachedStore(stored, self.clock)
        return BatchRunner(handler, store, self.topics, self.clock)

    async def handle(self, service: str) -> bool:
        """Let a service handle all it has not handled; return whether there was any."""
        runner, read = self.services[service], self.offsets[service]
        heard = runner.handler.topics
        records: list[Record] = []
        for place, log in self.topics.logs.items():
            if place[0] in heard or topics.family_of(place[0]) in heard:
                records += log[read[place] :]
                read[place] = len(log)
        if not records:
            return False
        profile = self.profiles.get(service)
        began = time.process_time()
        if profile:
            profile.enable()
        await runner.handle(MemoryBatch(records))
        if profile:
            profile.disable()
        self.seconds[service] += time.process_time() - began
        self.topics.deliver()
        return True

    async def take(self, complaints: Sequence[tuple[str, bytes]]) -> None:
        """Let all four handle complaints and what follows from them."""
        headers = [(name, value.encode()) for name, value in HEADERS.items()]
        for key, value in complaints:
            self.topics.append(topics.submitted_topic(CHANNEL), key, value, headers)
        while any([await self.handle(service) for service in SERVICES]):
            pass


async def measured(count: int, runs: int, profiled: str | None) -> dict[str, float]:
    """Return microseconds a complaint by service: of each wave, whose texts are the same in each run, the least."""
    bench = Bench()
    await bench.take(first(WARM_UP, "warm-up"))
    memory.settle()
    if profiled:
        bench.profiles[profiled] = cProfile.Profile()
    least: dict[tuple[str, int], float] = {}
    for run in range(runs):
        complaints = first(count, f"run-{run}")
        for begin in range(0, count, WAVE):
            bench.seconds.clear()
            await bench.take(complaints[begin : begin + WAVE])
            for name, took in bench.seconds.items():
                least[name, begin] = min(took, least.get((name, begin), took))
        gc.collect()
    for profile in bench.profiles.values():
        pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(60)
    return {name: sum(took for (each, _), took in least.items() if each == name) / count * 1e6 for name in SERVICES}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--complaints", type=int, default=1_500)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--profile", choices=SERVICES)
    options = parser.parse_args()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING), cache_logger_on_first_use=True
    )
    least = asyncio.run(measured(options.complaints, options.runs, options.profile))
    for name, took in {**least, "in all": sum(least.values())}.items():
        sys.stdout.write(f"{name:8} {took:8,.0f} us a complaint\n")


if __name__ == "__main__":
    main()
