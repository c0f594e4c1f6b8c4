"""What a service says of clocks and topics, and what waits for them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

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


@pytest.fixture
async def service() -> AsyncIterator[Service[Count]]:
    """A service that reads, not connected to anything."""
    store = MongoStore(collection(MongoSettings(), "test"), TypeAdapter(Count))
    made: Service[Count] = Service(CommonSettings(profile="local"), Counter(), store, 0)
    made.clocks.clock = MemoryClock(NOON)
    consumer: Any = Reading()
    made.consumer = consumer
    yield made
    made.servers[0].socket.close()
    store.close()


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
