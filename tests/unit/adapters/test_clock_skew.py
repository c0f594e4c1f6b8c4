from datetime import datetime, timedelta

import pytest

from shared.adapters.clock_skew import READING_AGE_MAX_SECONDS, ClockReading, ClockWatch, disagreement
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryClock

pytestmark = pytest.mark.unit

SECOND = timedelta(seconds=1)
MAX = 30 * SECOND


class Machine:
    """A machine with a clock that may be set, and one that only runs on."""

    def __init__(self) -> None:
        self.clock = MemoryClock(NOON)
        self.elapsed_seconds = 100.0
        self.watch = ClockWatch("sla", self.clock, MAX, lambda: self.elapsed_seconds)

    def run_on(self, passed: timedelta) -> None:
        self.clock.at += passed
        self.elapsed_seconds += passed.total_seconds()

    async def reads(self, ahead: timedelta) -> None:
        """Ask a database whose clock is so far ahead, and wait a second for its answer."""

        async def ask() -> datetime:
            self.run_on(SECOND)
            return self.clock.at + ahead

        await self.watch.read("database", ask)


@pytest.mark.parametrize(
    ("server_after_asking", "skew"),
    [(-5, -5), (-1, -1), (0, 0), (1, 0), (2, 0), (3, 1), (12, 10)],
)
def test_only_what_lies_outside_of_question_and_answer_proves_a_skew(server_after_asking: int, skew: int) -> None:
    reading = ClockReading(NOON + server_after_asking * SECOND, NOON, NOON + 2 * SECOND, 0)

    assert reading.skew == skew * SECOND


@pytest.mark.parametrize(("skew", "named"), [(1999, False), (2000, False), (2001, True), (-2000, False), (-2001, True)])
def test_a_server_is_named_from_beyond_the_bound_on_either_side(skew: int, named: bool) -> None:
    sentence = disagreement({"database": timedelta(milliseconds=skew)}, 2 * SECOND)

    assert bool(sentence) == named


def test_the_sentence_names_each_server_that_is_off_and_which_way() -> None:
    skews = {"database": -40 * SECOND, "broker 1": 2.5 * SECOND, "broker 2": SECOND}

    assert disagreement(skews, 2 * SECOND) == (
        "clocks disagree: broker 1 is 2.5 s ahead of this machine, database is 40.0 s behind this machine"
    )


@pytest.mark.parametrize(
    ("ahead", "remarked", "waits"), [(0, False, False), (3, True, False), (31, True, True), (-33, True, True)]
)
async def test_a_skew_is_remarked_on_and_beyond_the_bound_time_waits(ahead: int, remarked: bool, waits: bool) -> None:
    machine = Machine()

    await machine.reads(ahead * SECOND)

    assert (bool(machine.watch.remark()), bool(machine.watch.trouble())) == (remarked, waits)


async def test_time_goes_on_once_the_clocks_agree_again() -> None:
    machine = Machine()
    await machine.reads(60 * SECOND)
    apart = machine.watch.trouble()

    await machine.reads(timedelta())

    assert (bool(apart), machine.watch.trouble(), machine.watch.remark()) == (True, "", "")


async def test_a_clock_of_ours_that_is_set_shows_before_anybody_is_asked_again() -> None:
    machine = Machine()
    await machine.reads(timedelta())

    machine.clock.at += timedelta(hours=1)

    assert machine.watch.trouble() == "clocks disagree: database is 3600.0 s behind this machine"


async def test_a_clock_that_runs_on_changes_nothing() -> None:
    machine = Machine()
    await machine.reads(5 * SECOND)

    machine.run_on(20 * SECOND)

    assert machine.watch.skews() == {"database": 5 * SECOND}


async def test_an_old_reading_of_a_server_counts_no_more() -> None:
    machine = Machine()
    await machine.reads(60 * SECOND)

    machine.run_on((READING_AGE_MAX_SECONDS + 1) * SECOND)

    assert machine.watch.skews() == {}
