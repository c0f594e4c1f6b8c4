"""Outgoing events: facts with their ids, encoded."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from shared.events.complaints import ContactErased
from shared.events.decision import Fact
from shared.events.envelope import HEADERS, Event, encode, encode_data
from shared.ids import event_id, occasion_id
from shared.values import value

Reference = tuple[str, str]
"""Topic and id: the same event may be said on two topics, and is said once on each."""


@value
class Outgoing:
    """An event ready to be published, stored as it will be sent; a value of None is a tombstone."""

    id: str
    topic: str
    key: str | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = HEADERS

    @property
    def reference(self) -> Reference:
        """Return what tells it from every other event on its way."""
        return self.topic, self.id


@value
class Cause:
    """What brought facts about: an event's id, or an id derived for a moment in time or a record without one."""

    id: str
    event_id: str | None
    traceparent: str | None = None


def outgoing(
    service: str, subject: str | None, cause: Cause, facts: Sequence[Fact], now: datetime
) -> tuple[Outgoing, ...]:
    """Return *facts* as events of *service*, one for each topic; the same facts of the same cause get the same ids.

    Facts of one type with one cause are numbered in the order in which they are told. That a contact is erased is told
    by a tombstone.
    """
    if not facts:
        return ()
    source = f"/tindak/{service}"
    told: dict[str, int] = {}
    events = list[Outgoing]()
    encoded, data = None, b""
    for fact in facts:
        kind = fact.data.TYPE
        number = told.get(kind, 0)
        told[kind] = number + 1
        once = occasion_id(subject, f"{kind}|{fact.occasion}") if subject and fact.occasion else None
        id, key = once or event_id(cause.id, kind, number), fact.key or None
        event = Event(id, source, fact.at or now, fact.data, subject, key, cause.event_id, cause.traceparent)
        if fact.data is not encoded:
            encoded, data = fact.data, encode_data(fact.data)
        value = None if isinstance(fact.data, ContactErased) else encode(event, data)
        events.append(Outgoing(id, fact.topic, key, value))
        events.extend([Outgoing(id, topic, key, value) for topic in fact.also_on] if fact.also_on else ())
    return tuple(events)


def each_once(events: Iterable[Outgoing]) -> list[Outgoing]:
    """Return *events* in order, each only where it stands first on its topic."""
    first: dict[Reference, Outgoing] = {}
    for event in events:
        first.setdefault(event.reference, event)
    return list(first.values())
