"""How far a process knows what follows from each partition to be published; never asks a broker."""

from collections.abc import Iterable, Mapping

from shared.delivery.document import Partition
from shared.delivery.ports import Record


class PublishedOffsets(dict[Partition, int]):
    """By partition, the offset below which every answer is published, or owed by its document as pending.

    The runner writes it; the sweep and the relay of the same process read it, so that they repeat little.
    """

    def note(self, records: Iterable[Record]) -> None:
        """Note that all that follows from *records* is published."""
        for record in records:
            place = record.topic, record.partition
            self[place] = max(record.next_offset, self.get(place, 0))

    def learn(self, committed: Mapping[Partition, int]) -> None:
        """Take over what the group has committed: who commits has published, or owes it."""
        for place, offset in committed.items():
            self[place] = max(offset, self.get(place, 0))

    def before(self, records: Iterable[Record]) -> Mapping[Partition, int]:
        """Return the same for a process that is handed *records*: all before them is committed, and so published."""
        first: dict[Partition, int] = {}
        for record in records:
            first.setdefault((record.topic, record.partition), record.offset)
        floors = PublishedOffsets(self)
        floors.learn(first)
        return floors
