"""How far a process knows what follows from each partition to be published."""

from collections.abc import Iterable, Mapping

from shared.delivery.documents.document import Partition
from shared.delivery.ports import Record


class PublishedOffsets(dict[Partition, int]):
    """By partition, the offset below which every answer is published, or pending in its document.

    The runner writes it; the sweep and the relay of the same process read it, so that they repeat little.
    """

    def note(self, records: Iterable[Record], traced: Iterable[bool]) -> None:
        """Note that what follows from *records* is published, up to the first that left no trace in a document.

        If such a record comes again, to another process, under other rules or once a bug is mended, it may be applied
        then; what this process has said about it is not what that document must publish.

        Args:
            records: Of a batch, in order.
            traced: Whether each of them is among the applied ones of its document.
        """
        records = list(records)
        self.learn(self.before(records))
        ended: set[Partition] = set()
        for record, left_trace in zip(records, traced, strict=True):
            place = record.topic, record.partition
            if not left_trace:
                ended.add(place)
            elif place not in ended:
                self[place] = max(record.next_offset, self[place])

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
