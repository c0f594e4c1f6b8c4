"""When a service is ready, what it says of clocks and topics, and what waits for them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter
from structlog.testing import capture_logs

from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from shared.delivery.ports import Obstacle
from shared.process.service import Service
from shared.process.settings import CommonSettings, MongoSettings
from tests.fakes.counter import Count, Counter
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryClock

pytestmark = pytest.mark.unit


class Reading:
    """A consumer that reads something."""

    def assigned(self) -> set[int]:
        return {1}

    def standing(self) -> str:
        return ""

    def remark(self) -> str:
        return ""


class Starting(Service[Count]):
    """A service that is not connected to anything: all it waits for is there, its database's clock when it is let."""

    def __init__(self, store: MongoStore[Count]) -> None:
        super().__init__(CommonSettings(profile="local"), Counter(), store, 0)
        self.clocks.clock = MemoryClock(NOON)
        self.clock_answers = asyncio.Event()
        self.loops.clear()
        self.every(3600, "sweep", swept, full=100)

    async def retry_outages(self, part: str, work: Callable[[], Awaitable[Any]]) -> Any:
        if work == self.read_clocks:
            await self.clock_answers.wait()
        return Reading() if work == self.subscribe else None


@pytest.fixture
async def starting() -> AsyncIterator[Starting]:
    """A service that has not started."""
    store = MongoStore(collection(MongoSettings(), "test"), TypeAdapter(Count))
    made = Starting(store)
    yield made
    made.servers[0].socket.close()
    store.close()


@pytest.fixture
def service(starting: Starting) -> Service[Count]:
    """A service that reads."""
    consumer: Any = Reading()
    starting.consumer = consumer
    return starting


async def swept() -> int:
    return 7


def far_apart(service: Service[Count], seconds: float) -> None:
    service.clocks.note("database", NOON + timedelta(seconds=seconds), NOON, NOON)


async def test_timed_work_waits_while_clocks_are_too_far_apart(service: Service[Count]) -> None:
    sweep = service.while_clocks_agree(swept)
    far_apart(service, 31)
    waiting = await sweep(), service.not_ready()

    far_apart(service, 0)

    assert waiting == (0, {"clocks": "clocks disagree: database is 31.0 s ahead of this machine"})
    assert (await sweep(), service.not_ready()) == (7, {})


async def test_a_service_in_which_nothing_waits_for_time_only_remarks_on_clocks(service: Service[Count]) -> None:
    far_apart(service, 31)

    assert service.not_ready() == {}
    assert service.remarked() == {"clocks": "clocks disagree: database is 31.0 s ahead of this machine"}


async def test_a_small_skew_is_remarked_on_and_nothing_waits(service: Service[Count]) -> None:
    sweep = service.while_clocks_agree(swept)
    far_apart(service, -3)

    assert (await sweep(), service.not_ready()) == (7, {})
    assert service.remarked() == {"clocks": "clocks disagree: database is 3.0 s behind this machine"}


async def test_a_healthy_service_has_no_remarks(service: Service[Count]) -> None:
    far_apart(service, 0)

    assert service.remarked() == {}


async def test_a_missing_topic_is_remarked_on_and_the_service_stays_ready(service: Service[Count]) -> None:
    service.publisher.access.refuse("tickets.routed.dishub", Obstacle.MISSING)

    assert service.not_ready() == {}
    assert service.remarked() == {"topics": "tickets.routed.dishub is missing: 0 events of 0 documents wait"}


async def test_a_service_is_ready_once_it_has_said_that_it_reads_and_does_what_time_brings(starting: Starting) -> None:
    with capture_logs() as said:
        working = asyncio.create_task(starting.work())
        await asyncio.sleep(0)
        waiting = starting.not_ready()
        starting.clock_answers.set()
        steps = set()
        for _ in range(5):
            steps.add((not starting.not_ready(), bool(said), bool(starting.looping)))
            await asyncio.sleep(0)
    working.cancel()
    for loop in starting.looping.values():
        loop.cancel()

    assert waiting == {"consumer": "has not started yet"}
    assert steps == {(False, False, False), (True, True, True)}
    assert [each["event"] for each in said] == ["reading"]
