"""What a record that is no event tells nevertheless: who sent it, and what it is about; never repairs it."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import StringConstraints, TypeAdapter, ValidationError

from shared.events.commands import TicketId
from shared.events.complaints import ChannelCode, SourceId
from shared.topics import VALUE_BYTES_MAX

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
