"""Strict JSON, and what can still be read of a record that is no event."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import StringConstraints, TypeAdapter, ValidationError

from shared.events.commands import TicketId
from shared.events.complaints import ChannelCode, SourceId
from shared.events.faults import UnreadableEvent, malformed, named, not_json, violation
from shared.topics import VALUE_BYTES_MAX

DEPTH_MAX = 32
BYTE_ORDER_MARK = "\ufeff"


def parse_strictly(value: bytes) -> Any:
    """Return the JSON value that *value* holds.

    Raises:
        UnreadableEvent: It is not UTF-8 or not JSON (NaN and the infinities are not); a key stands twice in one object
            or is the name of a database operator; a text holds half of a surrogate pair; it is nested deeper than 32.
    """
    try:
        text = value.decode()
        if text.startswith(BYTE_ORDER_MARK):
            raise json.JSONDecodeError("Unexpected UTF-8 BOM (decode using utf-8-sig)", text, 0)
        body = STRICT.decode(text)
        if "\\u" in text:
            json.dumps(body, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise malformed(f"Bukan UTF-8 (byte ke-{error.start}).", f"Not UTF-8 (at byte {error.start}).") from None
    except UnicodeEncodeError:
        raise malformed(
            "Teks memuat separuh pasangan surrogate Unicode.", "A text holds half of a Unicode surrogate pair."
        ) from None
    except json.JSONDecodeError as error:
        raise not_json(error) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:  # int() takes no more than 4300 digits, against quadratic time (CVE-2020-10735)
        raise malformed("Bilangan terlalu panjang.", "A number has too many digits.") from None
    # What has no more brackets than that is no deeper; brackets within a text only cost the longer look.
    if text.count("{") + text.count("[") > DEPTH_MAX and _depth_of(body) > DEPTH_MAX:
        raise _too_deep()
    return body


def _too_deep() -> UnreadableEvent:
    return malformed(f"Struktur lebih dari {DEPTH_MAX} tingkat.", f"Nested deeper than {DEPTH_MAX} levels.")


def _depth_of(body: Any) -> int:
    """Return how deep *body* is nested, 0 for a plain value; reads level by level, so that depth costs no stack."""
    level, depth = [body], 0
    while level := [inner for outer in level for inner in _children(outer)]:
        depth += 1
    return depth


def _children(body: Any) -> list[Any]:
    return list(body.values()) if isinstance(body, dict) else body if isinstance(body, list) else []


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return *pairs* as a dict; raise UnreadableEvent for a key that stands twice or is a database operator's name."""
    found = dict(pairs)
    names = " ".join(found)
    if len(found) < len(pairs) or "$" in names or "\0" in names:
        _refuse_keys(pairs)
    return found


def _refuse_keys(pairs: list[tuple[str, Any]]) -> None:
    """Raise UnreadableEvent for the first key of *pairs* that stands there again or is a database operator's name."""
    known = set()
    for key, _ in pairs:
        if key in known:
            raise malformed(
                f"Kunci {named(key)} muncul dua kali dalam satu objek.",
                f"The key {named(key)} stands twice in one object.",
            )
        if key.startswith("$") or "\0" in key:
            raise UnreadableEvent(
                violation(
                    named(key)[1:-1],
                    f"Nama {named(key)} tidak diizinkan.",
                    f"{named(key)} is not allowed as a field name.",
                )
            )
        known.add(key)


def _refuse_constant(name: str) -> Any:
    raise malformed(f"{name} bukan JSON.", f"{name} is not JSON.")


STRICT = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)

SENDER = r"^/(agencies|channels)/[a-z0-9][a-z0-9_]{0,63}$|^/officers/[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
UUID_TEXT = TypeAdapter[str](TicketId)
IN_ATTRIBUTES: Mapping[str, tuple[str, TypeAdapter[str]]] = {
    "source": ("source", TypeAdapter(Annotated[str, StringConstraints(pattern=SENDER)])),
    "event_id": ("id", UUID_TEXT),
    "ticket_id": ("subject", UUID_TEXT),
}
IN_DATA: Mapping[str, TypeAdapter[str]] = {
    "channel": TypeAdapter(ChannelCode),
    "source_id": TypeAdapter(SourceId),
    "ticket_id": UUID_TEXT,
}


def hints_in(value: bytes | None, headers: Mapping[str, bytes]) -> dict[str, str]:
    """Return what can be read of a record although it is no event.

    ``source`` and ``event_id`` of its envelope, ``channel`` and ``source_id`` of a report, and ``ticket_id`` of an
    update, or else of the subject; each only where it is valid by itself. The envelope is looked for in the headers
    where there are any of it, the data also where no envelope is around it.
    """
    body = _read_leniently(value)
    whole = body if isinstance(body, dict) else {}
    inner = whole.get("data")
    data = inner if isinstance(inner, dict) else whole
    attributes = dict(_attributes_in(headers)) or whole
    found = {name: (attributes.get(attribute), kind) for name, (attribute, kind) in IN_ATTRIBUTES.items()}
    hints = dict(_valid(found))
    return hints | dict(_valid({name: (data.get(name), kind) for name, kind in IN_DATA.items()}))


def _valid(found: Mapping[str, tuple[Any, TypeAdapter[str]]]) -> Iterator[tuple[str, str]]:
    for name, (value, kind) in found.items():
        if isinstance(value, str) and not HALF_A_CHARACTER.search(value):
            with contextlib.suppress(ValidationError):
                yield name, kind.validate_python(value)


def _attributes_in(headers: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    for name, content in headers.items():
        if name.startswith("ce_"):
            yield name[3:], content.decode(errors="surrogateescape")


def _read_leniently(value: bytes | None) -> Any:
    if value is None or len(value) > VALUE_BYTES_MAX:
        return None
    # Bytes that are not UTF-8 become halves of characters, and a text that holds one is no hint.
    text = value.decode("utf-8-sig", errors="surrogateescape")
    try:
        return json.loads(text, object_pairs_hook=_unambiguous, parse_int=float)
    except (ValueError, RecursionError):
        return None


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return *pairs* as a dict without the keys that stand twice: two readers could take either value."""
    found: dict[str, Any] = {}
    torn = set()
    for key, value in pairs:
        if key in found:
            torn.add(key)
        found[key] = value
    return {key: value for key, value in found.items() if key not in torn}
