"""How much those who read after us have before them, how fast they are, and how much more they should get now."""

from collections import deque

from shared.values import value

AHEAD_SECONDS = 0.8  # longer than they need to say that a record is handled: shorter, and they would wait for us
ROOM_RECORDS_MIN = 40
SPAN_SECONDS = 5.0  # over which their speed is measured
STEPS_AHEAD = 3  # one in their hands until they say that it is handled, one that waits, one on its way from us
STALE_SECONDS = 1.0
UNKNOWN_MAX_SECONDS = 3.0
STILL_MAX_SECONDS = 10.0


@value
class Reading:
    """Where their topic ended, and up to where they had handled it: sums over all partitions.

    ``at_seconds`` is when the answer came, on a clock that never goes back.
    """

    at_seconds: float
    end: int
    handled: int

    @property
    def waiting(self) -> int:
        """Return how many records lie before them."""
        return max(0, self.end - self.handled)


class Backlog:
    """Says how many records they should get now, so that whoever comes next waits less than a second behind them.

    That holds while they are seen to go on. If they stand still for ten seconds, or if nobody can say for three where
    they are, they hold nobody back: what is taken meanwhile is answered, and waits for them on their topic.
    """

    def __init__(self) -> None:
        self.readings: deque[Reading] = deque()
        self.moved_at: float | None = None
        self.unknown_since: float | None = None
        self.taken = 0  # since the last reading was asked for
        self.taken_before_asking = 0

    def asked(self) -> None:
        """Note that a reading is asked for now: what is taken from now on is not in it."""
        self.taken_before_asking = self.taken

    def note(self, reading: Reading) -> None:
        """Take in what was read."""
        self.taken -= self.taken_before_asking
        self.taken_before_asking = 0
        before = self.readings[-1] if self.readings else None
        if before is None or reading.handled > before.handled or not (before.waiting and reading.waiting):
            self.moved_at = reading.at_seconds
        if before is not None and reading.at_seconds - before.at_seconds > STALE_SECONDS:
            self.readings.clear()
        self.readings.append(reading)
        while reading.at_seconds - self.readings[0].at_seconds > SPAN_SECONDS:
            self.readings.popleft()
        self.unknown_since = None

    def took(self, count: int) -> None:
        """Note that *count* more records will come to lie before them."""
        self.taken += count

    def room(self, now_seconds: float) -> int | None:
        """Return how many more records they should get now; None: as many as there are.

        Nothing while more than half of what they should have is before them: given a few at a time, whoever takes them
        pays for a batch, its save and its commit each time, and so does everybody after him.
        """
        last = self.readings[-1] if self.readings else None
        if last is None or now_seconds - last.at_seconds > STALE_SECONDS:
            self.unknown_since = now_seconds if self.unknown_since is None else self.unknown_since
            return None if self.is_unknown(now_seconds) else 0
        if last.waiting and self.moved_at is not None and now_seconds - self.moved_at > STILL_MAX_SECONDS:
            return None
        ahead_seconds = max(AHEAD_SECONDS, STEPS_AHEAD * self.step_seconds())
        wanted = max(ROOM_RECORDS_MIN, round(self.speed() * ahead_seconds))
        room = wanted - last.waiting - self.taken
        return room if room >= wanted / 2 else 0

    def is_unknown(self, now_seconds: float) -> bool:
        """Return whether nobody could say for too long where they are."""
        return self.unknown_since is not None and now_seconds - self.unknown_since > UNKNOWN_MAX_SECONDS

    def speed(self) -> float:
        """Return how many records they handle a second while some lie before them; 0 where that is not known."""
        busy = self._busy()
        seconds = sum(after.at_seconds - before.at_seconds for before, after in busy)
        return sum(after.handled - before.handled for before, after in busy) / seconds if seconds else 0.0

    def step_seconds(self) -> float:
        """Return how long they need until they say again how far they are, while some lie before them."""
        busy = self._busy()
        steps = sum(after.handled > before.handled for before, after in busy)
        return sum(after.at_seconds - before.at_seconds for before, after in busy) / steps if steps else 0.0

    def _busy(self) -> list[tuple[Reading, Reading]]:
        pairs = zip(self.readings, list(self.readings)[1:], strict=False)
        return [(before, after) for before, after in pairs if before.waiting]
