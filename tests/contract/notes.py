"""What the suite of the stores keeps in them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.delivery.documents.document import Answer, Document
from shared.delivery.outgoing import Outgoing
from tests.fakes.handler_harness import NOON

EVERY_BYTE = bytes(range(256))


@dataclass(frozen=True)
class Note:
    """A state; ``number`` is unique in the store."""

    number: str
    text: str = "Jalan berlubang"
    at: datetime | None = None


def outgoing(id: str, value: bytes | None = EVERY_BYTE) -> Outgoing:
    return Outgoing(id, "tickets.events", "key", value)


def note(id: str, **changes: Any) -> Document[Note]:
    """Return a document that has never been saved; its number is its id."""
    return replace(Document(id, state=Note(id)), **changes)


def full(id: str) -> Document[Note]:
    """Return a document with something in every field."""
    answers = {
        "b": Answer("tickets.updates", 3, 2**40, (outgoing("1"), outgoing("2", None))),
        "c": None,
        "a": Answer("sla.events", 0, 0, (Outgoing("3", "sla.events", None, b""),)),
    }
    return note(
        id,
        state=Note(id, text='\0 "$where" a.b \u202e 𝕁', at=NOON + timedelta(microseconds=1)),
        applied=answers,
        pending=(outgoing("4"),),
        pending_at=NOON,
        due_at=NOON + timedelta(milliseconds=1),
    )
