import random
from datetime import timedelta

import pytest

from shared.delivery.ports import PermanentError, TransientError
from shared.delivery.vitals import Vitals
from shared.process.loops import Loop, LoopRunner
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryClock

pytestmark = pytest.mark.unit

EVERY = timedelta(seconds=5)


class Work:
    """Does one thing after the other: finds so much, or fails; then the service stops."""

    def __init__(self, *rounds: int | Exception) -> None:
        self.rounds = list(rounds)
        self.vitals = Vitals()
        self.clock = MemoryClock(NOON)
        self.seen: list[tuple[float, dict[str, str], dict[str, str]]] = []
        self.runner = LoopRunner(
            "sla", Loop("sweep", self.do, EVERY, full=10), self.clock, self.vitals, random.Random(1)
        )

    async def do(self) -> int:
        passed = (self.clock.now() - NOON).total_seconds()
        self.seen.append((round(passed, 1), dict(self.vitals.failures), dict(self.vitals.troubles)))
        found = self.rounds.pop(0)
        self.vitals.stopping = not self.rounds
        if isinstance(found, Exception):
            raise found
        return found


async def test_a_full_round_is_followed_by_the_next_at_once() -> None:
    work = Work(10, 3, 0)

    await work.runner.run()

    assert [passed for passed, *_ in work.seen] == [0, 0, 5]
    assert (work.runner.succeeded_at, work.runner.began_at) == (NOON + EVERY, None)


@pytest.mark.expects_errors
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (ZeroDivisionError(), "ZeroDivisionError at test_loops.py:"),
        (PermanentError("quotes a reporter"), "PermanentError at test_loops.py:"),
    ],
)
async def test_a_failed_round_is_named_and_the_next_begins_after_a_growing_pause(fault: Exception, told: str) -> None:
    work = Work(fault, fault, 1)

    await work.runner.run()

    assert [passed for passed, *_ in work.seen] == [0, 1, 3]
    assert told.split(":")[0] in work.seen[1][1]["sweep"]
    assert work.vitals.failures == {}


async def test_an_outage_is_waited_out_in_the_same_round() -> None:
    work = Work(TransientError("no primary"), 1)

    await work.runner.run()

    assert work.seen[1][2] == {"sweep": "no primary"}
    assert (work.vitals.troubles, work.vitals.failures) == ({}, {})


@pytest.mark.parametrize(("seconds", "hangs"), [(119, False), (120, False), (121, True)])
async def test_a_hung_round_is_reported(seconds: int, hangs: bool) -> None:
    work = Work()
    work.runner.began_at = NOON

    assert (work.runner.hung(NOON + timedelta(seconds=seconds)) is not None) == hangs


async def test_a_round_that_waits_for_an_outage_does_not_hang() -> None:
    work = Work()
    work.runner.began_at, work.vitals.troubles["sweep"] = NOON, "no primary"

    assert work.runner.hung(NOON + timedelta(hours=1)) is None
