"""Reads a record as an event, or says what is wrong with it."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime

from shared import topics
from shared.delivery.dead_letters import Place, origin
from shared.delivery.ports import Record
from shared.events.base import Reason
from shared.events.catalogue import CATALOGUE
from shared.events.complaints import ComplaintSubmitted, ContactErased
from shared.events.decision import Arrival
from shared.events.envelope import Event, UnreadableEvent, decode, decode_own, is_uuid, malformed, type_of_own
from shared.events.faults import OWNED_BY_NOBODY, forged, too_long, unreadable_batch
from shared.events.parsing import hints_in
from shared.ids import outside_cause_id, record_id
from shared.senders import owner_of
from shared.values import value

TYPES_ON: dict[str, set[str]] = defaultdict(set)
"""Which types of event are taken on a topic, or on all topics of a family."""
for entry in CATALOGUE:
    for name in entry.topics:
        TYPES_ON[topics.family_of(name)].add(entry.data.TYPE)

TYPES_ON_OWN = {
    topic.name: TYPES_ON[topic.name] for topic in topics.COMMON if set(topic.written_by) <= set(topics.SERVICES)
}
"""The same for the topics that our own services alone write."""


@value
class Reading:
    """A record, its place in the batch, and the event it holds."""

    index: int
    record: Record
    arrival: Arrival
    event: Event

    @property
    def place(self) -> tuple[str, int, int]:
        """Return where the record lies."""
        return self.record.topic, self.record.partition, self.record.offset

    @property
    def origin(self) -> tuple[str, int, int]:
        """Return where the record first lay: elsewhere, if it is a dead letter that is replayed."""
        return self.arrival.topic, self.arrival.partition, self.arrival.offset

    @property
    def is_replayed(self) -> bool:
        """Return whether the record is a dead letter that is read again."""
        lies, lay = self.record, self.arrival
        return lies.topic != lay.topic or lies.partition != lay.partition or lies.offset != lay.offset


@value
class Addressed:
    """A reading that concerns a ticket, and the id under which that ticket's document remembers the event."""

    reading: Reading
    known_as: str


@value
class Unreadable:
    """A record, its place in the batch, and why it is no event."""

    index: int
    record: Record
    arrival: Arrival
    fault: UnreadableEvent


def is_heard(record: Record, hears: Callable[[str], bool]) -> bool:
    """Return whether *record* must be read.

    False for an event of our own whose type has its place on the topic and is none that the service *hears*. What is
    left out so far tells by its first bytes alone; whatever raises a doubt is read.
    """
    types = _types_of_ours(record)
    kind = type_of_own(record.value) if types and record.value else None
    return kind is None or types is None or kind not in types or hears(kind)


def read(index: int, record: Record, now: datetime) -> Reading | Unreadable:
    """Return what *record* holds; a replayed dead letter is read as it first lay, on its topic and at its time."""
    types = _types_of_ours(record)
    told = decode_own(record.value) if types and record.value else None
    if told is None or types is None or told.type not in types:
        return _read_with_care(index, record, now)
    return Reading(index, record, Arrival(record.topic, record.partition, record.offset, record.timestamp, now), told)


def _types_of_ours(record: Record) -> Collection[str] | None:
    """Return which types may stand where *record* lies; None where others may write, or if it is not whole."""
    return None if record.unreadable is not None or record.cuts else TYPES_ON_OWN.get(record.topic)


def _read_with_care(index: int, record: Record, now: datetime) -> Reading | Unreadable:
    place = origin(record)
    from_outside = topics.is_from_outside(place.topic)
    arrival = Arrival(
        topic=place.topic,
        partition=place.partition,
        offset=place.offset,
        arrived_at=place.timestamp,
        now=now,
        sha256=_sha256_of(record) if from_outside else "",
    )
    try:
        _refuse_unpacked(record)
        event = _erasure(place, record) or decode(
            record.value, dict(record.headers), from_outside=from_outside, arrived_at=place.timestamp
        )
        _refuse_strangers(place.topic, event)
        _refuse_forged(place.topic, event)
    except UnreadableEvent as fault:
        if from_outside and not fault.hints:
            fault = fault.hinting(hints_in(record.value, dict(record.headers)))
        return Unreadable(index, record, arrival, fault)
    return Reading(index, record, arrival, event)


def _sha256_of(record: Record) -> str:
    """Return the hash of a record's whole value, also where only its beginning is at hand; hexadecimal."""
    cut = record.cut("value") if record.cuts else None
    return hashlib.sha256(record.value or b"").hexdigest() if cut is None else cut.sha256


def _refuse_unpacked(record: Record) -> None:
    """Raise UnreadableEvent for what could not be unpacked, or only in part."""
    if record.unreadable is not None:
        raise unreadable_batch(record.unreadable)
    if record.cuts:
        raise UnreadableEvent(*(too_long(cut.length_bytes, cut.part) for cut in record.cuts))


def _erasure(place: Place, record: Record) -> Event | None:
    """Return what a tombstone on the compacted topic of contacts says; None for any other record.

    Raises:
        UnreadableEvent: Its key is no ticket id.
    """
    if place.topic != topics.CONTACTS or record.value is not None:
        return None
    ticket = (record.key or b"").decode(errors="replace")
    if not is_uuid(ticket):
        raise malformed("Kunci tombstone bukan id tiket.", "The tombstone's key is no ticket id.")
    return Event(
        id=record_id(place.topic, place.partition, place.offset), source="/tindak/intake", time=place.timestamp,
        data=ContactErased(ticket_id=ticket), subject=ticket, key=ticket,
    )  # fmt: skip


def _refuse_strangers(topic: str, event: Event) -> None:
    if event.type not in TYPES_ON.get(topics.family_of(topic), ()):
        reason = Reason(
            code="schema_violation",
            field="type",
            message_id=f"{event.type} tidak diterima di topik {topic}.",
            message_en=f"{event.type} is not taken on the topic {topic}.",
        )
        raise UnreadableEvent(reason)


def _refuse_forged(topic: str, event: Event) -> None:
    """Raise UnreadableEvent for an event that claims to come from somebody else than who owns the topic."""
    owner = owner_of(topic)
    if owner is None:
        if topics.is_from_outside(topic) and topics.member_of(topic) is not None:
            raise UnreadableEvent(OWNED_BY_NOBODY)
        return
    channel = event.data.channel if isinstance(event.data, ComplaintSubmitted) else owner.code
    if not owner.is_source(event.source):
        raise UnreadableEvent(forged("source", str(owner)))
    if channel != owner.code:
        raise UnreadableEvent(forged("data.channel", str(owner)))


def applied_id(event_id: str, topic: str, ticket: str) -> str:
    """Return the id under which a ticket remembers an event, and from which the ids of all that follows are made.

    Outsiders choose the ids of what they write: one of them may stand for two tickets, or be the id that an event of
    ours will have. Neither may share its consequences, nor be dropped as a repeat of the other.
    """
    return outside_cause_id(event_id, ticket) if topics.is_from_outside(topic) else event_id
