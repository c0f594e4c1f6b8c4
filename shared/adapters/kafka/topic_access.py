"""Which topics cannot be written to, as the broker answers; an outage proves nothing about a topic."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    InvalidTopicError,
    NodeNotReadyError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

from shared.delivery.ports import Obstacle
from shared.values import value

LOOKS_MAX = 5
LOOK_EVERY_SECONDS = 0.3
"""A new topic is known to all brokers within a second or two: so long is looked for one before it counts as missing."""

REMEMBERED_FOR_SECONDS = 3.0
UNASKED_FOR_SECONDS = 60.0
LIMIT_FOR_SECONDS = 300.0  # a try costs the producer, see `KafkaPublisher`

OBSTACLES: dict[type[BaseException], Obstacle] = {
    UnknownTopicOrPartitionError: Obstacle.MISSING,
    InvalidTopicError: Obstacle.MISSING,
    TopicAuthorizationFailedError: Obstacle.FORBIDDEN,
}

Sleep = Callable[[float], Awaitable[None]]

log = structlog.get_logger()


@value
class Refusal:
    """Why a topic takes nothing, and until when (monotonic seconds) that is taken for granted."""

    obstacle: Obstacle
    until: float


@value
class Limit:
    """An event of so many bytes was too large; until when (monotonic seconds) that is taken for granted."""

    bytes: int
    until: float


class TopicAccess:
    """Remembers which topics are missing or forbidden, so that one costs time once and a look every few seconds.

    aiokafka (0.14) would wait for each missing topic as long as for a broker that is away, and log an error at each
    refresh of its metadata: so it hears of a topic only once the topic is known to be there.

    Args:
        now: Monotonic seconds.
        sleep: Returns after so many seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        self.now = now
        self.sleep = sleep
        self.refusals: dict[str, Refusal] = {}
        self.limits: dict[str, Limit] = {}

    def obstacles(self) -> dict[str, Obstacle]:
        """Return which topics hold events back, by name with prefix, and why."""
        now = self.now()
        # What nobody has asked for any more may have changed long ago.
        since = now - UNASKED_FOR_SECONDS
        large = {topic: Obstacle.TOO_LARGE for topic, limit in self.limits.items() if limit.until > since}
        return large | {topic: known.obstacle for topic, known in self.refusals.items() if known.until > since}

    @property
    def is_wary(self) -> bool:
        """Return whether any topic has refused anything, and each event must be looked at."""
        return bool(self.refusals or self.limits)

    def is_doubtful(self, topic: str) -> bool:
        """Return whether the last that was heard of *topic* is that it takes nothing."""
        return topic in self.refusals

    def refuse(self, topic: str, obstacle: Obstacle) -> None:
        """Note that *topic* takes nothing for now."""
        if topic not in self.refusals:
            log.warning("a topic holds its events back", topic=topic, because=obstacle)
        self.refusals[topic] = Refusal(obstacle, self.now() + REMEMBERED_FOR_SECONDS)

    def is_too_large(self, topic: str, size_bytes: int) -> bool:
        """Return whether *topic* refused an event of that size, or a smaller one, a short while ago."""
        limit = self.limits.get(topic)
        return limit is not None and size_bytes >= limit.bytes and limit.until > self.now()

    def note_too_large(self, topic: str, size_bytes: int) -> None:
        """Note that *topic* takes no event of that size, whatever else it takes."""
        if topic not in self.limits:
            log.warning("an event is too large for its topic and waits", topic=topic, bytes=size_bytes)
        known = self.limits.get(topic)
        least = size_bytes if known is None else min(size_bytes, known.bytes)
        self.limits[topic] = Limit(least, self.now() + LIMIT_FOR_SECONDS)

    def admit(self, topic: str, size_bytes: int) -> None:
        """Note that *topic* has taken an event of that size."""
        if self.refusals.pop(topic, None) is not None:
            log.warning("a topic takes its events again", topic=topic)
        if topic in self.limits and size_bytes >= self.limits[topic].bytes:
            del self.limits[topic]
            log.warning("a topic takes larger events now", topic=topic, bytes=size_bytes)

    async def closed(self, client: AIOKafkaClient, topics: Iterable[str]) -> dict[str, Obstacle]:
        """Return those of *topics* that take nothing, and let *client* know of all others.

        Raises:
            KafkaError: No broker has answered.
        """
        wanted, now = set(topics), self.now()
        remembered = {topic: self.refusals[topic] for topic in wanted & self.refusals.keys()}
        closed = {topic: refusal.obstacle for topic, refusal in remembered.items() if refusal.until > now}
        unknown = [topic for topic in wanted - closed.keys() if not _is_tracked(client, topic)]
        for look in range(LOOKS_MAX):
            found = await asked(client, unknown) if unknown else {}
            for topic, obstacle in found.items():
                if obstacle is Obstacle.FORBIDDEN or topic in self.refusals or look == LOOKS_MAX - 1:
                    self.refuse(topic, obstacle)
                    closed[topic] = obstacle
            unknown = [topic for topic in found if topic not in closed]
            if not unknown:
                break
            await self.sleep(LOOK_EVERY_SECONDS)
        for topic in wanted - closed.keys():
            if not _is_tracked(client, topic):
                await client.add_topic(topic)
        return closed


def _is_tracked(client: AIOKafkaClient, topic: str) -> bool:
    tracked: Collection[str] = client._topics
    return topic in tracked and client.cluster.partitions_for_topic(topic) is not None


async def asked(client: AIOKafkaClient, topics: Collection[str]) -> dict[str, Obstacle]:
    """Return those of *topics* that are missing or forbidden, as some broker says.

    Raises:
        KafkaError: It does not answer.
    """
    node = client.get_random_node()
    if node is None:
        raise NodeNotReadyError("no broker is known")
    request = MetadataRequest(list(topics), allow_auto_topic_creation=False)
    answer: Any = await client.send(node, request)
    errors = {topic: for_code(code) for code, topic, *_ in answer.topics}
    return {topic: OBSTACLES[error] for topic, error in errors.items() if error in OBSTACLES}


def give_up_what_is_gone(producer: AIOKafkaProducer) -> None:
    """From now on, fail at once what *producer* still has for a topic or partition that its metadata do not know.

    aiokafka (0.14) would ask for them again without a pause until the request times out, and log an error each time.
    """
    client, waiting = producer.client, producer._message_accumulator._batches
    known: set[str] = set()

    def look(cluster: Any) -> None:
        nonlocal known
        there = cluster.topics(exclude_internal_topics=False)
        client._topics.difference_update(known - there)
        known = there
        for place in list(waiting):
            if place.partition not in (cluster.partitions_for_topic(place.topic) or ()):
                for batch in waiting.pop(place):
                    batch.failure(UnknownTopicOrPartitionError())
                    batch._drain_waiter.exception()  # retrieved, or asyncio complains where nobody waits for it

    client.cluster.add_listener(look)
