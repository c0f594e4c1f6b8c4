"""The ports under the scheduler: topics, consumer groups that rebalance, collections; with awaits in between."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import HeldBack, Record
from tests.fakes.memory import MemoryBroker, MemoryStore
from tests.simulation.scheduler import give_way

Place = tuple[str, int]


@dataclass
class SimBroker(MemoryBroker):
    """Topics; a batch of events goes out partition by partition, in an order that the seed chooses."""

    choice: random.Random = field(default_factory=random.Random)
    heard: Callable[[Record], None] = lambda _: None

    async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
        by_partition: dict[Place, list[Outgoing]] = {}
        for event in events:
            by_partition.setdefault((event.topic, self.partition_of(event)), []).append(event)
        batches = list(by_partition.values())
        self.choice.shuffle(batches)
        return await super().publish([event for batch in batches for event in batch])

    def partition_of(self, event: Outgoing) -> int:
        return self.partition(event.topic, key_bytes(event.key))

    def append(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> Record:
        record = super().append(topic, key, value, headers)
        self.heard(record)
        return record


def key_bytes(key: str | None) -> bytes | None:
    return None if key is None else key.encode(errors="surrogateescape")


@dataclass
class SimStore(MemoryStore[Any]):
    """A collection that knows when time must look at it next."""

    def next_due_at(self) -> datetime | None:
        return min((document.due_at for document in self.documents.values() if document.due_at), default=None)

    def next_pending_at(self) -> datetime | None:
        since = (document.pending_at for document in self.documents.values() if document.pending_at)
        return min(since, default=None)


class Group:
    """The consumers of one service. A rebalance deals all partitions anew; who has not noticed goes on as before."""

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

    def __init__(self, group: Group) -> None:
        self.group = group
        self.generation = -1
        self.positions: dict[Place, int] = {}

    def notice(self) -> None:
        """Learn of the last rebalance; join again if the group has gone on without us."""
        if self not in self.group.members:
            self.group.join(self)
        if self.generation != self.group.generation:
            self.generation = self.group.generation
            mine = [place for place, owner in self.group.owners.items() if owner is self]
            self.positions = {place: self.group.committed(place) for place in mine}

    def unread(self) -> bool:
        """Return whether there is something to read, or to notice."""
        logs = self.group.broker.logs
        if self.generation != self.group.generation:
            return True
        return any(position < len(logs[place]) for place, position in self.positions.items())

    def poll(self, share: float) -> "SimBatch":
        """Return what comes next from some of our partitions; *share* is how likely each of them delivers now."""
        choice, records = self.group.choice, []
        for place, position in self.positions.items():
            ahead = self.group.broker.logs[place][position:]
            if ahead and choice.random() < share:
                taken = ahead if share == 1 else ahead[: choice.randint(1, len(ahead))]
                records += taken
                self.positions[place] += len(taken)
        return SimBatch(self, self.generation, records)


@dataclass
class SimBatch:
    """What a member has read; its commit is refused once the group has gone on without it."""

    member: Member
    generation: int
    records: list[Record]

    async def commit(self) -> None:
        await give_way("commit")
        group = self.member.group
        if self.generation == group.generation and self.member in group.members:
            for record in self.records:
                group.broker.committed[group.name, record.topic, record.partition] = record.next_offset
        await give_way("committed")
