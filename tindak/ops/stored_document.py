"""A document as it is stored, for people to look at; texts, which may name a person, only where they ask for them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

# Names whose texts are codes and ids of ours, and say nothing of a person.
SHOWN = frozenset({"_id", "id", "kind", "by", "t", "topic"})
MARK = "aside"


def masked(value: Any, name: str = "") -> Any:
    """Return *value* as JSON that shows its structure: a text or bytes only as how long it is."""
    match value:
        case Mapping() if name == MARK:
            return plain(value)
        case Mapping():
            return {str(key): masked(item, str(key)) for key, item in value.items()}
        case list():
            return [masked(item, name) for item in value]
        case str() if name not in SHOWN:
            return f"text of {len(value)} characters"
        case bytes():
            return f"{len(value)} bytes"
        case _:
            return plain(value)


def plain(value: Any) -> Any:
    """Return *value* as JSON with everything in it."""
    match value:
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case datetime():
            return value.isoformat()
        case bytes():
            return value.decode(errors="backslashreplace")
        case _:
            return value
