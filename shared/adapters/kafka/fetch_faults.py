"""Faults of single partitions: what keeps them from being read, and what was quarantined."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum

from aiokafka import TopicPartition

from shared.values import replace, value


class Ending(StrEnum):
    """How a partition came to go on: it could be read again, or what could not be unpacked was quarantined."""

    READ = "read"
    QUARANTINED = "set_aside"


@value
class FetchFault:
    """Why a partition is not read on, or what of it was quarantined.

    Args:
        offset: Where it stands.
        error: What is wrong, without anything that a writer wrote.
        tries: How often it was tried.
        ended: How it ended; None while the partition stands.
    """

    topic: str
    partition: int
    offset: int
    error: str
    tries: int = 1
    ended: Ending | None = None

    @property
    def is_standing(self) -> bool:
        """Return whether the partition is not read now."""
        return self.ended is None

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition} at offset {self.offset}: {self.error}"


@dataclass
class FetchFaults:
    """The last fault of each partition, for health, metrics and logs.

    Args:
        noted: Called with each fault when it is noted.
    """

    noted: Callable[[FetchFault], None] = lambda _: None
    last: dict[TopicPartition, FetchFault] = field(default_factory=dict)

    def note(self, place: TopicPartition, offset: int, error: str) -> FetchFault:
        """Return the fault, with the number of tries at the same place and for the same reason."""
        before = self.last.get(place)
        again = before is not None and (before.offset, before.error) == (offset, error) and before.is_standing
        tries = before.tries + 1 if before and again else 1
        return self._put(place, FetchFault(place.topic, place.partition, offset, error, tries))

    def end(self, place: TopicPartition, how: Ending = Ending.READ) -> None:
        """Note that a partition goes on."""
        before = self.last.get(place)
        if before is not None and before.is_standing:
            self._put(place, replace(before, ended=how))

    def end_all(self, places: Collection[TopicPartition]) -> None:
        """Note that all these partitions go on."""
        for place in [each for each in self.last if each in places]:
            self.end(place)

    def standing(self) -> list[FetchFault]:
        """Return the faults of partitions that are not read now."""
        return [fault for fault in self.last.values() if fault.is_standing]

    def _put(self, place: TopicPartition, fault: FetchFault) -> FetchFault:
        self.last[place] = fault
        self.noted(fault)
        return fault
