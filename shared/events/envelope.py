"""CloudEvents 1.0 on Kafka, structured and binary mode; never looks into the meaning of the data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from shared.events.base import EventData, Reason
from shared.events.catalogue import DATA_BY_TYPE
from shared.topics import VALUE_BYTES_MAX

STRUCTURED = "application/cloudevents+json"
HEADERS = (("content-type", STRUCTURED.encode()),)
DEPTH_MAX = 32


@dataclass(frozen=True, slots=True)
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


class UnreadableEvent(Exception):
    """A record that is no event of ours: what is wrong with it, for people in both languages.

    ``hints`` holds ``channel`` and ``source_id`` where they could be read nevertheless.
    """

    def __init__(self, *reasons: Reason, hints: Mapping[str, str] | None = None) -> None:
        super().__init__("; ".join(f"{reason.code}: {reason.message_en}" for reason in reasons))
        self.reasons = reasons
        self.hints = dict(hints or {})


def malformed(message_id: str, message_en: str) -> UnreadableEvent:
    """Return the fault of a record that is not even JSON, or no CloudEvent."""
    return UnreadableEvent(Reason(code="malformed", message_id=message_id, message_en=message_en))


def encode(event: Event) -> bytes:
    """Return the structured-mode value of *event*; equal events give equal bytes."""
    envelope: dict[str, Any] = {
        "specversion": "1.0", "id": event.id, "source": event.source, "type": event.type, "time": stamp(event.time),
        "subject": event.subject, "datacontenttype": "application/json", "partitionkey": event.key,
        "causationid": event.cause_id, "traceparent": event.traceparent,
        "data": event.data.model_dump(mode="json", exclude_none=True),
    }  # fmt: skip
    return orjson.dumps({name: value for name, value in envelope.items() if value is not None})


def stamp(at: datetime) -> str:
    """Return *at* in RFC 3339, UTC, with ``Z``."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def decode(value: bytes | None, headers: Mapping[str, bytes], *, from_outside: bool) -> Event:
    """Return the event that a record holds.

    Args:
        value: The record's value.
        headers: The record's headers, names in lower case.
        from_outside: True where outsiders write: binary mode and a missing ``time`` are accepted too, and the JSON is
            held against everything that a careless or hostile writer may send (duplicate keys, operator names, depth).

    Raises:
        UnreadableEvent: With a sentence for each thing that is wrong.
    """
    if value is None:
        raise malformed("Isi pesan kosong (tombstone).", "The record has no value (tombstone).")
    if len(value) > VALUE_BYTES_MAX:
        raise UnreadableEvent(too_long(len(value)))
    body = parse_strictly(value) if from_outside else parse(value)
    if not isinstance(body, dict):
        raise malformed("Isi pesan bukan objek JSON.", f"The value is a JSON {type(body).__name__}, not an object.")
    if from_outside and "ce_specversion" in headers:
        body = {name[3:]: text(name, content) for name, content in headers.items() if name.startswith("ce_")} | {
            "data": body
        }
    return read_envelope(body)


def too_long(size_bytes: int) -> Reason:
    """Return the reason for refusing a record of that size."""
    return Reason(
        code="too_long",
        message_id=f"Pesan berukuran {size_bytes} byte; paling besar {VALUE_BYTES_MAX} byte.",
        message_en=f"The record has {size_bytes} bytes; at most {VALUE_BYTES_MAX} are taken.",
    )


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
        raise malformed(f"Bukan JSON: {error}.", f"Not JSON: {error}.") from None


def parse_strictly(value: bytes) -> Any:
    """Return what an outsider wrote, refusing whatever two JSON readers could understand differently."""
    try:
        body = json.loads(value.decode(), object_pairs_hook=unique_keys, parse_constant=refuse_constant)
    except UnicodeDecodeError as error:
        raise malformed(f"Bukan UTF-8 (byte ke-{error.start}).", f"Not UTF-8 (at byte {error.start}).") from None
    except json.JSONDecodeError as error:
        where = f"{error.msg}, line {error.lineno} column {error.colno}"
        raise malformed(f"Bukan JSON: {where}.", f"Not JSON: {where}.") from None
    except RecursionError:
        raise too_deep() from None
    except ValueError as error:  # an integer of thousands of digits
        raise malformed(f"Angka tidak terbaca: {error}.", f"Unreadable number: {error}.") from None
    if depth_of(body) > DEPTH_MAX:
        raise too_deep()
    return body


def too_deep() -> UnreadableEvent:
    """Return the fault of a value that is nested deeper than any of ours."""
    return malformed(f"Struktur lebih dari {DEPTH_MAX} tingkat.", f"Nested deeper than {DEPTH_MAX} levels.")


def depth_of(body: Any) -> int:
    """Return how deep *body* is nested, 0 for a plain value; reads level by level, so that depth costs no stack."""
    level, depth = [body], 0
    while level := [inner for outer in level for inner in children(outer)]:
        depth += 1
    return depth


def children(body: Any) -> list[Any]:
    """Return what lies directly inside a JSON array or object."""
    return list(body.values()) if isinstance(body, dict) else body if isinstance(body, list) else []


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return *pairs* as a dict; raise UnreadableEvent for a key that stands twice or is a database operator's name."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise malformed(f"Kunci {key!r} muncul dua kali.", f"The key {key!r} stands twice in one object.")
        if key.startswith("$") or "\0" in key:
            reason = f"{key!r} is not allowed as a field name"
            raise UnreadableEvent(
                Reason(
                    code="schema_violation",
                    field=key,
                    message_id=f"Nama {key!r} tidak diizinkan.",
                    message_en=f"{reason}.",
                )
            )
        found[key] = value
    return found


def refuse_constant(name: str) -> Any:
    """Refuse NaN and the infinities, which are not JSON."""
    raise malformed(f"{name} bukan JSON.", f"{name} is not JSON.")


def read_envelope(body: dict[str, Any]) -> Event:
    """Return the event in a parsed structured-mode envelope; raise UnreadableEvent with every fault found."""
    data = body.get("data")
    hints = {
        name: data[name]
        for name in ("channel", "source_id")
        if isinstance(data, dict) and isinstance(data.get(name), str)
    }
    faults = [
        fault for name in ("specversion", "id", "source", "type") if (fault := attribute_fault(name, body.get(name)))
    ]
    model = DATA_BY_TYPE.get(str(body.get("type")))
    if not faults and model is None:
        faults.append(
            violation("type", f"Tipe {body['type']!r} tidak dikenal.", f"The type {body['type']!r} is not known.")
        )
    if not isinstance(data, dict):
        faults.append(violation("data", "Bagian data bukan objek JSON.", "data is not a JSON object."))
    time = instant(body.get("time"))
    if time is None:
        faults.append(
            violation("time", "Waktu (time) bukan RFC 3339 dengan zona.", "time is not RFC 3339 with a zone.")
        )
    if faults or model is None or time is None:
        raise UnreadableEvent(*faults, hints=hints)
    try:
        payload = model.model_validate(data)
    except ValidationError as error:
        raise UnreadableEvent(*map(from_pydantic, error.errors(include_url=False)), hints=hints) from None
    return Event(
        id=str(UUID(body["id"])), source=body["source"], time=time, data=payload, subject=optional(body, "subject"),
        key=optional(body, "partitionkey"), cause_id=optional(body, "causationid"),
        traceparent=optional(body, "traceparent"),
    )  # fmt: skip


def attribute_fault(name: str, value: Any) -> Reason | None:
    """Return what is wrong with a required CloudEvents attribute, or None."""
    if not isinstance(value, str) or not value:
        return violation(name, f"Atribut {name} tidak ada.", f"The attribute {name} is missing or no text.")
    if name == "specversion" and value != "1.0":
        return violation(name, "specversion harus 1.0.", f"specversion is {value!r}; 1.0 is spoken here.")
    if name == "id" and not is_uuid(value):
        return violation(name, "id bukan UUID.", "id is not a UUID.")
    return None


def is_uuid(value: str) -> bool:
    """Return whether *value* is a UUID in any usual spelling."""
    try:
        UUID(value)
    except ValueError:
        return False
    return True


def instant(value: Any) -> datetime | None:
    """Return an aware UTC instant from RFC 3339 text, or None."""
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None


def optional(body: dict[str, Any], name: str) -> str | None:
    """Return an optional text attribute; anything else counts as absent."""
    value = body.get(name)
    return value if isinstance(value, str) else None


def violation(field: str, message_id: str, message_en: str) -> Reason:
    """Return a schema violation at *field*."""
    return Reason(code="schema_violation", field=field, message_id=message_id, message_en=message_en)


def from_pydantic(error: Any) -> Reason:
    """Return a validation error as a reason; it names the field and the rule, never the refused value."""
    field = ".".join(map(str, error["loc"])) or "data"
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return violation(field, f"{field} wajib diisi.", f"{field} is required.")
    if kind == "string_too_long":
        limit = context["max_length"]
        message_id, message_en = f"{field} lebih dari {limit} karakter.", f"{field} is longer than {limit} characters."
        return Reason(code="too_long", field=field, message_id=message_id, message_en=message_en)
    return violation(field, f"{field} tidak sah: {error['msg']}.", f"{field} is not valid: {error['msg']}.")
