"""How far the services have come, asked of the broker alone, a few requests at a time."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from bench.meters.usage import Processes, cpu_seconds
from shared import topics
from shared.topics import SERVICES, Topic, family_of
from tests.servers.addresses import Namespace

ASK_EVERY_SECONDS = 0.5
QUIET_LOOKS = 3
# What waits for a time, as notices that wait for a contact do, trickles on long after everything was handled.
TRICKLE_SECONDS = 6
REQUEST_WITHIN_SECONDS = 30

Partition = tuple[str, int]
Offsets = dict[Partition, int]


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the broker has found: how far topics reach, and how many records in them are not handled."""

    at: float
    ends: Offsets
    left: int
    cpu_seconds: Mapping[str, float]


class Progress:
    """Watches the topics that services read; joins no group.

    Args:
        own: Whose topics.
        wanted: The topics to watch: what one of *groups* reads of it must be committed for everything to be handled.
        groups: The consumer groups (without prefix) by what they are called in the catalogue.
        processes: Whose CPU time is noted at each look.
    """

    def __init__(
        self,
        own: Namespace,
        wanted: Sequence[Topic],
        processes: Processes,
        groups: Collection[str] = SERVICES,
    ) -> None:
        self.own, self.processes = own, processes
        self.by_group = {group: [topic for topic in wanted if group in topic.read_by] for group in groups}
        self.clients = {group: self._client(group) for group in groups}
        self.any_client = self._client("bench")
        self.partitions = [(topic.name, each) for topic in wanted for each in range(topic.partitions)]

    def _client(self, group: str) -> Consumer:
        options = {"bootstrap.servers": self.own.servers.bootstrap_servers, "group.id": self.own.prefix + group}
        return Consumer({**options, "enable.auto.commit": False})

    def ends(self) -> Offsets:
        """Return how far each topic reaches."""
        asked = [TopicPartition(self.own.prefix + name, number, OFFSET_END) for name, number in self.partitions]
        found = self.any_client.offsets_for_times(asked, timeout=REQUEST_WITHIN_SECONDS)
        return {(each.topic.removeprefix(self.own.prefix), each.partition): max(0, each.offset) for each in found}

    def committed(self, ends: Offsets) -> dict[str, Offsets]:
        """Return how far each group has committed where something lies, by group."""
        found: dict[str, Offsets] = {}
        for group, read in self.by_group.items():
            names = {topic.name for topic in read}
            asked = [
                TopicPartition(self.own.prefix + name, number)
                for (name, number), end in ends.items()
                if end and name in names
            ]
            answer = self.clients[group].committed(asked, timeout=REQUEST_WITHIN_SECONDS) if asked else []
            found[group] = {
                (each.topic.removeprefix(self.own.prefix), each.partition): max(0, each.offset) for each in answer
            }
        return found

    def look(self) -> Look:
        """Return what is to be seen now."""
        ends = self.ends()
        used, committed = cpu_seconds(self.processes), self.committed(ends)
        # The embedded broker names the beginning of the last batch as the end of a topic.
        for offsets in committed.values():
            for place, offset in offsets.items():
                ends[place] = max(ends[place], offset)
        left = sum(ends[place] - offset for offsets in committed.values() for place, offset in offsets.items())
        return Look(time.time(), ends, left, used)

    def until_handled(self, within_seconds: float, begun: Callable[[Offsets], bool] = lambda _: True) -> Look:
        """Return the first look at which all was handled and nothing came after it but a trickle.

        Args:
            begun: Whether what is waited for has arrived at all.

        Raises:
            TimeoutError: Something was left after *within_seconds*.
        """
        give_up_at, quiet = time.monotonic() + within_seconds, list[Look]()
        while True:
            look = self.look()
            quiet = [*quiet, look] if not look.left and begun(look.ends) else []
            still = [each for each in quiet if each.ends == look.ends]
            if len(still) > QUIET_LOOKS:
                return still[0]
            if quiet and look.at > quiet[0].at + TRICKLE_SECONDS:
                return look
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"not handled within {within_seconds} s: {look.left} records are left")
            time.sleep(ASK_EVERY_SECONDS)  # each look costs the broker a little of what is measured

    def close(self) -> None:
        """Close the clients."""
        for client in (*self.clients.values(), self.any_client):
            client.close()


def on_the_way(wanted: Sequence[Topic], channel: str, *, updates: bool = False) -> list[Topic]:
    """Return the topics that a complaint of *channel* passes through, with *updates* those of later updates, too."""
    services = set(SERVICES)

    def is_between(topic: Topic) -> bool:
        written_inside = services.issuperset(topic.written_by) or (updates and family_of(topic.name) == topics.UPDATES)
        return written_inside and bool(services & set(topic.read_by))

    names = (topics.submitted_topic(channel), topics.DELIVERIES)
    return [topic for topic in wanted if topic.name in names or is_between(topic)]
