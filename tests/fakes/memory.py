"""The ports in memory: a broker, a collection and a clock that pass the same suite as the real ones.

Every operation awaits ``step`` before and after its effect, so that a scheduler can stop, crash or overtake it there.
"""

import zlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from shared.delivery.document import Document
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from shared.slots import Slots, slot_of
from shared.topics import COMMON

S = TypeVar("S")
Stepper = Callable[[str], Awaitable[None]]


async def at_once(_: str) -> None:
    """Go on without giving way."""


@dataclass
class MemoryClock:
    """A clock that stands still until it is moved."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    async def sleep(self, sleep_for: timedelta) -> None:
        self.at += sleep_for


@dataclass
class MemoryBroker:
    """Topics with partitions, and committed offsets per group."""

    clock: MemoryClock
    partitions_max: int = 3
    step: Stepper = at_once
    logs: dict[tuple[str, int], list[Record]] = field(default_factory=lambda: defaultdict(list))
    committed: dict[tuple[str, str, int], int] = field(default_factory=lambda: defaultdict(int))

    def partitions(self, topic: str) -> int:
        wanted = next((known.partitions for known in COMMON if known.name == topic), 3)
        return min(wanted, self.partitions_max)

    def partition(self, topic: str, key: bytes | None) -> int:
        """Return where records with that key lie."""
        return zlib.crc32(key or b"") % self.partitions(topic)

    def append(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> Record:
        partition = self.partition(topic, key)
        log = self.logs[topic, partition]
        record = Record(topic, partition, len(log), key, value, tuple(headers), self.clock.now())
        log.append(record)
        return record

    async def publish(self, events: Sequence[Outgoing]) -> None:
        for event in events:
            await self.step("publish")
            self.lay(event)
        await self.step("published")

    def lay(self, event: Outgoing) -> None:
        key = None if event.key is None else event.key.encode(errors="surrogateescape")
        self.append(event.topic, key, event.value, event.headers)

    def topic(self, topic: str) -> list[Record]:
        """Return everything on *topic*, partition by partition."""
        return [record for (name, _), log in sorted(self.logs.items()) if name == topic for record in log]

    def unread(self, group: str, topics: Collection[str], records_max: int = 500) -> "MemoryBatch":
        """Return what *group* has not committed yet."""
        ahead = {key: log[self.committed[group, *key] :] for key, log in sorted(self.logs.items()) if key[0] in topics}
        return MemoryBatch(self, group, [record for log in ahead.values() for record in log][:records_max])


@dataclass
class MemoryBatch:
    """Records, and where their group stands once they are committed."""

    broker: MemoryBroker
    group: str
    records: Sequence[Record]

    async def commit(self) -> None:
        await self.broker.step("commit")
        for record in self.records:
            place = (self.group, record.topic, record.partition)
            self.broker.committed[place] = max(self.broker.committed[place], record.next_offset)
        await self.broker.step("committed")


@dataclass
class MemoryStore(Generic[S]):
    """One collection. ``unique`` names a value that no two documents may share."""

    step: Stepper = at_once
    unique: Callable[[S], Any] | None = None
    documents: dict[str, Document[S]] = field(default_factory=dict)

    async def load(self, ids: Collection[str]) -> dict[str, Document[S]]:
        await self.step("load")
        found = {id: self.documents[id] for id in ids if id in self.documents}
        await self.step("loaded")
        return found

    async def save(self, documents: Sequence[Document[S]]) -> set[str]:
        await self.step("save")
        lost = set()
        for document in documents:
            if self.is_free(document):
                self.write(document)
            else:
                lost.add(document.id)
        await self.step("saved")
        return lost

    def write(self, document: Document[S]) -> None:
        self.documents[document.id] = document.saved()

    def is_free(self, document: Document[S]) -> bool:
        stored = self.documents.get(document.id)
        if (stored.revision if stored else 0) != document.revision:
            return False
        if self.unique is None or document.state is None:
            return True
        value = self.unique(document.state)
        others = (other for other in self.documents.values() if other.id != document.id and other.state is not None)
        return all(self.unique(other.state) != value for other in others if other.state is not None)

    async def mark_told(self, documents: Sequence[Document[S]]) -> set[str]:
        return await self.save([document.told() for document in documents])

    async def due_before(self, at: datetime, limit: int, slots: Slots | None = None) -> list[Document[S]]:
        await self.step("due")
        due = [(document.due_at, id) for id, document in self.documents.items() if document.due_at]
        return await self.found([id for due_at, id in sorted(due) if due_at <= at], limit, slots)

    async def pending_before(self, at: datetime, limit: int, slots: Slots | None = None) -> list[Document[S]]:
        await self.step("pending")
        waiting = [(document.pending_at, id) for id, document in self.documents.items() if document.pending_at]
        return await self.found([id for since, id in sorted(waiting) if since <= at], limit, slots)

    async def found(self, ids: Sequence[str], limit: int, slots: Slots | None) -> list[Document[S]]:
        here = [self.documents[id] for id in ids if slots is None or slot_of(id) in slots]
        await self.step("loaded")
        return here[:limit]
