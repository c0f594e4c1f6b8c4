"""Decodes records of our topics; those that cannot be read are skipped."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from shared import topics
from shared.delivery.ports import Record
from shared.events import Event, EventData, UnreadableEvent
from shared.events.envelope import decode


def event_of(record: Record) -> Event | None:
    """Return the event that *record* holds, or None if it holds none that we know."""
    try:
        from_outside = topics.is_from_outside(record.topic)
        return decode(record.value, dict(record.headers), from_outside=from_outside, arrived_at=record.timestamp)
    except UnreadableEvent:
        return None


def events_in(records: Iterable[Record]) -> Iterator[Event]:
    """Yield the event of every record that holds one, in the order of the records."""
    return (event for record in records if (event := event_of(record)) is not None)


def data_of(record: Record) -> EventData | None:
    """Return the data of the event that *record* holds, or None."""
    event = event_of(record)
    return event.data if event else None


def as_json(record: Record) -> dict[str, Any]:
    """Return where *record* lies and the event in it, for scripts."""
    event = event_of(record)
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "event": json.loads(record.value or b"null") if event else None,
    }


def header(record: Record, name: str) -> str | None:
    """Return a header of *record* as text, or None if it has none of that name."""
    content = dict(record.headers).get(name)
    return None if content is None else content.decode(errors="replace")
