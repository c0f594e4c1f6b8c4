"""From a record to an event, or to what is wrong with it; never decides about the event."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from shared import topics
from shared.delivery.dead_letters import REPLAYED_TOPIC
from shared.delivery.ports import Record
from shared.events.base import Reason
from shared.events.catalogue import CATALOGUE
from shared.events.decision import Arrival
from shared.events.envelope import Event, UnreadableEvent, decode

FROM_OUTSIDE = frozenset({topics.SUBMITTED, topics.UPDATES})
TYPES_ON = {
    topic.name: {entry.data.TYPE for entry in CATALOGUE if topic.name in entry.topics} for topic in topics.COMMON
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A record, its place in the batch, and the event it holds."""

    index: int
    record: Record
    arrival: Arrival
    event: Event


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record, its place in the batch, and why it is no event."""

    index: int
    record: Record
    arrival: Arrival
    fault: UnreadableEvent


def read(index: int, record: Record, now: datetime) -> Reading | Unreadable:
    """Return what *record* holds; a replayed dead letter is read as on the topic that it came from."""
    headers = dict(record.headers)
    origin = record.topic
    if origin.endswith(".replays"):
        origin = headers.get(REPLAYED_TOPIC, b"").decode(errors="replace")
    arrival = Arrival(
        topic=origin,
        partition=record.partition,
        offset=record.offset,
        arrived_at=record.timestamp,
        now=now,
        sha256=hashlib.sha256(record.value or b"").hexdigest() if origin in FROM_OUTSIDE else "",
    )
    try:
        event = decode(record.value, headers, from_outside=origin in FROM_OUTSIDE)
        refuse_strangers(origin, event)
    except UnreadableEvent as fault:
        return Unreadable(index, record, arrival, fault)
    return Reading(index, record, arrival, event)


def refuse_strangers(topic: str, event: Event) -> None:
    """Raise UnreadableEvent if such an event has no business on *topic*."""
    if event.type not in TYPES_ON.get(topic, ()):
        reason = Reason(
            code="schema_violation",
            field="type",
            message_id=f"{event.type} tidak diterima di topik {topic}.",
            message_en=f"{event.type} is not taken on the topic {topic}.",
        )
        raise UnreadableEvent(reason)
