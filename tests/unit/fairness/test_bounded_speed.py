"""What the bound costs: intake and routing as a model in which a batch costs something, and each record something."""

from dataclasses import dataclass

import pytest

from shared.fairness.backlog import Backlog, Reading
from shared.fairness.pace import USUAL, Pace

pytestmark = pytest.mark.unit

FLOOD, BATCH_MAX = 2_000, 500
TICK_SECONDS, LOOK_EVERY_SECONDS, LOOK_SECONDS = 0.005, 0.05, 0.01


@dataclass
class Worker:
    """Handles one batch after the other; ``each`` and ``batch`` are seconds for a record and for a batch."""

    batch: float
    each: float
    ends_at: float | None = None
    records: int = 0

    def __post_init__(self) -> None:
        self.pace = Pace(USUAL)

    def begin(self, waiting: int, now: float) -> int:
        """Take a batch of what waits, if there is none in hand; return of how many records."""
        if self.ends_at is not None or not (records := min(waiting, self.pace.records_of(BATCH_MAX))):
            return 0
        self.pace.gave(records, now)
        self.records, self.ends_at = records, now + self.batch + records * self.each
        return records

    def end(self, now: float) -> int:
        """Return how many records are handled by now that were in hand."""
        if self.ends_at is None or now < self.ends_at:
            return 0
        self.ends_at = None
        self.pace.came_back(now)
        return self.records


def flood(intake: Worker, routing: Worker, *, bounded: bool) -> tuple[float, float]:
    """Return the records that are routed a second, and the seconds of work that routing had before it at most."""
    backlog, now, left, end, handled, ahead = Backlog(), 0.0, FLOOD, 0, 0, 0
    answer: Reading | None = None
    asked_at = -1.0
    while handled < FLOOD:
        if answer is not None and now >= answer.at_seconds:
            backlog.note(answer)
            answer = None
        end, handled = end + intake.end(now), handled + routing.end(now)
        if bounded and answer is None and now - asked_at >= LOOK_EVERY_SECONDS:
            asked_at, answer = now, Reading(now + LOOK_SECONDS, end, handled)
            backlog.asked()
        room = backlog.room(now) if bounded else None
        taken = intake.begin(left if room is None else min(left, room), now)
        backlog.took(taken)
        left -= taken
        routing.begin(end - handled, now)
        ahead = max(ahead, end - handled)
        now += TICK_SECONDS
    return FLOOD / now, ahead * now / FLOOD


@pytest.mark.parametrize(
    ("batch_seconds", "record_seconds"), [(0.02, 0.002), (0.05, 0.002), (0.2, 0.002), (0.3, 0.002), (0.1, 0.006)]
)
def test_a_flood_of_one_channel_goes_nearly_as_fast_as_without_a_bound(
    batch_seconds: float, record_seconds: float
) -> None:
    def workers() -> tuple[Worker, Worker]:
        return Worker(batch_seconds / 2, record_seconds / 3), Worker(batch_seconds, record_seconds)

    bounded, ahead_seconds = flood(*workers(), bounded=True)
    unbounded, _ = flood(*workers(), bounded=False)

    assert bounded >= 0.85 * unbounded
    assert ahead_seconds <= 2.5
