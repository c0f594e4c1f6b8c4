"""Which topics cannot be written to, as the broker's own answers say; an outage says nothing about a topic."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
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

from shared.delivery.outgoing import Reference
from shared.delivery.ports import Obstacle

LOOKS_MAX = 5
LOOK_EVERY_SECONDS = 0.3
"""A new topic is known to all brokers within a second or two: so long is looked for one before it counts as missing."""

REMEMBERED_FOR_SECONDS = 3.0
UNASKED_FOR_SECONDS = 60.0
OVERSIZED_FOR_SECONDS = 60.0  # several rounds of the relay, which tries each again
OVERSIZED_SEEN_MAX = 1000

OBSTACLES: dict[type[BaseException], Obstacle] = {
    UnknownTopicOrPartitionError: Obstacle.MISSING,
    InvalidTopicError: Obstacle.MISSING,
    TopicAuthorizationFailedError: Obstacle.FORBIDDEN,
}

Sleep = Callable[[float], Awaitable[None]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a topic takes nothing, and until when (monotonic seconds) that is taken for granted."""

    obstacle: Obstacle
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
        self.oversized: dict[str, float] = {}
        self.oversized_seen: set[Reference] = set()

    def obstacles(self) -> dict[str, Obstacle]:
        """Return which topics hold events back, by name with prefix, and why."""
        now = self.now()
        large = {topic: Obstacle.TOO_LARGE for topic, until in self.oversized.items() if until > now}
        # What nobody has asked for any more may have changed long ago.
        asked = {topic: known for topic, known in self.refusals.items() if now - known.until < UNASKED_FOR_SECONDS}
        return large | {topic: refusal.obstacle for topic, refusal in asked.items()}

    def is_doubtful(self, topic: str) -> bool:
        """Return whether the last that was heard of *topic* is that it takes nothing."""
        return topic in self.refusals

    def refuse(self, topic: str, obstacle: Obstacle) -> None:
        """Note that *topic* takes nothing for now."""
        if topic not in self.refusals:
            log.warning("a topic holds its events back", topic=topic, because=obstacle)
        self.refusals[topic] = Refusal(obstacle, self.now() + REMEMBERED_FOR_SECONDS)

    def note_too_large(self, topic: str, event_id: str) -> None:
        """Note that *topic* takes no event of that size, whatever else it takes."""
        self.oversized[topic] = self.now() + OVERSIZED_FOR_SECONDS
        if len(self.oversized_seen) > OVERSIZED_SEEN_MAX:
            self.oversized_seen.clear()
        if (topic, event_id) not in self.oversized_seen:
            self.oversized_seen.add((topic, event_id))
            log.warning("an event is too large for its topic", topic=topic, event_id=event_id)

    def admit(self, topic: str) -> None:
        """Note that *topic* takes events."""
        if self.refusals.pop(topic, None) is not None:
            log.warning("a topic takes its events again", topic=topic)

    async def closed(self, client: AIOKafkaClient, topics: Iterable[str]) -> dict[str, Obstacle]:
        """Return those of *topics* that take nothing, and let *client* know of all others.

        Raises:
            KafkaError: No broker has answered.
        """
        wanted, now = set(topics), self.now()
        remembered = {topic: self.refusals[topic] for topic in wanted & self.refusals.keys()}
        closed = {topic: refusal.obstacle for topic, refusal in remembered.items() if refusal.until > now}
        unknown = [topic for topic in wanted - closed.keys() if not is_tracked(client, topic)]
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
            if not is_tracked(client, topic):
                await client.add_topic(topic)
        return closed


def is_tracked(client: AIOKafkaClient, topic: str) -> bool:
    """Return whether *client* keeps itself informed about *topic*, and knows its partitions."""
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

    client.cluster.add_listener(look)
