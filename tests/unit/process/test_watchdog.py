import random
from datetime import timedelta

import pytest

from shared.delivery.ports import TransientError
from shared.delivery.vitals import Vitals
from shared.process.loops import Loop, LoopRunner
from shared.process.metrics import DEFERRED_RECORDS, LAG_RECORDS
from shared.process.watchdog import PART, Partition, Stuck, Watchdog
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryClock

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def without_lag_of_other_tests() -> None:
    LAG_RECORDS.clear()


STUCK_AFTER_SECONDS = 60
A, B = ("tickets.events", 0), ("tickets.events", 1)


class Watched:
    """A consumer with two partitions, and the watchdog that looks at it every ten seconds."""

    def __init__(self) -> None:
        self.clock, self.vitals = MemoryClock(NOON), Vitals()
        self.at: dict[Partition, tuple[int, int]] = {A: (0, 0), B: (0, 0)}
        self.waits_for_its_turn: dict[Partition, str] = {}
        self.fault: TransientError | None = None
        loop = Loop("sweep", self.never, timedelta(seconds=1), 1, timedelta(seconds=30))
        self.loop = LoopRunner("sla", loop, self.clock, self.vitals, random.Random(1))
        self.dog = Watchdog("sla", self.vitals, self.clock, self, self.ping, STUCK_AFTER_SECONDS, [self.loop])

    async def never(self) -> int:
        raise NotImplementedError  # the watchdog looks at this loop, and nobody runs it

    async def ping(self) -> None:
        if self.fault:
            raise self.fault

    async def positions(self) -> dict[Partition, tuple[int, int]]:
        return dict(self.at)

    def deferred(self) -> dict[Partition, str]:
        return self.waits_for_its_turn

    async def look(self, seconds: int, a: int = 0) -> None:
        """Let so many seconds pass, in which the first partition moves on by so many records in each ten."""
        for _ in range(0, seconds, 10):
            await self.dog.check()
            self.clock.at += timedelta(seconds=10)
            self.at |= {A: (self.at[A][0] + a, self.at[A][1])}
        await self.dog.check()


async def test_a_partition_that_does_not_move_is_found_though_the_others_do() -> None:
    watched = Watched()
    watched.at = {A: (0, 1000), B: (7, 8)}

    await watched.look(3 * STUCK_AFTER_SECONDS, a=1)
    with pytest.raises(Stuck, match=r"tickets\.events/1: records wait at 7 since 2026-03-02T05:00:00"):
        await watched.look(10, a=1)


async def test_a_consumer_that_is_behind_and_moves_nowhere_is_found() -> None:
    watched = Watched()
    watched.at = {A: (0, 1000), B: (7, 8)}

    await watched.look(STUCK_AFTER_SECONDS)
    with pytest.raises(Stuck, match=r"tickets\.events/0: records wait at 0"):
        await watched.look(10)


async def test_partitions_that_are_read_to_their_end_are_never_stuck() -> None:
    watched = Watched()
    watched.vitals.handling_since = None

    await watched.look(600)


async def test_an_idle_partition_is_not_stuck_while_another_is_busy() -> None:
    watched = Watched()
    watched.at[A] = (0, 100_000)

    for _ in range(60):
        watched.vitals.handling_since = watched.clock.now()
        await watched.look(10, a=5)


async def test_a_batch_that_never_ends_is_found() -> None:
    watched = Watched()
    watched.vitals.handling_since = NOON

    await watched.look(STUCK_AFTER_SECONDS)
    with pytest.raises(Stuck, match="a batch is being handled since"):
        await watched.look(10)


async def test_a_batch_gets_its_full_time_once_an_outage_is_over() -> None:
    watched = Watched()
    watched.at[A], watched.vitals.handling_since = (0, 5), NOON
    watched.vitals.troubles["batch"] = "no primary"
    await watched.look(600)

    del watched.vitals.troubles["batch"]

    await watched.look(STUCK_AFTER_SECONDS)
    with pytest.raises(Stuck):
        await watched.look(10)


async def test_an_outage_of_database_or_broker_is_a_trouble_until_it_is_over() -> None:
    watched = Watched()
    watched.fault = TransientError("no primary")
    await watched.look(0)
    during = dict(watched.vitals.troubles)

    watched.fault = None
    await watched.look(0)

    assert (during, watched.vitals.troubles) == ({PART: "no primary"}, {})


async def test_a_loop_that_hangs_is_found() -> None:
    watched = Watched()
    watched.loop.began_at = NOON

    await watched.look(30)
    with pytest.raises(Stuck, match="loop sweep: a round takes 40 s already"):
        await watched.look(10)


def lag() -> dict[str, float]:
    """Return what the metric says of sla, by partition."""
    samples = [each for metric in LAG_RECORDS.collect() for each in metric.samples if each.labels["service"] == "sla"]
    return {f"{each.labels['topic']}/{each.labels['partition']}": each.value for each in samples}


async def test_lag_is_measured_by_partition_and_goes_with_it() -> None:
    watched = Watched()
    watched.at = {A: (2, 9), B: (7, 7)}
    await watched.look(0)
    both = lag()

    del watched.at[A]
    await watched.look(0)

    assert (both, lag()) == ({"tickets.events/0": 7, "tickets.events/1": 0}, {"tickets.events/1": 0})


async def test_a_partition_that_waits_for_its_senders_turn_is_not_stuck() -> None:
    watched = Watched()
    watched.at, watched.waits_for_its_turn = {A: (0, 1000), B: (7, 8)}, {A: "channel-web", B: "channel-web"}

    await watched.look(600)

    watched.waits_for_its_turn = {}
    await watched.look(STUCK_AFTER_SECONDS)
    with pytest.raises(Stuck):
        await watched.look(10)


async def test_deferred_records_are_measured_by_sender_until_none_waits() -> None:
    watched = Watched()
    watched.at, watched.waits_for_its_turn = {A: (0, 1000), B: (7, 8)}, {A: "channel-web", B: "channel-web"}
    measured = DEFERRED_RECORDS.labels("sla", "channel-web")

    await watched.look(0)
    during = measured._value.get()
    watched.waits_for_its_turn = {}
    await watched.look(0)

    assert (during, measured._value.get()) == (1001, 0)
