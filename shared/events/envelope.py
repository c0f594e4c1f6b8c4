"""The CloudEvents 1.0 envelope on Kafka, in structured and binary mode."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from shared.events.base import EventData, Reason
from shared.events.catalogue import DATA_BY_TYPE
from shared.events.faults import (
    REASONS_MAX,
    UnreadableEvent,
    from_pydantic,
    malformed,
    named,
    not_json,
    too_long,
    violation,
)
from shared.events.parsing import hints_in, parse_strictly
from shared.topics import VALUE_BYTES_MAX
from shared.values import value

__all__ = ["HEADERS", "STRUCTURED", "Event", "UnreadableEvent", "decode", "encode", "is_uuid", "malformed", "stamp"]

STRUCTURED = "application/cloudevents+json"
HEADERS = (("content-type", STRUCTURED.encode()),)
# Of a trace only: an id of digits alone, which hardly ever is drawn, may be the number of somebody.
TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?=\d*[a-f])[0-9a-f]{32}-(?=\d*[a-f])[0-9a-f]{16}-[0-9a-f]{2}")

USUAL_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# What `encode` writes for one of our services, attribute by attribute in its order, with no character escaped.
TEXT = r'[^"\\\x00-\x1f]*'
BEGINNING = (
    r'\{"specversion":"1\.0","id":"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"'
    r',"source":"(/tindak/[a-z]+)","type":"([a-z0-9_.]+)"'
)
OWN_TYPE = re.compile(BEGINNING.encode())
# An empty choice, for `re` takes it at a fraction of what a group with a question mark takes.
OWN = re.compile(
    BEGINNING + f',"time":"([0-9T:.-]+Z)"(?:,"subject":"({TEXT})"|),"datacontenttype":"application/json"'
    f'(?:,"partitionkey":"({TEXT})"|)(?:,"causationid":"({TEXT})"|)'
    f'(?:,"traceparent":"({TRACEPARENT.pattern})"|),"data":(?=\\{{)',
    re.ASCII,
)
STAMPS_REMEMBERED_MAX = 256  # all that a batch says is said at one instant


@value
class Event:
    """One fact or request, as it travels."""

    id: str
    source: str
    time: datetime
    data: EventData
    subject: str | None = None
    key: str | None = None
    cause_id: str | None = None
    traceparent: str | None = None

    @property
    def type(self) -> str:
        """Return the CloudEvents type."""
        return self.data.TYPE


def encode(event: Event, data: bytes | None = None) -> bytes:
    """Return the structured-mode value of *event*; equal events give equal bytes.

    Args:
        data: Its data, where `encode_data` has been asked for it already.
    """
    envelope: dict[str, Any] = {
        "specversion": "1.0", "id": event.id, "source": event.source, "type": event.data.TYPE,
        "time": stamp(event.time),
    }  # fmt: skip
    if event.subject is not None:
        envelope["subject"] = event.subject
    envelope["datacontenttype"] = "application/json"
    if event.key is not None:
        envelope["partitionkey"] = event.key
    if event.cause_id is not None:
        envelope["causationid"] = event.cause_id
    if event.traceparent is not None:
        envelope["traceparent"] = event.traceparent
    # Joined, for what orjson itself returns takes 4 KiB of memory at least, and outboxes are remembered.
    head = orjson.dumps(envelope)[:-1]
    return b"".join((head, b',"data":', encode_data(event.data) if data is None else data, b"}"))


def encode_data(data: EventData) -> bytes:
    """Return *data* as JSON, without the fields that are None."""
    return data.__pydantic_serializer__.to_json(data, exclude_none=True)


@lru_cache(maxsize=STAMPS_REMEMBERED_MAX)
def stamp(at: datetime) -> str:
    """Return *at* in RFC 3339, UTC, with ``Z``."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def type_of_own(value: bytes) -> str | None:
    """Return the type of what `encode` has written for one of our services; None for what is spelled otherwise."""
    head = OWN_TYPE.match(value)
    return None if head is None else head[3].decode()


def decode_own(value: bytes) -> Event | None:
    """Return the event that `encode` has written for one of our services, as `decode` does at three times the cost.

    None for what is spelled otherwise or cannot be read: `decode` takes it with care, and says what is wrong.
    """
    if value[-1:] != b"}" or len(value) > VALUE_BYTES_MAX:
        return None
    try:
        written = value.decode()  # whole, for what is matched in bytes must be decoded piece by piece
        head = OWN.match(written)
        model = None if head is None else DATA_BY_TYPE.get(head[3])
        if head is None or model is None:
            return None
        id, source, _, time, subject, key, cause_id, traceparent = head.groups()
        data = model.__pydantic_validator__.validate_json(written[head.end() : -1])
        shared_key = subject if key == subject else key  # two equal texts of a document take the memory of one
        return Event(id, source, datetime.fromisoformat(time), data, subject, shared_key, cause_id, traceparent)
    except ValueError:
        return None


def decode(
    value: bytes | None, headers: Mapping[str, bytes], *, from_outside: bool, arrived_at: datetime | None = None
) -> Event:
    """Return the event that a record holds.

    Args:
        value: The record's value.
        headers: The record's headers, names in lower case.
        from_outside: True where outsiders write: binary mode is accepted too, and the JSON is held against everything
            that a careless or hostile writer may send (duplicate keys, operator names, depth).
        arrived_at: The record's timestamp, which stands in for a ``time`` that an outsider left out.

    Raises:
        UnreadableEvent: With a sentence for each thing that is wrong, and with what else an outsider's record tells.
    """
    try:
        return _decode(value, headers, arrived_at, from_outside=from_outside)
    except UnreadableEvent as fault:
        raise fault.hinting(hints_in(value, headers)) if from_outside else fault from None


def _decode(
    value: bytes | None, headers: Mapping[str, bytes], arrived_at: datetime | None, *, from_outside: bool
) -> Event:
    if value is None:
        raise malformed("Isi pesan kosong (tombstone).", "The record has no value (tombstone).")
    if len(value) > VALUE_BYTES_MAX:
        raise UnreadableEvent(too_long(len(value)))
    body = parse_strictly(value) if from_outside else parse(value)
    if not isinstance(body, dict):
        raise malformed("Isi pesan bukan objek JSON.", "The value is not a JSON object.")
    if from_outside and "ce_specversion" in headers:
        body = {name[3:]: text(name, content) for name, content in headers.items() if name.startswith("ce_")} | {
            "data": body
        }
    return _read_envelope(body, arrived_at if from_outside else None)


def text(name: str, content: bytes) -> str:
    """Return a header as text; raise UnreadableEvent if it is not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise malformed(f"Header {name} bukan UTF-8.", f"Header {name} is not UTF-8.") from None


def parse(value: bytes) -> Any:
    """Return what one of our own services wrote."""
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise not_json(error) from None


def _read_envelope(body: Mapping[str, Any], arrived_at: datetime | None = None) -> Event:
    """Return the event in a parsed structured-mode envelope; raise UnreadableEvent with every fault found."""
    faults = [
        fault for name in ("specversion", "id", "source", "type") if (fault := _attribute_fault(name, body.get(name)))
    ]
    time = _instant(body["time"]) if body.get("time") is not None else arrived_at
    if time is None:
        faults.append(
            violation("time", "Waktu (time) bukan RFC 3339 dengan zona.", "time is not RFC 3339 with a zone.")
        )
    data = _read_data(body.get("type"), body.get("data"))
    if not isinstance(data, EventData):
        faults.extend(data)
    if faults or time is None or not isinstance(data, EventData):
        raise UnreadableEvent(*faults)
    traceparent = optional(body, "traceparent")
    return Event(
        id=usual_uuid(body["id"]), source=body["source"], time=time, data=data, subject=optional(body, "subject"),
        key=optional(body, "partitionkey"), cause_id=optional(body, "causationid"),
        traceparent=traceparent if TRACEPARENT.fullmatch(traceparent or "") else None,
    )  # fmt: skip


def _read_data(kind: Any, data: Any) -> EventData | list[Reason]:
    if not isinstance(data, dict):
        return [violation("data", "Bagian data bukan objek JSON.", "data is not a JSON object.")]
    model = DATA_BY_TYPE.get(kind) if isinstance(kind, str) else None
    if model is None:
        return []
    try:
        return model.model_validate(data)
    except ValidationError as error:
        return [from_pydantic(fault) for fault in error.errors(include_url=False)[:REASONS_MAX]]


def _attribute_fault(name: str, value: Any) -> Reason | None:
    """Return what is wrong with a required CloudEvents attribute, or None."""
    if not isinstance(value, str) or not value:
        return violation(name, f"Atribut {name} tidak ada.", f"The attribute {name} is missing or no text.")
    if name == "specversion" and value != "1.0":
        return violation(name, "specversion harus 1.0.", f"specversion is {named(value)}; 1.0 is spoken here.")
    if name == "id" and not is_uuid(value):
        return violation(name, "id bukan UUID.", "id is not a UUID.")
    if name == "type" and value not in DATA_BY_TYPE:
        return violation(name, f"Tipe {named(value)} tidak dikenal.", f"The type {named(value)} is not known.")
    return None


def is_uuid(value: str) -> bool:
    """Return whether *value* is a UUID in any usual spelling."""
    try:
        usual_uuid(value)
    except ValueError:
        return False
    return True


def usual_uuid(value: str) -> str:
    """Return a UUID as it is mostly written; raise ValueError for what is none in any usual spelling."""
    return value if USUAL_UUID.fullmatch(value) else str(UUID(value))


def _instant(value: Any) -> datetime | None:
    """Return an aware UTC instant from RFC 3339 text, or None."""
    try:
        at = datetime.fromisoformat(value.upper())
        return at.astimezone(UTC) if at.tzinfo else None
    except (AttributeError, ValueError, OverflowError):
        return None


def optional(body: Mapping[str, Any], name: str) -> str | None:
    """Return an optional text attribute; anything else counts as absent."""
    value = body.get(name)
    return value if isinstance(value, str) else None
