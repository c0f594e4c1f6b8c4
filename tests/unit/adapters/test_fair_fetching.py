"""A batch is shared by senders, whatever number of partitions each has, and however large its records are."""

import pytest
from aiokafka import TopicPartition

from shared.adapters.kafka import fetcher
from shared.fairness.admission import Admission
from shared.fairness.pace import Batching, Pace
from shared.fairness.rates import Limits, Rate
from tests.fakes.batches import plain
from tests.fakes.fetch import Fetch

pytestmark = pytest.mark.unit

WEB = [TopicPartition("own-complaints.submitted.web", number) for number in range(12)]
LETTER, OFFICE = (TopicPartition(f"own-complaints.submitted.{code}", 0) for code in ("letter", "walk_in"))


def flooded(*others: TopicPartition) -> Fetch:
    """Return a fetch that has a thousand records of each of twelve partitions, and a hundred of each other one."""
    fetch = Fetch(*WEB, *others)
    for place in WEB:
        fetch.answer(place, plain(*[b"flood"] * 1000))
    for place in others:
        fetch.answer(place, plain(*[b"honest"] * 100))
    return fetch


async def test_a_sender_of_twelve_partitions_has_the_same_share_as_one_of_a_single_one() -> None:
    fetch = flooded(LETTER, OFFICE)

    await fetch.drained(240)

    assert fetch.positions()[12:] == [80, 80]
    assert sorted(fetch.positions()[:12]) == [6] * 4 + [7] * 8


async def test_every_partition_has_its_turn_where_a_share_is_smaller_than_they_are_many() -> None:
    fetch = flooded(LETTER)

    for _ in range(4):
        await fetch.drained(6)

    assert fetch.positions() == [1] * 12 + [12]


async def test_large_records_of_one_sender_leave_room_for_those_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "DRAINED_BYTES_MAX", 1000)
    fetch = Fetch(*WEB[:2], LETTER)
    large = b"".join(plain(b"x" * 600, base_offset=number) for number in range(5))
    for place in WEB[:2]:
        fetch.answer(place, large)
    fetch.answer(LETTER, b"".join(plain(b"honest", base_offset=number) for number in range(5)))

    await fetch.drained()

    assert fetch.positions() == [1, 0, 5]


async def test_what_is_above_a_senders_rate_stays_where_it_is_and_comes_later() -> None:
    fetch = flooded(LETTER)
    fetch.fetcher.admission = Admission(lambda topic: Limits(Rate(60, 24) if topic.endswith("web") else None))

    first = await fetch.drained()
    again = await fetch.drained()
    fetch.fetcher.admission.rates = lambda _: Limits()
    rest = [record for _ in range(24) for record in await fetch.drained()]

    assert (len(first), again) == (124, [])
    assert fetch.positions() == [1000] * 12 + [100]
    assert len({(record.topic, record.partition, record.offset) for record in (*first, *rest)}) == 12_100


async def test_after_a_fast_batch_there_are_more_records_in_the_next_and_after_a_slow_one_fewer() -> None:
    fetch = flooded()
    fetch.fetcher.pace = Pace(Batching(0.3))
    now = [100.0]
    fetch.fetcher._loop = type("Loop", (), {"time": lambda _: now[0]})()

    found = []
    for took_seconds in (0.0625, 1.0, 0.0):
        found.append(len(await fetch.drained()))
        now[0] += took_seconds

    assert found == [50, 240, 72]


async def test_who_reads_a_part_of_a_topic_takes_that_part_of_its_senders_rate() -> None:
    fetch = Fetch(*WEB[:3])
    fetch.knows_partitions(WEB[0].topic, 12)
    fetch.fetcher.admission = Admission(lambda _: Limits(Rate(60, 100)))
    for place in WEB[:3]:
        fetch.answer(place, plain(*[b"flood"] * 1000))

    assert len(await fetch.drained()) == 25
