"""JSON from outsiders, held against all that two readers could understand differently; never knows an event."""

import json
from typing import Any

from shared.events.faults import UnreadableEvent, malformed, named, not_json, violation

DEPTH_MAX = 32


def parse_strictly(value: bytes) -> Any:
    """Return the JSON value that *value* holds.

    Raises:
        UnreadableEvent: It is not UTF-8 or not JSON (NaN and the infinities are not); a key stands twice in one object
            or is the name of a database operator; a text holds half of a surrogate pair; it is nested deeper than 32.
    """
    try:
        text = value.decode()
        body = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
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
    if _depth_of(body) > DEPTH_MAX:
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
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
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
        found[key] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise malformed(f"{name} bukan JSON.", f"{name} is not JSON.")
