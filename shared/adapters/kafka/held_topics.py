"""Reports what is pending for topics that are missing or do not take events."""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from shared.delivery.ports import Obstacle, Waiting
from shared.process import metrics

WORDS = {
    Obstacle.MISSING: "is missing",
    Obstacle.FORBIDDEN: "is forbidden to us",
    Obstacle.TOO_LARGE: "does not take an event of that size",
}


class Counter(Protocol):
    """What is known here of the store."""

    async def pending_on(self, topics: Collection[str]) -> Mapping[str, Waiting]:
        """Return, by topic, how much waits to be published there; raise TransientError if it cannot be counted now."""
        ...


class HeldTopics:
    """Counts what waits for each topic that holds events back.

    Args:
        service: Name, for the metrics.
        obstacles: Returns which topics hold events back now, and why.
        store: Where the events wait.
    """

    def __init__(self, service: str, obstacles: Callable[[], Mapping[str, Obstacle]], store: Counter) -> None:
        self.service = service
        self.obstacles = obstacles
        self.store = store
        self.waiting: Mapping[str, Waiting] = {}

    async def count(self) -> int:
        """Count anew, for remark and metric; return 0, for there is nothing left to do.

        Raises:
            TransientError: The last count holds.
        """
        held = self.obstacles()
        waiting = await self.store.pending_on(held.keys()) if held else {}
        for topic in self.waiting.keys() - waiting.keys():
            metrics.HELD_EVENTS.labels(self.service, topic).set(0)
        for topic, count in waiting.items():
            metrics.HELD_EVENTS.labels(self.service, topic).set(count.events)
        self.waiting = waiting
        return 0

    def remark(self) -> str:
        """Return which topics hold events back, why, and how much waits for each; empty if none does."""
        parts = []
        for topic, obstacle in sorted(self.obstacles().items()):
            count = self.waiting.get(topic, Waiting(0, 0))
            parts.append(f"{topic} {WORDS[obstacle]}: {count.events} events of {count.documents} documents wait")
        return "; ".join(parts)
