"""A service on the ports in memory: publish to its topics, let it work, read what it has published."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import HeldBack
from shared.delivery.relay import Relay
from shared.delivery.runner import BatchRunner
from shared.delivery.time_loop import TimeLoop
from shared.delivery.vitals import Observe, Step, unobserved
from shared.events import Event
from shared.events.envelope import HEADERS, decode, encode
from tests.fakes.memory import MemoryBroker, MemoryClock, MemoryStore

NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)  # a Monday, 12:00 WIB


class HandlerHarness:
    """One service with a broker, a store and a clock of its own.

    ``publish`` writes an event to a topic; ``work`` lets the service handle all it has not handled; ``sweep`` lets time
    do its work; ``published`` is what lies on a topic so far.
    """

    def __init__(self, handler: Any, store: MemoryStore[Any] | None = None, at: datetime = NOON) -> None:
        self.clock = MemoryClock(at)
        self.broker = MemoryBroker(self.clock)
        self.store: MemoryStore[Any] = store or MemoryStore()
        self.handler = handler
        self.restart()

    def restart(self, observe: Observe = unobserved, **options: Any) -> None:
        """Forget everything that was only in the process; *observe* sees each step, *options* are the runner's."""
        self.runner = BatchRunner(self.handler, self.store, self.broker, self.clock, observe=observe, **options)
        published = self.runner.published
        self.loop = TimeLoop(self.handler, self.store, self.broker, self.clock, published=published, observe=observe)
        self.relay = Relay(self.store, self.broker, self.clock, published=published, observe=observe)

    def publish(self, topic: str, event: Event) -> None:
        self.write(topic, encode(event), key=event.key or event.subject)

    def write(
        self, topic: str, value: bytes | None, key: str | None = None, headers: Mapping[str, bytes] | None = None
    ) -> None:
        sent = tuple((headers or dict(HEADERS)).items())
        self.broker.append(topic, None if key is None else key.encode(), value, sent)

    async def work(self) -> None:
        while (batch := self.broker.unread(self.handler.service, self.handler.topics)).records:
            await self.runner.handle(batch)

    async def sweep(self) -> None:
        while await self.loop.sweep():
            pass

    def published(self, topic: str) -> list[Event]:
        return [decode(record.value, dict(record.headers), from_outside=False) for record in self.broker.topic(topic)]

    def data(self, topic: str) -> list[Any]:
        """Return the data of what was said on *topic*."""
        return [event.data for event in self.published(topic)]


class Crashed(BaseException):
    """The process died here; so no guard against bugs may take it for one."""


def dies_after(last: Step) -> Observe:
    """Return an observer that lets the process die after that step."""

    def observe(step: Step) -> None:
        if step is last:
            raise Crashed

    return observe


class CrashingBroker:
    """A publisher that dies before publishing, so that the document is saved and nothing is said."""

    def __init__(self) -> None:
        self.tried: list[Sequence[Outgoing]] = []

    async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
        self.tried.append(events)
        raise Crashed
