"""A service on a broker on which one topic takes nothing."""

from typing import Any

from shared import topics
from shared.delivery.ports import Obstacle
from shared.delivery.relay import RELAY_AFTER
from tests.builders import accepted, event
from tests.fakes.bench import Workbench
from tests.fakes.counter import Counter

FIRST = event(accepted())


def withheld(topic: str = topics.TICKETS, why: Obstacle = Obstacle.MISSING, **options: Any) -> Workbench:
    """Return a service on a broker on which one topic takes nothing."""
    bench = Workbench(Counter(**options))
    bench.broker.refused[topic] = why
    return bench


async def relayed(bench: Workbench) -> int:
    bench.clock.at += RELAY_AFTER
    return await bench.relay.relay()


def versions(bench: Workbench, topic: str = topics.TICKETS) -> list[int]:
    return [fact.version for fact in bench.data(topic)]
