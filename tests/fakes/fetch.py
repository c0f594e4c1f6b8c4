"""A fetcher on aiokafka's own state of partitions, without a broker."""

import asyncio
from collections import OrderedDict
from typing import Any

from aiokafka import TopicPartition
from aiokafka.cluster import ClusterMetadata
from aiokafka.consumer.fetcher import OffsetResetStrategy
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import KafkaError

from shared.adapters.kafka.fetch_faults import FetchFaults
from shared.adapters.kafka.fetch_sessions import Answer, Waits
from shared.adapters.kafka.fetcher import SafeFetcher
from shared.delivery.ports import Record
from shared.fairness.admission import Admission
from shared.fairness.join import JoinWindow
from shared.fairness.pace import USUAL, Pace

ONE, TWO = TopicPartition("own-tickets.updates", 0), TopicPartition("own-tickets.updates", 1)


class Client:
    """Counts how often it was asked to look at the cluster again."""

    def __init__(self) -> None:
        self.looks = 0
        self.cluster = ClusterMetadata()

    def force_metadata_update(self) -> None:
        self.looks += 1


class Fetch:
    """A fetcher with partitions at offset 0, two by default; ``answer`` is what a broker says about one of them."""

    def __init__(self, *places: TopicPartition) -> None:
        self.places = places or (ONE, TWO)
        loop = asyncio.get_running_loop()
        self.subscription = SubscriptionState(loop=loop)
        self.subscription.assign_from_user(self.places)
        self.assignment = self.subscription.subscription.assignment
        for place in self.places:
            self.state(place).seek(0)
        self.fetcher: Any = SafeFetcher.__new__(SafeFetcher)
        self.fetcher.__dict__ |= {
            "_loop": loop, "_client": Client(), "_records": OrderedDict(), "_subscriptions": self.subscription,
            "_wait_consume_future": None, "_prefetch_backoff": 0.1, "_closed": False, "_fetch_waiters": set(),
            "_default_reset_strategy": OffsetResetStrategy.EARLIEST, "_max_partition_fetch_bytes": 1024,
            "topic_prefix": "own-", "faults": FetchFaults(), "admission": Admission(), "pace": Pace(),
            "join": JoinWindow(USUAL),
            "waits": Waits(), "sessions": {}, "_fetch_min_bytes": 1, "_fetch_max_bytes": 1024, "_isolation_level": 0,
        }  # fmt: skip

    @property
    def faults(self) -> FetchFaults:
        faults: FetchFaults = self.fetcher.faults
        return faults

    def state(self, place: TopicPartition) -> Any:
        return self.assignment.state_value(place)

    def knows_partitions(self, topic: str, count: int) -> None:
        """Let the cluster have so many partitions of a topic."""
        self.fetcher._client.cluster._partitions[topic] = dict.fromkeys(range(count))

    def answer(self, place: TopicPartition, data: bytes = b"", error: type[KafkaError] | None = None) -> None:
        self.state(place).resume()
        code = error.errno if error else 0
        wanted = {place: (self.state(place).position, 1024)}
        self.fetcher._take(self.assignment, Answer(place, code, 100, data), wanted)

    async def drained(self, records_max: int = 500) -> list[Record]:
        found = await self.fetcher.fetched_records((), 0, records_max)
        return [record for records in found.values() for record in records]

    def positions(self) -> list[int]:
        return [self.state(place).position for place in self.places]
