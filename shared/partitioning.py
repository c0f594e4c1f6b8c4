"""Where a key lies among the partitions of a topic, as every client of Kafka counts it."""

from functools import lru_cache

from aiokafka.partitioner import murmur2

KEYS_REMEMBERED_MAX = 4096


@lru_cache(maxsize=KEYS_REMEMBERED_MAX)
def hash_of(key: bytes) -> int:
    """Return a key's hash as every client of Kafka counts it; a ticket's facts share a key, and counting is slow."""
    return int(murmur2(key)) & 0x7FFFFFFF
