"""Dead letters: records that could not be handled, with their bytes, their origin and the reason."""

from dataclasses import dataclass
from datetime import UTC, datetime

from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from shared.topics import dead_letter_topic, is_replay


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record first lay, since when, and how often handling it has failed."""

    topic: str
    partition: int
    offset: int
    timestamp: datetime
    attempts: int = 0


def origin(record: Record) -> Place:
    """Return where *record* first lay: what its headers say if it is a dead letter that is replayed."""
    own = Place(record.topic, record.partition, record.offset, record.timestamp)
    if not is_replay(record.topic):
        return own
    said = {name: value.decode(errors="replace") for name, value in record.headers}
    try:
        at = datetime.fromisoformat(said["dlq-timestamp"]).astimezone(UTC)
        numbers = [int(said[name]) for name in ("dlq-partition", "dlq-offset", "dlq-attempts")]
        return Place(said["dlq-topic"], numbers[0], numbers[1], at, numbers[2])
    except (KeyError, ValueError, OverflowError):
        return own


def dead_letter(
    service: str, record: Record, reason: str, error: str, now: datetime, document_id: str | None = None
) -> Outgoing:
    """Return *record* for the dead-letter topic: original key, value and headers, and ``dlq-*`` headers beside them.

    One that fails again after a replay keeps the place where it first lay; only its attempts grow. It always fits on
    its topic: of a part that was cut, ``dlq-<part>-bytes`` and ``dlq-<part>-sha256`` say how long the whole is and what
    its hash is.

    Args:
        service: Who could not handle it.
        record: As it was read.
        reason: Machine code.
        error: Class and message, for people; holds no data of the record.
        now: Aware, UTC.
        document_id: The document that is quarantined and for which it waits; None if it waits for none.
    """
    place = origin(record)
    about = {
        "dlq-service": service,
        "dlq-topic": place.topic,
        "dlq-partition": str(place.partition),
        "dlq-offset": str(place.offset),
        "dlq-timestamp": place.timestamp.isoformat(),
        "dlq-reason": reason,
        "dlq-error": error[:1000],
        "dlq-attempts": str(place.attempts + 1),
        "dlq-at": now.isoformat(),
        **({} if document_id is None else {"dlq-document": document_id}),
    }
    for cut in record.cuts:
        about |= {f"dlq-{cut.part}-bytes": str(cut.length_bytes), f"dlq-{cut.part}-sha256": cut.sha256}
    if record.last_offset is not None:
        about["dlq-last-offset"] = str(record.last_offset)
    headers = tuple(header for header in record.headers if not header[0].startswith("dlq-"))
    return Outgoing(
        id=f"{record.topic}/{record.partition}/{record.offset}",
        topic=dead_letter_topic(service),
        key=key_of(record),
        value=record.value,
        headers=headers + tuple((name, value.encode(errors="backslashreplace")) for name, value in about.items()),
    )


def key_of(record: Record) -> str | None:
    """Return the key under which *record* goes among the dead letters: its own.

    A record without key and value gets an empty key, for aiokafka (0.14) writes none that has neither.
    """
    if record.key is not None:
        return record.key.decode(errors="surrogateescape")
    return "" if record.value is None else None
