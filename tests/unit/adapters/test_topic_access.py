"""What a broker says of a topic, and how often it is asked."""

from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError, LeaderNotAvailableError

from shared.adapters.kafka.topic_access import LIMIT_FOR_SECONDS, LOOKS_MAX, REMEMBERED_FOR_SECONDS, TopicAccess
from shared.delivery.ports import Obstacle

pytestmark = pytest.mark.unit

THERE, MISSING, NO_LEADER, FORBIDDEN, INVALID = 0, 3, LeaderNotAvailableError.errno, 29, 17


class Broker:
    """As aiokafka's client sees it: ``codes`` are what it says of a topic, one answer after the other."""

    def __init__(self, **codes: list[int]) -> None:
        self.codes = codes
        self.asked: list[list[str]] = []
        self._topics: set[str] = set()
        self.is_away = False
        self.cluster = self
        self.seconds = 0.0
        self.access = TopicAccess(lambda: self.seconds, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def get_random_node(self) -> int:
        return 1

    async def send(self, node: int, request: Any) -> Any:
        if self.is_away:
            raise KafkaConnectionError
        self.asked.append(sorted(request._topics))
        self.topics = [
            (self.codes[name].pop(0) if len(self.codes[name]) > 1 else self.codes[name][0], name, False, [])
            for name in request._topics
        ]
        return self

    async def add_topic(self, topic: str) -> None:
        self._topics.add(topic)

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return {0} if topic in self._topics else None

    async def closed(self, *topics: str) -> dict[str, Obstacle]:
        client: Any = self
        return await self.access.closed(client, topics)


async def test_a_topic_that_is_there_is_asked_for_once() -> None:
    broker = Broker(here=[THERE])

    found = [await broker.closed("here") for _ in range(3)]

    assert (found, broker.asked, broker.seconds) == ([{}] * 3, [["here"]], 0)


async def test_a_missing_topic_counts_as_missing_after_several_looks() -> None:
    broker = Broker(gone=[MISSING])

    found = await broker.closed("gone")

    assert (found, len(broker.asked)) == ({"gone": Obstacle.MISSING}, LOOKS_MAX)
    assert 1 <= broker.seconds <= 2


async def test_a_topic_that_appears_between_two_looks_is_used() -> None:
    broker = Broker(new=[MISSING, MISSING, THERE])

    assert await broker.closed("new") == {}
    assert broker.access.obstacles() == {}


@pytest.mark.parametrize(
    ("code", "obstacle", "looks"), [(FORBIDDEN, Obstacle.FORBIDDEN, 1), (INVALID, Obstacle.MISSING, 5)]
)
async def test_the_brokers_refusal_is_the_obstacle(code: int, obstacle: Obstacle, looks: int) -> None:
    broker = Broker(gone=[code], here=[THERE])

    found = await broker.closed("gone", "here")

    assert (found, len(broker.asked)) == ({"gone": obstacle}, looks)


async def test_a_topic_without_a_leader_is_not_missing() -> None:
    assert await Broker(here=[NO_LEADER]).closed("here") == {}


async def test_an_outage_closes_no_topic() -> None:
    broker = Broker(here=[THERE])
    broker.is_away = True

    with pytest.raises(KafkaConnectionError):
        await broker.closed("here")

    assert broker.access.obstacles() == {}


async def test_a_missing_topic_costs_time_once_and_then_one_look_every_few_seconds() -> None:
    broker = Broker(gone=[MISSING])
    await broker.closed("gone")
    began, asked = broker.seconds, len(broker.asked)

    remembered = await broker.closed("gone")
    broker.seconds += REMEMBERED_FOR_SECONDS
    again = await broker.closed("gone")

    assert remembered == again == {"gone": Obstacle.MISSING}
    assert (broker.seconds, len(broker.asked)) == (began + REMEMBERED_FOR_SECONDS, asked + 1)


async def test_a_topic_that_comes_to_be_there_is_used_within_seconds() -> None:
    broker = Broker(late=[MISSING] * LOOKS_MAX + [THERE])
    await broker.closed("late")

    broker.seconds += REMEMBERED_FOR_SECONDS
    found = await broker.closed("late")
    doubtful = broker.access.is_doubtful("late")
    broker.access.admit("late", 100)

    assert (found, doubtful, broker.access.obstacles()) == ({}, True, {})


async def test_only_the_missing_topic_is_looked_for_again() -> None:
    broker = Broker(gone=[MISSING], here=[THERE])

    await broker.closed("gone", "here")

    assert broker.asked == [["gone", "here"]] + [["gone"]] * (LOOKS_MAX - 1)


def test_events_as_large_as_a_refused_one_are_held_back_for_a_while() -> None:
    broker = Broker()
    access = broker.access
    access.note_too_large("t", 1000)

    held = [access.is_too_large("t", size) for size in (999, 1000, 1001)]
    named = access.obstacles()
    broker.seconds += LIMIT_FOR_SECONDS
    later = access.is_too_large("t", 1000)
    access.admit("t", 1000)

    assert (held, named, later) == ([False, True, True], {"t": Obstacle.TOO_LARGE}, False)
    assert access.obstacles() == {}


def test_a_published_smaller_event_does_not_admit_a_larger_one() -> None:
    access = Broker().access
    access.note_too_large("t", 1000)

    access.admit("t", 10)

    assert access.is_too_large("t", 1000)
