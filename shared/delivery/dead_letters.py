"""Dead letters: records that could not be handled, with their bytes, their origin and the reason."""

import contextlib
import hashlib
import json
from datetime import UTC, datetime
from typing import Literal

from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Cut, Record
from shared.events.decision import Mask
from shared.topics import dead_letter_topic, is_replay
from shared.values import replace, value

LOOKED_THROUGH_BYTES_MAX = 32 * 1024


@value
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


def without_identities(record: Record, mask: Mask) -> Record:
    """Return *record* without the parts and headers in which *mask* finds an identity, each noted as one that was cut.

    The bytes lie where they were written, for as long as that topic keeps them. What is longer than 32 KiB is not
    looked through and left out; what could not be unpacked stays, for nobody can look into it.
    """
    if record.unreadable is not None:
        return record
    cuts = {cut.part: cut for cut in record.cuts}
    key, value = record.key, record.value
    if key is not None and _names_somebody(key, mask):
        key = None
        cuts.setdefault("key", _cut("key", record.key or b""))
    if value is not None and _names_somebody(value, mask):
        value = None
        cuts.setdefault("value", _cut("value", record.value or b""))
    kept = tuple(
        (name, content) for name, content in record.headers if not _names_somebody(_header(name, b" " + content), mask)
    )
    if len(kept) < len(record.headers):
        cuts.setdefault("headers", _cut("headers", b"".join(_header(*header) for header in record.headers)))
    return replace(record, key=key, value=value, headers=kept, cuts=tuple(cuts.values()))


def _header(name: str, content: bytes) -> bytes:
    return name.encode(errors="surrogateescape") + content


def _cut(part: Literal["key", "value", "headers"], content: bytes) -> Cut:
    return Cut(part, len(content), hashlib.sha256(content).hexdigest())


def _names_somebody(content: bytes, mask: Mask) -> bool:
    if len(content) > LOOKED_THROUGH_BYTES_MAX:
        return True
    text = content.decode(errors="replace")
    with contextlib.suppress(ValueError, RecursionError):
        text += json.dumps(json.loads(text), ensure_ascii=False)  # what was escaped there, too
    # Each text of it by itself, too: a word beside a number may say that it is harmless, but not one in another field.
    return any(mask(part) != part for part in (text, *text.split('"')))


def key_of(record: Record) -> str | None:
    """Return the key under which *record* goes among the dead letters: its own.

    A record without key and value gets an empty key, for aiokafka (0.14) writes none that has neither.
    """
    if record.key is not None:
        return record.key.decode(errors="surrogateescape")
    return "" if record.value is None else None
