"""How many records one batch should hold, so that whoever comes next does not wait long for it to end."""

import math
from collections import deque

BATCH_SECONDS = 0.3
BATCHES = 10  # so many are looked back on
OVERLOADED_SECONDS = 0.75  # where no batch takes less, smaller ones would only cost more
RECORDS_MIN = 50  # fewer would not end much sooner: what a batch costs as such would go into each


class Pace:
    """Measures how long batches take; the longer one took, the fewer records the next should hold.

    Args:
        batch_seconds: So long should a batch take; infinite: as long as it may.
    """

    def __init__(self, batch_seconds: float = math.inf) -> None:
        self.batch_seconds = batch_seconds
        # Nothing is known before the first batch, which may be one of a flood.
        self.records_per_batch = math.inf if math.isinf(batch_seconds) else RECORDS_MIN
        self._took: deque[float] = deque(maxlen=BATCHES)
        self._given: tuple[int, float] | None = None

    def gave(self, records: int, now_seconds: float) -> None:
        """Note that a batch of *records* begins."""
        self._given = records, now_seconds

    def came_back(self, now_seconds: float) -> None:
        """Note that the batch at hand, if there is one, has ended."""
        if self._given is None:
            return
        (records, began), self._given = self._given, None
        took_seconds = now_seconds - began
        self._took.append(took_seconds)
        shortest = min(self._took)
        wanted_seconds = self.batch_seconds if shortest <= OVERLOADED_SECONDS else max(self.batch_seconds, 2 * shortest)
        # A clock may stand still for as long as a small batch takes.
        self.records_per_batch = wanted_seconds * records / took_seconds if took_seconds > 0 else math.inf

    def records_of(self, records_max: int) -> int:
        """Return how many records the next batch should hold, at least 50 and at most *records_max*."""
        return int(min(records_max, max(RECORDS_MIN, self.records_per_batch)))
