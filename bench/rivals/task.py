"""What a process of a rival is to do, so that all of them together do as much as the services."""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import orjson
from pydantic import TypeAdapter


@dataclass(slots=True)
class Quota:
    """A rate that need not be whole: how many of it are due by now."""

    rate: float
    due: float = 0.0

    def earn(self, count: int) -> None:
        """Let so many more records count."""
        self.due += self.rate * count

    def take(self, at_most: int) -> int:
        """Return how many are due, at most so many; the rest stays due."""
        taken = min(at_most, int(self.due + 1e-9))
        self.due -= taken
        return taken


@dataclass(frozen=True, slots=True)
class Output:
    """What is published: so many records of that size for each record of the trigger, on these topics in turn."""

    topics: tuple[str, ...]
    rate: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Task:
    """What one process does: as many reads, writes and publishes as a service makes, of the same sizes.

    Args:
        loads: Documents that are read for each record.
        saves: Documents that are written whole for each record.
        documents: What they hold, in turn, as base64: documents of the service, since the database packs what is all
            alike at no cost.
        triggers: The topics whose records are answered.
    """

    service: str
    bootstrap_servers: str
    mongo_uri: str
    prefix: str
    reads: tuple[str, ...]
    triggers: tuple[str, ...]
    loads: float
    saves: float
    documents: tuple[str, ...]
    outputs: tuple[Output, ...] = ()
    enable_idempotence: bool = True

    def contents(self) -> Iterator[bytes]:
        """Return without an end what is to be stored."""
        return cycle([b64decode(document) for document in self.documents])


def ticket_in(value: bytes, key: bytes) -> str:
    """Return whose ticket a record is about: the subject of its event, or its key."""
    return str(orjson.loads(value).get("subject") or key.decode())


def event_of_size(key: str, size: int) -> bytes:
    """Return an event about a ticket, of about so many bytes."""
    bare = {"specversion": "1.0", "id": key, "type": "tindak.by.hand.v1", "subject": key, "data": {"text": ""}}
    return orjson.dumps({**bare, "data": {"text": "x" * max(0, size - 120 - 2 * len(key))}})


def task_in(file: Path) -> Task:
    """Return the task that a file holds as JSON."""
    return TypeAdapter(Task).validate_json(file.read_bytes())
