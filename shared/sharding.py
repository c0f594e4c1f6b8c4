"""Sharding: a ticket's document lies in the shard of its partition, and replicas share shards as they do partitions."""

from collections.abc import Collection
from functools import lru_cache

from aiokafka.partitioner import murmur2

from shared.values import value

KEYS_REMEMBERED_MAX = 4096
SHARDS_BEFORE = 24
"""Documents of release 0.1.0, which may run beside us, lie in shards below this number, by another checksum."""


@lru_cache(maxsize=KEYS_REMEMBERED_MAX)
def hash_of(key: bytes) -> int:
    """Return a key's hash as every client of Kafka counts it; a ticket's facts share a key, and counting is slow."""
    return int(murmur2(key)) & 0x7FFFFFFF


def shard_of(ticket_id: str, partitions_total: int) -> int:
    """Return the partition, of so many, in which a ticket's events lie: the shard under which its document is stored.

    It stays as it was stored when partitions are added, until the document is saved again.
    """
    return hash_of(ticket_id.encode()) % partitions_total


@value
class Share:
    """What one replica looks after: the shards that are congruent to its partitions.

    So every shard that was ever stored, under whatever number of partitions, belongs to exactly one partition of today.

    Args:
        partitions: Of the topic, those that the replica reads.
        partitions_total: How many the topic has; at least 1.
    """

    partitions: frozenset[int]
    partitions_total: int

    def holds(self, shard: int) -> bool:
        """Return whether documents in *shard* are looked after."""
        return shard % self.partitions_total in self.partitions

    def shards(self, shards_total: int) -> list[int]:
        """Return those of so many shards that are looked after, in order."""
        return [shard for shard in range(shards_total) if self.holds(shard)]

    def worker(self, number: int, workers: int) -> "Share":
        """Return the part that the *number*-th of so many *workers* (from 0) works through; it may be empty."""
        return Share(frozenset(sorted(self.partitions)[number::workers]), self.partitions_total)


NOTHING = Share(frozenset(), 1)


def share_of(partitions: Collection[int], partitions_total: int) -> Share:
    """Return the share of who reads *partitions* of a topic; nothing while the number of its partitions is unknown."""
    return Share(frozenset(partitions), partitions_total) if partitions_total else NOTHING
