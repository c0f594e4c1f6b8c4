"""How tickets are dealt to the replicas of a service: by slots, as the partitions are; never who has which."""

import zlib
from collections.abc import Collection

SLOTS = 24
"""Twice the partitions that a topic has by default; more replicas than slots would leave some without work."""

Slots = frozenset[int]


def slot_of(ticket_id: str) -> int:
    """Return the slot (0 to `SLOTS` - 1) in which a ticket lies for all its life, whatever the number of partitions."""
    return zlib.crc32(ticket_id.encode()) % SLOTS


def slots_of(partitions: Collection[int], partitions_total: int) -> Slots:
    """Return the slots that go with *partitions* of a topic; every slot goes with exactly one of *partitions_total*."""
    return frozenset(slot for slot in range(SLOTS) if slot % partitions_total in partitions)


def lane(slots: Slots, number: int, lanes: int) -> Slots:
    """Return the part of *slots* that the *number*-th of so many *lanes* (from 0) works through."""
    return frozenset(sorted(slots)[number::lanes])
