"""The ports in memory: a broker, a collection and a clock that pass the same suite as the real ones.

Every operation awaits ``step`` before and after its effect, so that a scheduler can stop, crash or overtake it there.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from shared.delivery.documents.document import Document, Partition
from shared.delivery.outgoing import Outgoing, Reference
from shared.delivery.ports import HeldBack, Obstacle, Record, Waiting
from shared.sharding import Share, hash_of, shard_of
from shared.topics import COMMON, PARTITIONS, family_of

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
    """Topics with partitions, and committed offsets per group.

    ``refused`` names topics that are missing or forbidden, ``value_bytes_max`` what a topic takes.
    """

    clock: MemoryClock
    partitions_max: int = 3
    step: Stepper = at_once
    logs: dict[tuple[str, int], list[Record]] = field(default_factory=lambda: defaultdict(list))
    committed: dict[tuple[str, str, int], int] = field(default_factory=lambda: defaultdict(int))
    refused: dict[str, Obstacle] = field(default_factory=dict)
    value_bytes_max: dict[str, int] = field(default_factory=dict)

    def partitions(self, topic: str) -> int:
        of_a_family = 1 if family_of(topic) != topic else 3
        wanted = next((known.partitions for known in COMMON if known.name == topic), of_a_family)
        return min(wanted, self.partitions_max)

    def partition(self, topic: str, key: bytes | None) -> int:
        """Return where records with that key lie, as every client of Kafka counts it."""
        return hash_of(key or b"") % self.partitions(topic)

    def append(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> Record:
        partition = self.partition(topic, key)
        log = self.logs[topic, partition]
        record = Record(topic, partition, len(log), key, value, tuple(headers), self.clock.now())
        log.append(record)
        return record

    async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
        held: dict[Reference, Obstacle] = {}
        refused = dict(self.refused)  # what holds for one event of a topic holds for all of them
        for event in events:
            await self.step("publish")
            obstacle = refused.get(event.topic) or self.size_obstacle(event)
            if obstacle is not None:
                held[event.reference] = obstacle
                continue
            self.lay(event)
        await self.step("published")
        return held

    def size_obstacle(self, event: Outgoing) -> Obstacle | None:
        bytes_max = self.value_bytes_max.get(event.topic)
        return Obstacle.TOO_LARGE if bytes_max is not None and len(event.value or b"") > bytes_max else None

    def lay(self, event: Outgoing) -> None:
        key = None if event.key is None else event.key.encode(errors="surrogateescape")
        self.append(event.topic, key, event.value, event.headers)

    def topic(self, topic: str) -> list[Record]:
        """Return everything on *topic*, partition by partition."""
        return [record for (name, _), log in sorted(self.logs.items()) if name == topic for record in log]

    def unread(self, group: str, topics: Collection[str], records_max: int = 500) -> "MemoryBatch":
        """Return what *group* has not committed yet."""
        heard = {key: log for key, log in sorted(self.logs.items()) if key[0] in topics or family_of(key[0]) in topics}
        ahead = {key: log[self.committed[group, *key] :] for key, log in heard.items()}
        return MemoryBatch(self, group, [record for log in ahead.values() for record in log][:records_max])


@dataclass
class MemoryBatch:
    """Records, and where their group stands once they are committed."""

    broker: MemoryBroker
    group: str
    records: Sequence[Record]

    async def commit(self) -> dict[Partition, int]:
        await self.broker.step("commit")
        handled = {(record.topic, record.partition): record.next_offset for record in self.records}
        for place, offset in handled.items():
            self.broker.committed[self.group, *place] = max(self.broker.committed[self.group, *place], offset)
        await self.broker.step("committed")
        return handled


@dataclass
class MemoryStore(Generic[S]):
    """One collection. ``unique`` names a value that no two documents may share."""

    step: Stepper = at_once
    unique: Callable[[S], Any] | None = None
    documents: dict[str, Document[S]] = field(default_factory=dict)
    partitions_total: int = PARTITIONS

    async def load(self, ids: Collection[str]) -> dict[str, Document[S]]:
        await self.step("load")
        found = {id: self.documents[id] for id in ids if id in self.documents}
        await self.step("loaded")
        return found

    async def unchanged(self, documents: Sequence[Document[S]]) -> set[str]:
        found = await self.load([document.id for document in documents])
        held = ((document.revision, found.get(document.id)) for document in documents)
        return {each.id for revision, each in held if isinstance(each, Document) and each.revision == revision}

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

    async def mark_published(self, documents: Sequence[Document[S]]) -> set[str]:
        return await self.save([document.published() for document in documents])

    async def postpone_pending(self, ids: Collection[str], at: datetime) -> None:
        await self.step("postpone")
        for id in ids:
            if id in self.documents and self.documents[id].pending:
                self.documents[id] = replace(self.documents[id], pending_at=at)
        await self.step("postponed")

    async def pending_on(self, topics: Collection[str]) -> dict[str, Waiting]:
        unpublished = [[event.topic for event in document.pending] for document in self.documents.values()]
        counts = {topic: [each.count(topic) for each in unpublished if topic in each] for topic in topics}
        return {topic: Waiting(len(many), sum(many)) for topic, many in counts.items() if many}

    async def due_before(self, at: datetime, limit: int, share: Share | None = None) -> list[Document[S]]:
        await self.step("due")
        due = [(document.due_at, id) for id, document in self.documents.items() if document.due_at]
        return await self.found([id for due_at, id in sorted(due) if due_at <= at], limit, share)

    async def pending_before(self, at: datetime, limit: int, share: Share | None = None) -> list[Document[S]]:
        await self.step("pending")
        waiting = [(document.pending_at, id) for id, document in self.documents.items() if document.pending_at]
        return await self.found([id for since, id in sorted(waiting) if since <= at], limit, share)

    async def found(self, ids: Sequence[str], limit: int, share: Share | None) -> list[Document[S]]:
        here = [self.documents[id] for id in ids if share is None or share.holds(shard_of(id, self.partitions_total))]
        await self.step("loaded")
        return here[:limit]
