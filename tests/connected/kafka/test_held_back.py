"""What a real broker does not take is held back; everything else is acknowledged, and nobody waits long for it."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from shared import topics
from shared.adapters.clock import SystemClock
from shared.adapters.kafka.producer import KafkaPublisher
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import HeldBack, Obstacle
from shared.delivery.retry import retried
from shared.delivery.vitals import Vitals
from shared.topics import Topic
from tests.servers.addresses import Namespace
from tindak.client.kafka import Client
from tindak.topics import apply, connect

pytestmark = [pytest.mark.connected, pytest.mark.every_stack, pytest.mark.without_agencies, pytest.mark.timeout(120)]

LATE = Topic("tickets.routed.late", ("routing",), ("agency:late",), 1, 90)
WITHIN_SECONDS = 20


class Sender:
    """A publisher that waits out every outage, as all services do."""

    def __init__(self, namespace: Namespace) -> None:
        self.clocks: list[str] = []
        # So long a producer looks for a topic that is gone.
        settings = namespace.kafka.model_copy(update={"request_timeout_ms": 5000})
        self.publisher = KafkaPublisher(settings, note_clock=lambda server, *_: self.clocks.append(server))

    async def publish(self, *events: Outgoing) -> HeldBack:
        clock, jitter = SystemClock(), random.Random(1)
        return await retried(lambda: self.publisher.publish(events), clock, Vitals(), jitter, "test")

    async def until_taken(self, *events: Outgoing) -> None:
        async with asyncio.timeout(WITHIN_SECONDS):
            while await self.publish(*events):
                await SystemClock().sleep(timedelta(seconds=0.1))


@pytest.fixture
async def sender(namespace: Namespace) -> AsyncIterator[Sender]:
    made = Sender(namespace)
    yield made
    await made.publisher.close()


def event(number: int, topic: str = topics.TICKETS, value: bytes = b"v") -> Outgoing:
    return Outgoing(str(number), topic, "k", value, (("n", str(number).encode()),))


async def numbers(namespace: Namespace, topic: str) -> list[int]:
    async with Client(namespace.kafka) as client:
        return [int(dict(record.headers)["n"]) for record in await client.read([topic])]


def apart(*held: Outgoing, why: Obstacle) -> dict[tuple[str, str], Obstacle]:
    return {each.reference: why for each in held}


async def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    loop = asyncio.get_running_loop()
    began = loop.time()
    return await work(), loop.time() - began


async def test_a_topic_that_never_was_holds_back_its_own_until_it_is_created(
    namespace: Namespace, sender: Sender
) -> None:
    late, fine = event(1, LATE.name), event(2)

    first, first_took = await timed(lambda: sender.publish(late, fine))
    again, again_took = await timed(lambda: sender.publish(late, fine))
    apply(namespace.kafka, [LATE])
    await sender.until_taken(late)

    assert first == again == apart(late, why=Obstacle.MISSING)
    assert again_took < 1 < first_took
    assert await numbers(namespace, LATE.name) == [1]
    assert await numbers(namespace, topics.TICKETS) == [2, 2]
    assert sender.publisher.obstacles() == {}


@pytest.mark.expects_errors  # aiokafka's metadata say once that the topic is gone
async def test_a_topic_that_is_deleted_meanwhile_holds_back_its_own(namespace: Namespace, sender: Sender) -> None:
    apply(namespace.kafka, [LATE])
    await sender.until_taken(event(1, LATE.name))
    name, admin = namespace.prefix + LATE.name, connect(namespace.kafka)
    admin.delete_topics([name])[name].result(30)
    gone, fine = event(2, LATE.name), event(3)

    async with asyncio.timeout(WITHIN_SECONDS):
        held = await sender.publish(gone, fine)

    embedded = not sender.clocks  # it takes records for deleted topics for a while, and keeps none
    assert held in ([apart(gone, why=Obstacle.MISSING), {}] if embedded else [apart(gone, why=Obstacle.MISSING)])
    assert 3 in await numbers(namespace, topics.TICKETS)


async def test_an_event_that_is_larger_than_the_client_sends_is_held_back_alone(
    namespace: Namespace, sender: Sender
) -> None:
    huge = event(1, value=bytes(topics.DEAD_LETTER_BYTES_MAX + 1))

    held = await sender.publish(huge, event(2))

    assert held == apart(huge, why=Obstacle.TOO_LARGE)
    assert await numbers(namespace, topics.TICKETS) == [2]


async def test_an_event_that_is_larger_than_the_topic_takes_is_held_back_alone(
    namespace: Namespace, sender: Sender, pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("--stack") == "embedded":
        pytest.skip("the embedded broker takes any size")
    large = event(2, value=bytes(2 * 1024 * 1024))

    held = [await sender.publish(event(1), large, event(3)), await sender.publish(event(4), large)]

    assert held == [apart(large, why=Obstacle.TOO_LARGE)] * 2
    assert list(dict.fromkeys(await numbers(namespace, topics.TICKETS))) == [1, 3, 4]


async def test_each_acknowledgement_carries_the_brokers_time(
    namespace: Namespace, sender: Sender, pytestconfig: pytest.Config
) -> None:
    await sender.publish(event(1))

    stamps = pytestconfig.getoption("--stack") != "embedded"
    assert bool(sender.clocks) == stamps
    assert {name.split()[0] for name in sender.clocks} <= {"broker"}
