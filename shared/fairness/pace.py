"""How many records one batch should hold, so that whoever comes next does not wait long for it to end, and how soon."""

import math
from collections import deque

from shared.values import value

BATCH_SECONDS = 0.3
BUSY_RECORDS = 50  # a batch of so many shows that records keep coming
BATCHES = 10  # so many are looked back on
OVERLOADED_SECONDS = 0.75  # where no batch takes less, smaller ones would only cost more
RECORDS_MIN = 50  # fewer would not end much sooner: what a batch costs as such would go into each


@value
class Batching:
    """How large a service likes its batches.

    Args:
        seconds: So long should a batch take; infinite: as long as it may.
        apart_seconds: So long after a batch has begun none other begins, unless that one was full: what a batch costs
            as such is then shared by all that come meanwhile.
        busy_apart_seconds: The same after a batch of `BUSY_RECORDS`, and of fewer in proportion: what is said of one
            ticket within that time then leads to one save instead of many.
        joined: Topics through which a ticket goes one after the other: while records keep coming, what they say of it
            waits for what the last of them says, see `JoinWindow`.
        join_seconds: So long at most.
    """

    seconds: float = BATCH_SECONDS
    apart_seconds: float = 0.0
    busy_apart_seconds: float = 0.0
    joined: tuple[str, ...] = ()
    join_seconds: float = 0.0

    def apart_after(self, records: int) -> float:
        """Return how many seconds after a batch of *records* has begun the next may begin."""
        return max(self.apart_seconds, self.busy_apart_seconds * min(1.0, records / BUSY_RECORDS))


USUAL, UNLIMITED = Batching(), Batching(math.inf)


class Pace:
    """Measures how long batches take; the longer one took, the fewer records the next should hold."""

    def __init__(self, batching: Batching = UNLIMITED) -> None:
        self.batching = batching
        self._next_at = -math.inf
        # Nothing is known before the first batch, which may be one of a flood.
        self.records_per_batch = math.inf if math.isinf(batching.seconds) else RECORDS_MIN
        self._took: deque[float] = deque(maxlen=BATCHES)
        self._given: tuple[int, float] | None = None

    def gave(self, records: int, now_seconds: float, records_max: int = RECORDS_MIN) -> None:
        """Note that a batch of *records* begins, which might have held *records_max*."""
        self._given = records, now_seconds
        self._next_at = now_seconds + (self.batching.apart_after(records) if records < records_max else 0)

    def pause_seconds(self, now_seconds: float) -> float:
        """Return how long to wait for more records before the next batch begins; 0 after a while without any."""
        return max(0.0, self._next_at - now_seconds)

    def came_back(self, now_seconds: float) -> None:
        """Note that the batch at hand, if there is one, has ended."""
        if self._given is None:
            return
        (records, began), self._given = self._given, None
        took_seconds = now_seconds - began
        self._took.append(took_seconds)
        shortest = min(self._took)
        seconds = self.batching.seconds
        wanted_seconds = seconds if shortest <= OVERLOADED_SECONDS else max(seconds, 2 * shortest)
        # A clock may stand still for as long as a small batch takes.
        self.records_per_batch = wanted_seconds * records / took_seconds if took_seconds > 0 else math.inf

    def records_of(self, records_max: int) -> int:
        """Return how many records the next batch should hold, at least 50 and at most *records_max*."""
        return int(min(records_max, max(RECORDS_MIN, self.records_per_batch)))
