"""The fetch on aiokafka's own state of partitions, without a broker."""

import asyncio
from collections.abc import Callable

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import (
    KafkaError,
    NotLeaderForPartitionError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from shared.adapters.kafka import fetcher
from shared.adapters.kafka.fetch_faults import Ending
from shared.delivery.ports import Record
from shared.fairness import join
from shared.fairness.join import JoinWindow
from shared.fairness.pace import Batching
from tests.fakes.batches import claiming, plain
from tests.fakes.fetch import ONE, TWO, Fetch

pytestmark = pytest.mark.unit

BROKEN = plain(b"x" * 99)[:-1] + b"y"
CRC = "CRC does not match"


async def test_a_partition_that_cannot_be_unpacked_stands_and_the_others_go_on() -> None:
    fetch = Fetch()
    fetch.answer(ONE, plain(b"one") + resting(BROKEN, 1))
    fetch.answer(TWO, plain(b"two", b"three"))

    found = await fetch.drained()

    assert [record.value for record in found] == [b"one", b"two", b"three"]
    assert fetch.positions() == [1, 2]
    assert (fetch.state(ONE).paused, fetch.state(TWO).paused) == (True, False)
    (fault,) = fetch.faults.standing()
    assert str(fault) == f"own-tickets.updates/0 at offset 1: {CRC}"


def resting(data: bytes, base_offset: int) -> bytes:
    """Return the batch where it lies behind others; its offset is none of what the CRC covers."""
    return base_offset.to_bytes(8, "big") + data[8:]


async def test_a_batch_that_cannot_be_unpacked_is_quarantined_after_three_tries() -> None:
    fetch = Fetch()
    data = BROKEN + plain(b"behind", base_offset=1)
    for _ in range(2):
        fetch.answer(ONE, data)
        assert await fetch.drained() == []

    fetch.answer(ONE, data)
    broken, behind = await fetch.drained()

    assert (broken.topic, broken.offset, broken.value, broken.unreadable) == (
        "tickets.updates", 0, BROKEN, CRC,
    )  # fmt: skip
    assert behind.value == b"behind"
    assert fetch.positions() == [2, 0]
    assert (fetch.faults.standing(), fetch.faults.last[ONE].ended) == ([], Ending.QUARANTINED)


async def test_a_batch_that_was_written_broken_is_quarantined_at_once() -> None:
    """Fetching it again gives the same bytes, and a flood of such batches would hold up all that lies behind them."""
    fetch = Fetch()
    fetch.answer(ONE, claiming(plain(b"x" * 99), 1) + plain(b"behind", base_offset=1))

    broken, behind = await fetch.drained()

    assert (broken.unreadable, behind.value) == ("gzip: BadGzipFile", b"behind")
    assert (fetch.faults.last[ONE].tries, fetch.faults.last[ONE].ended) == (1, Ending.QUARANTINED)
    assert not fetch.state(ONE).paused


async def test_a_fault_that_passes_costs_nothing() -> None:
    fetch = Fetch()
    fetch.answer(ONE, plain(b"one")[:-1] + b"\xff")
    assert await fetch.drained() == []

    fetch.answer(ONE, plain(b"one"))
    found = await fetch.drained()

    assert [record.value for record in found] == [b"one"]
    assert fetch.faults.last[ONE].ended is Ending.READ


async def test_the_tries_of_each_partition_are_farther_and_farther_apart() -> None:
    fetch = Fetch()
    waits: list[float] = []
    fetch.fetcher._loop = type("Loop", (), {"call_later": lambda _, wait, call: waits.append(wait)})()

    for _ in range(5):
        fetch.answer(ONE, error=TopicAuthorizationFailedError)

    assert waits == pytest.approx([0.2, 0.6, 1.8, 5.4, 10])


async def test_an_unauthorized_topic_is_reported_until_it_may_be_read() -> None:
    fetch = Fetch()
    fetch.answer(ONE, error=TopicAuthorizationFailedError)
    fetch.answer(TWO, plain(b"two"))
    during = [str(fault) for fault in fetch.faults.standing()]
    found = await fetch.drained()

    fetch.answer(ONE)

    assert during == ["own-tickets.updates/0 at offset 0: TopicAuthorizationFailedError"]
    assert [record.value for record in found] == [b"two"]
    assert fetch.faults.standing() == []


@pytest.mark.parametrize(
    ("error", "told"), [(NotLeaderForPartitionError, 0), (UnknownTopicOrPartitionError, 1)], ids=["moved", "gone"]
)
async def test_a_misplaced_partition_refreshes_the_metadata(error: type[KafkaError], told: int) -> None:
    fetch = Fetch()

    fetch.answer(ONE, error=error)

    assert (fetch.fetcher._client.looks, len(fetch.faults.standing()), fetch.state(ONE).paused) == (1, told, True)


@pytest.mark.expects_errors
async def test_expired_offsets_are_reported_and_reading_starts_at_the_earliest() -> None:
    fetch = Fetch()

    fetch.answer(ONE, error=OffsetOutOfRangeError)

    assert fetch.state(ONE).awaiting_reset
    assert [fault.error for fault in fetch.faults.standing()] == ["OffsetOutOfRangeError"]


async def test_a_batch_that_came_in_part_is_asked_for_as_a_whole() -> None:
    fetch = Fetch()
    data = plain(b"x" * 5000)

    fetch.answer(ONE, data[:1024])
    found = await fetch.drained()

    assert (found, fetch.positions(), fetch.fetcher._max_partition_fetch_bytes) == ([], [0, 0], len(data))


async def test_not_more_is_drained_at_once_than_fits_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "DRAINED_BYTES_MAX", 1000)
    fetch = Fetch()
    data = b"".join(plain(b"x" * 600, base_offset=number) for number in range(5))
    seen = []

    while fetch.positions()[0] < 5:
        fetch.answer(ONE, data)
        seen.append([record.offset for record in await fetch.drained()])

    assert seen == [[0, 1], [2, 3], [4]]


async def test_a_batch_is_drained_in_parts_where_fewer_records_are_wanted() -> None:
    fetch = Fetch()
    fetch.answer(ONE, plain(b"1", b"2", b"3"))

    found = [[record.value for record in await fetch.drained(2)] for _ in range(2)]

    assert found == [[b"1", b"2"], [b"3"]]


async def test_a_flooded_partition_holds_back_no_other() -> None:
    fetch = Fetch()
    fetch.answer(ONE, plain(*(b"flood" for _ in range(100))))
    fetch.answer(TWO, plain(b"honest"))

    found = [sorted({record.value or b"" for record in await fetch.drained(10)}) for _ in range(2)]

    assert found == [[b"flood", b"honest"], [b"flood"]]
    assert fetch.positions() == [9 + 10, 1]


async def test_unused_fetch_share_goes_to_other_partitions() -> None:
    fetch = Fetch()
    fetch.answer(ONE, plain(b"1"))
    fetch.answer(TWO, plain(*(b"2" for _ in range(100))))

    assert len(await fetch.drained(10)) == 10
    assert fetch.positions() == [1, 9]


async def test_what_waits_for_what_other_topics_say_leaves_them_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join, "HELD_RECORDS_MAX", 60)
    clocks = TopicPartition("own-sla.events", 0)
    fetch = Fetch(ONE, clocks)
    fetch.fetcher.join = JoinWindow(Batching(joined=("tickets.updates", "sla.events"), join_seconds=60))
    fetch.answer(ONE, plain(*[b"first"] * 200))
    held = [(await fetch.drained(100), fetch.positions()) for _ in range(2)]

    fetch.answer(clocks, plain(b"last"))

    assert held == [([], [100, 0]), ([], [100, 0])]
    assert [record.value for record in await fetch.drained(100)] == [b"first"] * 100 + [b"last"]


async def woken(fetch: Fetch) -> "asyncio.Task[dict[TopicPartition, list[Record]]]":
    """Return the task that waits for records at the instant at which some have come."""
    waiting = asyncio.create_task(fetch.fetcher.fetched_records((), 60))
    await asyncio.sleep(0)
    fetch.answer(ONE, plain(b"1"))
    for waiter in fetch.fetcher._fetch_waiters:
        waiter.set_result(None)
    return waiting


async def test_waiting_for_records_ends_when_some_come_and_in_time_if_none_do() -> None:
    fetch = Fetch()
    waiting = await woken(fetch)

    assert [record.value for records in (await waiting).values() for record in records] == [b"1"]
    assert await fetch.fetcher.fetched_records((), 0.01) == {}


async def test_cancellation_wins_over_records_that_arrive_at_the_same_instant() -> None:
    fetch = Fetch()
    waiting = await woken(fetch)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_fetch_that_was_taken_ends_the_fault_of_a_partition_without_news() -> None:
    fetch = Fetch()
    fetch.answer(ONE, error=TopicAuthorizationFailedError)

    fetch.faults.end_all({TWO})
    assert len(fetch.faults.standing()) == 1
    fetch.faults.end_all({ONE, TWO})

    assert fetch.faults.standing() == []


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Callable[[Fetch], int]:
    """Return how to count the fetches that are sent next, where one could be."""
    planning = type("Planned", (), {"topics": ()})()
    monkeypatch.setattr(Fetcher, "_get_actions_per_node", lambda *_: ([(1, planning)], {}, 1.0, False, []))
    return lambda fetch: len(fetch.fetcher._get_actions_per_node(fetch.assignment)[0])


async def test_nothing_is_fetched_while_a_batch_is_handled(planned: Callable[[Fetch], int]) -> None:
    fetch = Fetch()
    before = planned(fetch)
    waiting = asyncio.create_task(fetch.fetcher.fetched_records((), 60))
    for _ in range(2):  # until it waits
        await asyncio.sleep(0)
    asked = [planned(fetch), planned(fetch)]
    fetch.answer(ONE, plain(b"1"))
    fetch.fetcher._notify(*fetch.fetcher._fetch_waiters)
    await waiting

    assert (before, asked, planned(fetch)) == (0, [1, 1], 0)


async def test_who_still_has_records_at_hand_looks_once_for_those_of_others(planned: Callable[[Fetch], int]) -> None:
    fetch = Fetch()
    fetch.answer(ONE, plain(b"one", b"two"))

    await fetch.drained(1)

    assert [planned(fetch), planned(fetch)] == [1, 0]
