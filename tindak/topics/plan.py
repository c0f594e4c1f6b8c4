"""Plans what must change on a broker so that its topics are as the catalogue says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from shared.topics import Topic


@dataclass(frozen=True, slots=True)
class Standing:
    """A topic as it stands on the broker; ``copies`` is its replication factor."""

    partitions: int
    copies: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Create:
    """The topic is missing."""

    action: ClassVar[str] = "create"
    topic: str
    partitions: int
    copies: int
    config: Mapping[str, str]

    def __str__(self) -> str:
        return f"create {self.topic} with {self.partitions} partitions, replication factor {self.copies}"


@dataclass(frozen=True, slots=True)
class RaisePartitions:
    """The topic has too few partitions. Keys move to other partitions, so that order holds only from then on."""

    action: ClassVar[str] = "raise_partitions"
    topic: str
    was: int
    partitions: int

    def __str__(self) -> str:
        return f"raise {self.topic} from {self.was} to {self.partitions} partitions"


@dataclass(frozen=True, slots=True)
class Configure:
    """One configuration entry of the topic differs."""

    action: ClassVar[str] = "configure"
    topic: str
    entry: str
    was: str | None
    value: str

    def __str__(self) -> str:
        return f"set {self.entry} of {self.topic} from {self.was or 'nothing'} to {self.value}"


@dataclass(frozen=True, slots=True)
class Leave:
    """Something differs that cannot be changed in place; it stays as it is."""

    action: ClassVar[str] = "leave"
    topic: str
    why: str

    def __str__(self) -> str:
        return f"leave {self.topic} as it is: {self.why}"


Change = Create | RaisePartitions | Configure | Leave


def changes(standing: Mapping[str, Standing], wanted: Iterable[Topic], copies: int) -> list[Change]:
    """Return what differs, in the order of *wanted*.

    Args:
        standing: What is on the broker, by name.
        wanted: What should be.
        copies: Replication factor of every topic.
    """
    found: list[Change] = []
    for topic in wanted:
        now = standing.get(topic.name)
        if now is None:
            found.append(Create(topic.name, topic.partitions, copies, topic.config))
        else:
            found.extend(_differences(topic, now, copies))
    return found


def _differences(topic: Topic, now: Standing, copies: int) -> Iterable[Change]:
    if now.partitions < topic.partitions:
        yield RaisePartitions(topic.name, now.partitions, topic.partitions)
    elif now.partitions > topic.partitions:
        yield Leave(
            topic.name, f"it has {now.partitions} partitions instead of {topic.partitions}, and none can be removed"
        )
    if now.copies != copies:
        yield Leave(
            topic.name,
            f"its replication factor is {now.copies} instead of {copies}; kafka-reassign-partitions changes it",
        )
    for entry, value in topic.config.items():
        if now.config.get(entry) != value:
            yield Configure(topic.name, entry, now.config.get(entry), value)
