"""Records the events that the services publish, and waits for them."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from functools import partial
from typing import TypeVar

from shared.delivery.ports import Record
from shared.events import Event, EventData, UpdateRefused
from tindak.client.records import event_of

D = TypeVar("D", bound=EventData)
T = TypeVar("T")


class EventRecorder:
    """The events of all topics in the order in which they were read.

    Attributes:
        events: Every event, repeats included.
        by_id: Every event once, by id.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.by_id: dict[str, Event] = {}
        self._of_ticket: dict[str, list[Event]] = defaultdict(list)
        self._news = asyncio.Event()

    async def listen(self, records: AsyncIterator[Record], refusals_only: Collection[str] = ()) -> None:
        """Record the events of *records*, without end; of the topics *refusals_only*, the refused updates alone."""
        async for record in records:
            event = event_of(record)
            if event is not None and (record.topic not in refusals_only or isinstance(event.data, UpdateRefused)):
                self.add(event)

    def add(self, event: Event) -> None:
        """Record one event and wake whoever waits."""
        self.events.append(event)
        if event.id not in self.by_id:
            self.by_id[event.id] = event
            self._of_ticket[getattr(event.data, "ticket_id", "")].append(event)
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def until(self, condition: Callable[[], T | None]) -> T:
        """Return what *condition* returns, once that is anything but None; it is asked again at every event."""
        while (found := condition()) is None:
            await self._news.wait()
        return found

    async def stream(self) -> AsyncIterator[Event]:
        """Yield every event once, from the first that was recorded, without end."""
        position = 0
        while True:
            for event in await self.until(partial(self._events_from, position)):
                position += 1
                yield event

    def _events_from(self, position: int) -> list[Event] | None:
        return list(self.by_id.values())[position:] or None

    def all(self, kind: type[D], ticket_id: str | None = None) -> Iterator[D]:
        """Yield the data of this type, of one ticket or of all."""
        events = self.by_id.values() if ticket_id is None else self._of_ticket[ticket_id]
        return (event.data for event in events if isinstance(event.data, kind))

    def has(self, kind: type[EventData], ticket_id: str) -> bool:
        """Return whether there is an event of this type about the ticket."""
        return next(self.all(kind, ticket_id), None) is not None
