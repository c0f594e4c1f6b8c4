import random
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from shared.delivery.ports import PermanentError, TransientError
from shared.delivery.retry import retried
from shared.delivery.vitals import Vitals
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryClock

pytestmark = pytest.mark.unit


class WorstJitter(random.Random):
    """Waits as long as allowed."""

    def uniform(self, a: float, b: float) -> float:
        assert (a, b) == (0.5, 1)
        return b


@dataclass
class NotingClock(MemoryClock):
    waits: list[float] = field(default_factory=list)

    async def sleep(self, sleep_for: timedelta) -> None:
        self.waits.append(sleep_for.total_seconds())


@dataclass
class Work:
    """Fails so many times; notes what trouble was known while it ran."""

    failures: int
    vitals: Vitals = field(default_factory=lambda: Vitals(troubles={"other": "still there"}))
    known: list[str | None] = field(default_factory=list)

    async def __call__(self) -> str:
        self.known.append(self.vitals.troubles.get("batch"))
        if self.failures:
            self.failures -= 1
            raise TransientError(f"{self.failures} more")
        return "done"


async def test_work_is_repeated_with_waits_that_double_up_to_five_seconds() -> None:
    clock, work = NotingClock(NOON), Work(failures=8)

    result = await retried(work, clock, work.vitals, WorstJitter(), "batch")

    assert result == "done"
    assert clock.waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


async def test_an_outage_is_known_while_it_lasts_and_forgotten_after_it() -> None:
    work = Work(failures=2)

    await retried(work, NotingClock(NOON), work.vitals, random.Random(1), "batch")

    assert work.known == [None, "1 more", "0 more"]
    assert work.vitals.troubles == {"other": "still there"}


async def test_other_errors_than_outages_are_not_retried() -> None:
    clock = NotingClock(NOON)

    async def work() -> None:
        raise PermanentError("too large")

    with pytest.raises(PermanentError):
        await retried(work, clock, Vitals(), random.Random(1), "batch")

    assert clock.waits == []
