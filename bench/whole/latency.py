"""How long it takes from a channel's complaint to its agency, at a fixed rate of arrivals whatever becomes of them.

Times begin when a complaint *should* be sent and end when a plain client of the agency's topic has its record. What
that client adds is told apart: the broker stamps each record as it takes it, by the clock of this machine.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from confluent_kafka import OFFSET_END, Consumer, Message, Producer, TopicPartition

from bench.meters.histogram import Histogram
from bench.meters.records import type_in
from bench.whole.complaints import CHANNEL, HEADERS, Encoded, first
from shared import topics
from shared.topics import Topic, family_of
from tests.servers.addresses import Namespace

RATES = (10, 50, 100)
SECONDS = 60.0
LEAD_SECONDS = 0.5
PATIENCE_SECONDS = 60
OPENING = ("ticket.routed", "ticket.triage_requested")
AGENCY, EVENTS = "agency", "events"
WAYS = {topics.ROUTED: AGENCY, topics.TRIAGE: AGENCY, topics.TICKETS: EVENTS}
WATCHED = (topics.ACCEPTED, *WAYS)


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a ticket's first record was seen on a topic, and when the broker had taken it, in seconds of the epoch."""

    seen_at: float
    taken_at: float


class Watcher(threading.Thread):
    """A plain client that notes what comes, and understands it only later."""

    def __init__(self, own: Namespace, wanted: Sequence[Topic]) -> None:
        super().__init__(daemon=True)
        options = {"bootstrap.servers": own.servers.bootstrap_servers, "group.id": f"{own.prefix}bench-watcher"}
        self.consumer = Consumer({**options, "enable.auto.commit": False})
        self.prefix, self.ended = own.prefix, threading.Event()
        self.noted: list[tuple[float, Message]] = []
        self.opened: set[bytes] = set()
        watched = [topic for topic in wanted if family_of(topic.name) in WATCHED]
        places = [
            TopicPartition(own.prefix + topic.name, each) for topic in watched for each in range(topic.partitions)
        ]
        ends = [TopicPartition(place.topic, place.partition, OFFSET_END) for place in places]
        # Offsets by number: a place that is found only after the first record came would miss it.
        self.consumer.assign(self.consumer.offsets_for_times(ends, timeout=30))

    def run(self) -> None:
        """Note records until it is ended."""
        tickets = self.prefix + topics.TICKETS
        while not self.ended.is_set():
            message = self.consumer.poll(0.1)
            if message is not None and not message.error():
                self.noted.append((time.time(), message))
                if message.topic() == tickets and type_in(message.value()) in OPENING:
                    self.opened.add(message.key())
        self.consumer.close()

    def arrivals(self) -> dict[str, dict[str, Arrival]]:
        """Return when each complaint, by source id, first came to its agency (or an officer) and to the history."""
        found: dict[str, dict[str, Arrival]] = {AGENCY: {}, EVENTS: {}}
        sources: dict[str, str] = {}
        for seen_at, message in self.noted:
            family = family_of(message.topic().removeprefix(self.prefix))
            if family == topics.ACCEPTED:
                data = orjson.loads(message.value())["data"]
                sources[data["ticket_id"]] = data["source_id"]
            elif type_in(message.value()) in OPENING:
                arrival = Arrival(seen_at, message.timestamp()[1] / 1000)
                found[WAYS[family]].setdefault(message.key().decode(), arrival)
        return {
            way: {sources[ticket]: arrival for ticket, arrival in those.items() if ticket in sources}
            for way, those in found.items()
        }


def open_loop(own: Namespace, wanted: Sequence[Topic], rate: float, seconds: float, run: str) -> dict[str, Any]:
    """Send *rate* complaints a second for so many seconds; return the percentiles of what they took.

    Raises:
        TimeoutError: Some did not arrive within a minute after the last was sent.
    """
    records = first(round(rate * seconds), f"{run}-{rate:g}")
    moments = [number / rate for number in range(len(records))]
    return at_moments(own, wanted, records, moments)


def at_moments(
    own: Namespace, wanted: Sequence[Topic], records: Sequence[Encoded], moments: Sequence[float]
) -> dict[str, Any]:
    """Send each record at its moment (seconds from the beginning); return the percentiles of what they took.

    Raises:
        TimeoutError: Some did not arrive within a minute after the last was sent.
    """
    watcher = Watcher(own, wanted)
    watcher.start()
    try:
        intended = dict(_sent(own, records, moments))
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while len(watcher.opened) < len(records):
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{len(watcher.opened)} of {len(records)} complaints arrived")
            time.sleep(0.1)  # the watcher works meanwhile, in a thread of its own
        time.sleep(LEAD_SECONDS)  # the agency's record may lie behind the one of the history
    finally:
        watcher.ended.set()
        watcher.join()
    return told(intended, watcher.arrivals())


def told(intended: dict[str, float], arrivals: dict[str, dict[str, Arrival]]) -> dict[str, Any]:
    """Return the percentiles in milliseconds: to each topic, the same by the broker's stamp, and what lies between.

    Args:
        intended: When each complaint should be sent, by source id.
    """
    found: dict[str, Any] = {}
    for way, those in arrivals.items():
        mine = {source: each for source, each in those.items() if source in intended}
        found[way] = Histogram(each.seen_at - intended[source] for source, each in mine.items()).report()
        by_broker = Histogram(each.taken_at - intended[source] for source, each in mine.items())
        found[f"{way}_by_broker"] = by_broker.report()
        found[f"{way}_to_consumer"] = Histogram(each.seen_at - each.taken_at for each in mine.values()).report()
    return found


def _sent(own: Namespace, records: Sequence[Encoded], moments: Sequence[float]) -> Iterator[tuple[str, float]]:
    """Send records at their moments; yield the source id and the instant at which each should be sent."""
    producer = Producer({"bootstrap.servers": own.servers.bootstrap_servers, "linger.ms": 0})
    topic = own.prefix + topics.submitted_topic(CHANNEL)
    begins_at = time.time() + LEAD_SECONDS
    for (key, value), moment in zip(records, moments, strict=True):
        while (left := begins_at + moment - time.time()) > 0:
            time.sleep(left)  # until the moment at which it should be sent
        producer.produce(topic, value, key, headers=HEADERS)
        producer.poll(0)
        yield key, begins_at + moment
    if producer.flush(PATIENCE_SECONDS):
        raise TimeoutError(topic)
