"""How far a process knows what follows from each partition to be published."""

from collections.abc import Iterable, Mapping

from shared.delivery.documents.document import Partition
from shared.delivery.ports import Record


class PublishedOffsets(dict[Partition, int]):
    """By partition, the offset below which every answer is published, or pending in its document.

    The runner writes it; the sweep and the relay of the same process read it, so that they repeat little.
    """

    def learn(self, committed: Mapping[Partition, int]) -> None:
        """Take over what the group has committed: who commits has published it, or keeps it pending."""
        for place, offset in committed.items():
            self[place] = max(offset, self.get(place, 0))

    def before(self, records: Iterable[Record]) -> Mapping[Partition, int]:
        """Return the same for a process that is handed *records*: all before them is committed, and so published."""
        first: dict[Partition, int] = {}
        for record in records:
            first.setdefault((record.topic, record.partition), record.offset)
        known = PublishedOffsets(self)
        known.learn(first)
        return known
