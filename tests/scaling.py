"""What docs/scaling.md names as not fitting a shard key of the ticket id."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "scaling.md"
HEADING = "### What does not fit the shard key"
CODE = re.compile(r"`([^`]+)`")
UNIQUE, TRANSACTION = "unique ", "transaction"


def _cells(column: int) -> list[str]:
    """Return what stands in code in one column of the table."""
    section = PAGE.read_text(encoding="utf-8").split(HEADING)[1]
    rows = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("| `")]
    return [code for row in rows for code in CODE.findall(row[column])]


def places_named() -> set[str]:
    """Return the functions that ask for documents by something else, as ``path:name``."""
    return {place for place in _cells(0) if ".py:" in place}


def unique_named() -> set[str]:
    """Return the fields that are unique though they are not in the shard key."""
    return {code.removeprefix(UNIQUE) for code in _cells(0) if code.startswith(UNIQUE)}


def transactions_named() -> bool:
    """Return whether transactions over several tickets are named."""
    return TRANSACTION in _cells(0)


def commands_named() -> set[str]:
    """Return commands of running services with the fields they ask for, as ``find due_at slot``."""
    return set(_cells(1))
