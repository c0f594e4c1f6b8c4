"""Watches how far another service has handled a topic, without joining its group."""

import asyncio
import contextlib

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.adapters.kafka.committed import group_reader
from shared.adapters.kafka.producer import closed
from shared.fairness.backlog import Backlog, Reading
from shared.process.settings import KafkaSettings

READ_EVERY_SECONDS = 0.05
READ_AGAIN_SECONDS = 1.0  # after a failure
READ_WITHIN_SECONDS = 2.0

log = structlog.get_logger()


class GroupFollowers:
    """Those who read *topic* as the group of *service*: how many more records they should get now.

    It asks the broker only while somebody wants to know, over a connection of its own that is opened at the first time.

    Args:
        settings: How to reach the broker.
        service: Whose group it is.
        topic: Without prefix.
    """

    def __init__(self, settings: KafkaSettings, service: str, topic: str) -> None:
        self.settings = settings
        self.service = service
        self.topic = topic
        self.backlog = Backlog()
        self.trouble = ""
        self._reader: AIOKafkaConsumer | None = None
        self._reading: asyncio.Task[None] | None = None
        self._asked_at: float | None = None

    def room(self, now_seconds: float) -> int | None:
        """Return how many more records they should get now, and ask anew how far they are; None: no bound."""
        pause = READ_AGAIN_SECONDS if self.trouble else READ_EVERY_SECONDS
        is_due = self._asked_at is None or now_seconds - self._asked_at >= pause
        if is_due and (self._reading is None or self._reading.done()):
            self._asked_at = now_seconds
            self.backlog.asked()
            self._reading = asyncio.create_task(self._read())
        return self.backlog.room(now_seconds)

    def took(self, count: int) -> None:
        """Note that *count* more records are on their way to them."""
        self.backlog.took(count)

    def remark(self) -> str:
        """Return why nobody knows how far they are; empty if that is known, or if nobody wanted to know."""
        return (
            f"takes whatever comes, for how far {self.service} is cannot be seen: {self.trouble}"
            if self.trouble
            else ""
        )

    async def close(self) -> None:
        """Close the connection."""
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        await self._close_reader()

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(READ_WITHIN_SECONDS):
                end, handled = await self._sums(await self._started())
        except (KafkaError, TimeoutError) as error:
            if not self.trouble:
                log.warning("cannot see how far another service is", service=self.service, error=type(error).__name__)
            self.trouble = type(error).__name__
            await self._close_reader()
            return
        self.trouble = ""
        self.backlog.note(Reading(asyncio.get_running_loop().time(), end, handled))

    async def _sums(self, reader: AIOKafkaConsumer) -> tuple[int, int]:
        """Return where the topic ends, and up to where the group has committed it, over all partitions."""
        name = self.settings.topic_prefix + self.topic
        places = [TopicPartition(name, each) for each in reader.partitions_for_topic(name) or ()]
        # Its own method asks for one partition at a time (aiokafka 0.14); what was never committed is left out.
        committed = await reader._coordinator.fetch_committed_offsets(places)
        never = [place for place in places if place not in committed]
        begins = await reader.beginning_offsets(never) if never else {}
        ends = await reader.end_offsets(places)
        handled = sum(begins[place] if place in begins else committed[place].offset for place in places)
        return sum(ends.values()), handled

    async def _started(self) -> AIOKafkaConsumer:
        if self._reader is None:
            self._reader = await group_reader(self.settings, self.service, [self.topic])
        return self._reader

    async def _close_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            await closed(reader.stop)
