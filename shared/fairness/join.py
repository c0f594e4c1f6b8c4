"""Hands over together what several topics say of one ticket within seconds; knows nothing of the broker."""

import math
from collections.abc import Collection, Hashable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from shared.delivery.ports import Record
from shared.fairness.pace import BUSY_RECORDS, Batching

P = TypeVar("P", bound=Hashable)
Held = list[tuple[float, Record]]
"""Records of one partition, each with the instant at which it was read."""

HELD_RECORDS_MAX = 3_000  # of a topic, some 4 MB: what says more, as after hours without a reader, waits on the broker
LATE_TIMES_MAX = 10  # so many times as long a record waits at most, however late what is said last is read
LONG_AGO = datetime.fromtimestamp(0, UTC)


class JoinWindow(Generic[P]):
    """Holds what is said of a ticket first until what is said last has come, so that one save does for all of it.

    Whatever is held lies behind all that was handed over of its partition, which may be committed. Where hardly
    anything comes, nothing waits.

    Whoever reads late reads the last topic late, too, and would give up what it holds while the answer already lies on
    the broker. So a record waits its seconds by the times at which the last topic was written, as far as that has been
    read; by our own clock only while nothing of it comes.

    Args:
        batching: Which topics are joined, and for how long at most their records wait.
    """

    def __init__(self, batching: Batching) -> None:
        self.topics, self.seconds = batching.joined, batching.join_seconds
        self._held: dict[P, Held] = {}
        self._assignment: object = None
        self._said_last_at, self._said_up_to = -math.inf, LONG_AGO

    def take(
        self, drained: Mapping[P, list[Record]], now_seconds: float, assignment: object
    ) -> Mapping[P, list[Record]]:
        """Return, by partition, what of all that is held and *drained* is handed over now; topics in their order.

        Args:
            now_seconds: On a clock that never goes back.
            assignment: By which partitions are read; what was held under another one is read again, and dropped.
        """
        if not self.topics:
            return drained
        if assignment is not self._assignment:
            self._held, self._assignment = {}, assignment
        at_hand = self._held
        for place, records in drained.items():
            at_hand.setdefault(place, []).extend((now_seconds, record) for record in records)
        waits = sum(map(len, at_hand.values())) >= BUSY_RECORDS
        said_last = self._said_last(drained, now_seconds)
        taken: dict[P, list[Record]] = {}
        self._held = {}
        for place, held in sorted(at_hand.items(), key=lambda each: self._order(each[1])):
            count = self._ripe(held, said_last, now_seconds) if waits else len(held)
            if count:
                taken[place] = [record for _, record in held[:count]]
            if count < len(held):
                self._held[place] = held[count:]
        return taken

    @property
    def holds(self) -> bool:
        """Return whether anything is held."""
        return bool(self._held)

    def has_room(self, topic: str) -> bool:
        """Return whether more of *topic* should be read now; if not, the other topics may catch up meanwhile."""
        return sum(len(held) for held in self._held.values() if held[0][1].topic == topic) < HELD_RECORDS_MAX

    def held_from(self, assignment: object) -> dict[P, int]:
        """Return, by partition, the offset from which on its records are held; nothing of what another one has read."""
        is_ours = assignment is self._assignment
        return {place: held[0][1].offset for place, held in self._held.items()} if is_ours else {}

    def drop(self) -> None:
        """Forget what is held, which is read again."""
        self._held = {}

    def _said_last(self, drained: Mapping[P, list[Record]], now_seconds: float) -> Collection[bytes | None]:
        """Return of which tickets the last topic speaks now, and note how far it has been read."""
        newest = [records for records in drained.values() if records and records[0].topic == self.topics[-1]]
        if newest:
            self._said_last_at = now_seconds
            self._said_up_to = max(self._said_up_to, *(records[-1].timestamp for records in newest))
        return {record.key for records in newest for record in records}

    def _order(self, held: Held) -> int:
        topic = held[0][1].topic
        return self.topics.index(topic) if topic in self.topics else len(self.topics)

    def _ripe(self, held: Held, said_last: Collection[bytes | None], now_seconds: float) -> int:
        """Return how many of the first records of a partition need not wait, or no longer."""
        if held[0][1].topic not in self.topics[:-1]:
            return len(held)
        since, long_since = now_seconds - self.seconds, now_seconds - LATE_TIMES_MAX * self.seconds
        is_silent, up_to = self._said_last_at <= since, self._said_up_to - timedelta(seconds=self.seconds)
        for count in range(len(held), 0, -1):
            at, record = held[count - 1]
            waited = at <= since and (is_silent or record.timestamp <= up_to or at <= long_since)
            if waited or record.key in said_last:
                return count
        return 0
