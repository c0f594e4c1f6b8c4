"""The ports under the scheduler: topics, consumer groups that rebalance, collections; with awaits in between."""

import random
from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shared.delivery.documents.document import Document, Quarantined, QuarantineReason
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Cut, HeldBack, Record, TransientError
from shared.sharding import Share
from tests.fakes.clocks import MemoryClockStore
from tests.fakes.memory import MemoryBroker, MemoryStore
from tests.simulation.scheduler import give_way

Place = tuple[str, int]


@dataclass
class SimBroker(MemoryBroker):
    """Topics; a batch of events goes out partition by partition, in an order that the seed chooses.

    Args:
        heard: Called for each record once it lies there.
        spawn: Starts work in the process that is running.
        published: Topic and id of every event that lies there.
    """

    choice: random.Random = field(default_factory=random.Random)
    heard: Callable[[Record], None] = lambda _: None
    spawn: Callable[[Coroutine[Any, None, None]], None] = lambda work: work.close()
    published: set[tuple[str, str]] = field(default_factory=set)

    async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
        by_partition: dict[Place, list[Outgoing]] = {}
        for event in events:
            by_partition.setdefault((event.topic, self.partition_of(event)), []).append(event)
        batches = list(by_partition.values())
        self.choice.shuffle(batches)
        return await super().publish([event for batch in batches for event in batch])

    def lay(self, event: Outgoing) -> None:
        super().lay(event)
        self.published.add((event.topic, event.id))

    def partition_of(self, event: Outgoing) -> int:
        return self.partition(event.topic, key_bytes(event.key))

    def append(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> Record:
        record = super().append(topic, key, value, headers)
        self.heard(record)
        return record

    def append_broken(
        self,
        topic: str,
        key: bytes,
        value: bytes,
        *,
        offsets: int = 1,
        why: str | None = None,
        cut: bool = False,
    ) -> None:
        """Lay down what no client of ours can unpack, or only in part.

        Args:
            why: It could not be unpacked; None if it could.
            offsets: How many it takes up; reading from any of them gives the whole, as a broker gives a whole batch.
        """
        record = MemoryBroker.append(self, topic, key, value, ())
        log = self.logs[topic, record.partition]
        log[-1:] = offsets * [
            replace(
                record,
                unreadable=why,
                last_offset=record.offset + offsets - 1 if offsets > 1 else None,
                cuts=(Cut("value", 17_000_000, "ab" * 32),) if cut else (),
            )
        ]
        self.heard(log[-1])

    def records(self) -> Iterator[Record]:
        """Yield everything that lies on any topic, each once however many offsets it takes up."""
        for log in self.logs.values():
            yield from (record for offset, record in enumerate(log) if record.offset == offset)


def key_bytes(key: str | None) -> bytes | None:
    return None if key is None else key.encode(errors="surrogateescape")


class NoMajority(TransientError):
    """The primary has written it and stepped down before a majority had it: it is gone, and nobody has ever read it."""


@dataclass
class SimStore(MemoryStore[Any]):
    """A collection that knows when time must look at it next.

    Args:
        written: Called with each document as it was and as it is written.
        seen: Called with what was loaded.
        loses_next: Whether the next save ends as `NoMajority`.
        overgrown: Ids of documents that cannot be written any more: the next save sets them aside.
        quarantine: Those that are quarantined.
    """

    written: Callable[[Document[Any] | None, Document[Any]], None] = lambda before, after: None
    seen: Callable[[dict[str, Any]], None] = lambda found: None
    loses_next: bool = False
    overgrown: set[str] = field(default_factory=set)
    quarantine: dict[str, Quarantined] = field(default_factory=dict)

    async def load(self, ids: Collection[str]) -> dict[str, Document[Any] | Quarantined]:  # type: ignore[override]
        found = {id: self.quarantine.get(id, document) for id, document in (await super().load(ids)).items()}
        self.seen(found)
        return found

    async def save(self, documents: Sequence[Document[Any]]) -> set[str]:
        if self.loses_next:
            await self.step("save")
            self.loses_next = False
            raise NoMajority("the primary stepped down before a majority had it")
        for id in self.overgrown.intersection(document.id for document in documents):
            self.quarantine[id] = Quarantined(id, QuarantineReason.TOO_LARGE, "it has grown too large")
        refused = self.quarantine.keys() & {document.id for document in documents}
        return refused | await super().save([document for document in documents if document.id not in refused])

    async def found(self, ids: Sequence[str], limit: int, share: Share | None) -> list[Document[Any]]:
        return await super().found([id for id in ids if id not in self.quarantine], limit, share)

    def take_back(self, at: datetime) -> None:
        """End every quarantine."""
        self.overgrown.clear()
        for id in self.quarantine.keys() & self.documents.keys():
            self.documents[id] = self.documents[id].taken_back(at).saved()
        self.quarantine.clear()

    def write(self, document: Document[Any]) -> None:
        before = self.documents.get(document.id)
        super().write(document)
        self.written(before, document)

    def next_due_at(self) -> datetime | None:
        return min((document.due_at for document in self.documents.values() if document.due_at), default=None)

    def next_pending_at(self) -> datetime | None:
        since = (document.pending_at for document in self.documents.values() if document.pending_at)
        return min(since, default=None)


class SimClockStore(SimStore, MemoryClockStore):
    """Sla's collection, which can be searched by edition."""


class Group:
    """The consumers of one service. A rebalance deals all partitions anew; who has not noticed goes on as before.

    ``fetch_fails`` is how likely an error at one partition throws away what a fetch has drained from others.
    """

    def __init__(
        self,
        name: str,
        topics: Sequence[str],
        broker: SimBroker,
        choice: random.Random,
        changed: Callable[[str], None],
    ) -> None:
        self.name = name
        self.broker = broker
        self.choice = choice
        self.changed = changed
        self.places = [(topic, number) for topic in topics for number in range(broker.partitions(topic))]
        self.members: list[Member] = []
        self.owners: dict[Place, Member] = {}
        self.generation = 0
        self.fetch_fails = 0.0

    def join(self, member: "Member") -> None:
        self.members.append(member)
        self.rebalance()

    def leave(self, member: "Member") -> None:
        if member in self.members:
            self.members.remove(member)
            self.rebalance()

    def rebalance(self) -> None:
        self.generation += 1
        self.owners = {place: self.choice.choice(self.members) for place in self.places} if self.members else {}
        self.changed(self.name)

    def committed(self, place: Place) -> int:
        return self.broker.committed[self.name, *place]


class Member:
    """One consumer: what it believes to own, and how far it has read there."""

    def __init__(self, group: Group, revoked: Callable[[], None]) -> None:
        self.group = group
        self.revoked = revoked
        self.generation = -1
        self.positions: dict[Place, int] = {}
        self.lost: list[Place] = []

    def notice(self) -> None:
        """Learn of the last rebalance; join again if the group has gone on without us."""
        if self not in self.group.members:
            self.group.join(self)
        if self.generation != self.group.generation:
            self.generation = self.group.generation
            self.revoked()
            mine = [place for place, owner in self.group.owners.items() if owner is self]
            self.positions = {place: self.group.committed(place) for place in mine}
            self.lost = []

    def unread(self) -> bool:
        """Return whether there is something to read, or to notice."""
        logs = self.group.broker.logs
        if self.generation != self.group.generation or self.lost:
            return True
        return any(position < len(logs[place]) for place, position in self.positions.items())

    def poll(self, share: float) -> "SimBatch":
        """Return what comes next from some of our partitions; *share* is how likely each of them delivers now.

        A fetch that fails has moved the positions past what it throws away: the next goes back to what is committed.
        """
        choice, records = self.group.choice, []
        for place in self.lost:
            self.positions[place] = self.group.committed(place)
        self.lost = []
        fails = self.group.fetch_fails > 0 and choice.random() < self.group.fetch_fails
        for place, position in self.positions.items():
            ahead = self.group.broker.logs[place][position:]
            if ahead and choice.random() < share:
                drained = ahead if share == 1 else ahead[: choice.randint(1, len(ahead))]
                taken = list({record.offset: record for record in drained}.values())
                self.positions[place] = taken[-1].next_offset
                if fails and choice.random() < 0.5:
                    self.lost.append(place)
                else:
                    records += taken
        return SimBatch(self, self.generation, records)


@dataclass
class SimBatch:
    """What a member has read; its commit is refused once the group has gone on without it."""

    member: Member
    generation: int
    records: list[Record]

    async def commit(self) -> dict[Place, int]:
        await give_way("commit")
        group, handled = self.member.group, dict[Place, int]()
        if self.generation == group.generation and self.member in group.members:
            handled = {(record.topic, record.partition): record.next_offset for record in self.records}
            group.broker.committed |= {(group.name, *place): offset for place, offset in handled.items()}
        await give_way("committed")
        return handled

    def left_behind(self) -> list[str]:
        """Return what was not committed though nobody else could have taken the partitions over."""
        group = self.member.group
        if self.generation != group.generation or self.member not in group.members:
            return []
        return [
            f"has handled {record.topic}/{record.partition}/{record.offset} and has not committed it"
            for record in self.records
            if group.committed((record.topic, record.partition)) < record.next_offset
        ]
