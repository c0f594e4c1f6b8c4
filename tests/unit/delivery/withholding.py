"""A service on a broker on which one topic takes nothing."""

from typing import Any

from shared import topics
from shared.delivery.ports import Obstacle
from shared.delivery.relay import RELAY_AFTER
from tests.builders import accepted, event
from tests.fakes.counter import Counter
from tests.fakes.handler_harness import HandlerHarness

FIRST = event(accepted())


def withheld(topic: str = topics.TICKETS, why: Obstacle = Obstacle.MISSING, **options: Any) -> HandlerHarness:
    """Return a service on a broker on which one topic takes nothing."""
    harness = HandlerHarness(Counter(**options))
    harness.broker.refused[topic] = why
    return harness


async def relayed(harness: HandlerHarness) -> int:
    harness.clock.at += RELAY_AFTER
    return await harness.relay.relay()


def versions(harness: HandlerHarness, topic: str = topics.TICKETS) -> list[int]:
    return [fact.version for fact in harness.data(topic)]
