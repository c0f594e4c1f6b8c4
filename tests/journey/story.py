"""A city as outsiders live in it: they complain, ask for things, and hear what is said on the topics."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from shared import topics
from shared.delivery.ports import Record
from shared.events import Command, ComplaintAccepted, ComplaintRejected, Event, EventData, TicketFact, UpdateRefused
from shared.senders import refusals_topic, sender_of
from tests.faults.city import EVERY_TOPIC, WHILE_RUNNING, City, city_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import until
from tindak.audit import audit
from tindak.audit.ledger import Where
from tindak.client.envelopes import submission, update
from tindak.client.kafka import Client, Start
from tindak.client.records import event_of

WITHIN_SECONDS = 90

D = TypeVar("D", bound=EventData)
T = TypeVar("T")


@dataclass
class Story:
    """Everything that is said from the beginning on, each event once per topic, in the order in which it is read.

    Args:
        city: Where it happens.
        records: All topics, as they grow.
    """

    city: City
    records: list[Record] = field(default_factory=list)
    _said: dict[tuple[str, str], Event] = field(default_factory=dict)
    _ends: dict[tuple[str, int], int] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def client(self) -> Client:
        """Through which everybody writes."""
        return self.city.client

    async def complain(self, **data: Any) -> ComplaintAccepted:
        """Hand in a report; return how it was accepted."""
        await self.client.publish([submission(data, datetime.now(UTC))])
        source = (data["channel"], data["source_id"])

        def answer() -> ComplaintAccepted | ComplaintRejected | None:
            given: tuple[ComplaintAccepted | ComplaintRejected, ...]
            on = topics.answers_topic(data["channel"])
            given = (*self.all(ComplaintAccepted, on), *self.all(ComplaintRejected, on))
            return next((said for said in given if (said.channel, said.source_id) == source), None)

        said = await self.until(answer, f"an answer to {source}")
        assert isinstance(said, ComplaintAccepted), said
        return said

    async def ask(self, source: str, command: Command) -> list[TicketFact]:
        """Let *source* ask something of a ticket; return the facts that follow from it, the first at least.

        Of the sender's own topic only refusals count: it tells of a ticket's course, too, before the others or after.
        """
        asked, sender = update(command, source, datetime.now(UTC)), sender_of(source)
        assert sender is not None
        await self.client.publish([asked])

        def followed() -> list[TicketFact] | None:
            facts = self._caused_by(asked.id, topics.TICKETS, TicketFact)
            return facts or [*self._caused_by(asked.id, refusals_topic(sender), UpdateRefused)] or None

        return await self.until(followed, f"what follows from {command.TYPE}")

    def _caused_by(self, update_id: str, topic: str, kind: type[D]) -> list[D]:
        said = (event.data for event in self.events(topic) if event.cause_id == update_id)
        return [data for data in said if isinstance(data, kind)]

    def events(self, topic: str) -> list[Event]:
        """Return what has been said on *topic*."""
        return [event for (on, _), event in self._said.items() if on == topic]

    def all(self, kind: type[D], topic: str, ticket_id: str | None = None) -> list[D]:
        """Return the data of that kind on *topic*, of one ticket or of all."""
        said = (event.data for event in self.events(topic) if isinstance(event.data, kind))
        return [data for data in said if ticket_id in (None, getattr(data, "ticket_id", None))]

    def told(self, topic: str, ticket_id: str) -> list[str]:
        """Return the short names of what *topic* tells of a ticket: ``routed`` for ``tindak.ticket.routed.v1``."""
        return [short(data) for data in self.all(EventData, topic, ticket_id)]

    async def hears(self, kind: type[D], topic: str, ticket_id: str, **values: Any) -> D:
        """Return the first of that kind that *topic* tells of a ticket and that has these values, once it is there."""

        def found() -> D | None:
            said = self.all(kind, topic, ticket_id)
            return next((data for data in said if values.items() <= dict(data).items()), None)

        return await self.until(found, f"{kind.TYPE} with {values} on {topic}")

    async def until(self, found: Callable[[], T | None], what: str) -> T:
        """Return what *found* returns, once that is anything but None; it is asked again at every record."""
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                while (result := found()) is None:
                    await self._news.wait()
        except TimeoutError:
            lately = [f"{topic}: {short(event.data)}" for (topic, _), event in self._said.items()][-12:]
            raise AssertionError(f"not within {WITHIN_SECONDS} s: {what}; said lately: {lately}") from None
        return result

    async def audited(self, dead_letters: Collection[Where] = ()) -> None:
        """Wait until all is quiet and nothing waits to be published; fail unless all is everywhere exactly once."""
        await until(self.is_quiet, WITHIN_SECONDS, self.what_waits)
        records = sorted(self.records, key=lambda record: (record.topic, record.partition, record.offset))

        findings = audit(records, {}, dead_letters=dead_letters, checks=WHILE_RUNNING)

        assert not findings, "\n".join(map(str, findings[:10]))

    def is_quiet(self) -> bool:
        """Return whether all that lies on the topics has been read, here and by every service, and nothing waits.

        The embedded broker says of a partition's end only where the last batch begins, so what was read here counts.
        """
        ends, read = self.city.ends(), dict(self._ends)
        if not ends or any(read.get(place, 0) < end for place, end in ends.items()):
            return False
        is_done = self.city.lag(ends | read) == 0 and not self.city.pending()
        return is_done and self.city.ends() == ends and self._ends == read

    def what_waits(self) -> str:
        """Return how far everything is, for a failing test."""
        return f"lag {self.city.lag(self.city.ends() | self._ends)}, pending {self.city.pending()}"

    async def listen(self, records: AsyncIterator[Record]) -> None:
        """Note what *records* tell, without end."""
        async for record in records:
            self.records.append(record)
            self._ends[self.city.namespace.prefix + record.topic, record.partition] = record.offset + 1
            event = event_of(record)
            if event is not None:
                self._said.setdefault((record.topic, event.id), event)
            news, self._news = self._news, asyncio.Event()
            news.set()


@asynccontextmanager
async def story_of(namespace: Namespace) -> AsyncIterator[Story]:
    """Give the story of what happens on *namespace*, from its beginning."""
    async with city_of(namespace) as city, city.client.follow(EVERY_TOPIC, Start.EARLIEST) as records:
        story = Story(city)
        listening = asyncio.create_task(story.listen(records))
        try:
            yield story
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening


def short(data: EventData) -> str:
    """Return ``routed`` for ``tindak.ticket.routed.v1``."""
    return data.TYPE.split(".")[2]
