"""Fetches that name only what has changed (KIP-227), written and read without a step for each field.

aiokafka (0.14) names every partition in each fetch, and takes apart field by field what comes back. A session that the
broker holds remembers what was named. Where it holds none, as the embedded one does, or speaks another version than 11,
every fetch names all.

https://cwiki.apache.org/confluence/display/KAFKA/KIP-227
"""

import math
import struct
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v11

Wanted = dict[TopicPartition, tuple[int, int]]
"""From which offset on, and how many bytes at most, by partition."""

VERSION = FetchRequest_v11.API_VERSION
NO_ID, NO_EPOCH, FIRST_EPOCH, LAST_EPOCH = 0, -1, 0, 2**31 - 1
CONSUMER = NO_LEADER_EPOCH = NO_LOG_START = -1

# https://kafka.apache.org/protocol#The_Messages_Fetch, version 11
REQUEST, NAMED = struct.Struct(">iiiibii"), struct.Struct(">iiqqi")
RESPONSE, ANSWERED = struct.Struct(">ihi"), struct.Struct(">ihqqqi")
LENGTH, NUMBER = struct.Struct(">h"), struct.Struct(">i")
ABORTED_BYTES, REPLICA_BYTES = 16, 4

IDLE_AFTER_SECONDS = 10.0
PARTIAL_MS = 25


class Answer(NamedTuple):
    """What the broker says of one partition.

    Args:
        code: Of an error, or 0.
        end: Where it ends.
    """

    place: TopicPartition
    code: int
    end: int
    batches: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a fetch may be held back, and between how many bytes it is answered."""

    wait_ms: int
    bytes_min: int
    bytes_max: int
    isolation_level: int


@dataclass
class Waits:
    """How long the broker may hold a fetch back until there is something to read.

    Args:
        flow_ms: While records come, and for ten seconds after.
        idle_ms: Else; 500 ms cost two fetches a second.
        came_at_seconds: When records came last.
    """

    flow_ms: int = 500
    idle_ms: int = 500
    came_at_seconds: float = -math.inf

    def of(self, now_seconds: float, *, is_partial: bool) -> int:
        """Return how many milliseconds the next fetch may be held back.

        One that leaves out partitions, because what was fetched of them is not handled yet or because they are at
        fault, is the only one on its way to that broker: as long as it is held back, those are not fetched.
        """
        if is_partial:
            return min(self.flow_ms, PARTIAL_MS)
        return self.flow_ms if now_seconds - self.came_at_seconds < IDLE_AFTER_SECONDS else self.idle_ms


class SessionFetch(FetchRequest):  # type: ignore[misc]  # aiokafka is not typed
    """A fetch of *wanted*.

    Args:
        session: Its id and epoch.
        named, forgotten: What the session does not know yet of what is wanted, and what it knows and is not wanted.
    """

    def __init__(
        self,
        limits: Limits,
        wanted: Wanted,
        session: tuple[int, int],
        named: Wanted,
        forgotten: Collection[TopicPartition],
    ) -> None:
        super().__init__(limits.wait_ms, limits.bytes_min, limits.bytes_max, limits.isolation_level, [])
        self.limits = limits
        self.wanted = wanted
        self.session = session
        self.named = named
        self.forgotten = forgotten

    def build(self, request_struct_class: type[Any]) -> Any:
        """Return what goes over the connection; in another version than 11 as aiokafka would, without a session."""
        if request_struct_class.API_VERSION == VERSION:
            return _Written(self)
        self._topics = [
            (topic, [(place.partition, *self.wanted[place]) for place in places])
            for topic, places in _by_topic(self.wanted).items()
        ]
        return super().build(request_struct_class)


class FetchSession:
    """What the broker remembers of our fetches, if it remembers anything."""

    def __init__(self) -> None:
        self.id = NO_ID
        self.epoch = FIRST_EPOCH
        self.known: Wanted = {}

    def fetch(self, wanted: Wanted, limits: Limits) -> SessionFetch:
        """Return the fetch that asks for *wanted* and nothing else."""
        whole = self.epoch in (NO_EPOCH, FIRST_EPOCH)
        known = {} if whole else self.known
        named = {place: where for place, where in wanted.items() if known.get(place) != where}
        return SessionFetch(limits, wanted, (self.id, self.epoch), named, known.keys() - wanted.keys())

    def answered(self, request: SessionFetch, response: Any) -> bool:
        """Note what the broker knows now; return whether it has taken the fetch. If it has not, the next names all."""
        if getattr(response, "error_code", 0):  # it has forgotten the session, or counts otherwise
            self.lost()
            return False
        self.known, self.id = request.wanted, getattr(response, "session_id", NO_ID)
        following = 1 if self.epoch == LAST_EPOCH else self.epoch + 1
        self.epoch = following if self.id != NO_ID else NO_EPOCH
        return True

    def lost(self) -> None:
        """Begin anew: nobody knows whether the broker got the last fetch. What it held under the same id is closed."""
        self.epoch, self.known = FIRST_EPOCH, {}


def answers_of(response: Any) -> list[Answer]:
    """Return what a response says of partitions, in its order; in a session, of those alone of which there is news."""
    if isinstance(response, _Read):
        return response.answers
    return [
        Answer(TopicPartition(topic, partition), code, end, rest[-1] or b"")
        for topic, partitions in response.topics
        for partition, code, end, *rest in partitions
    ]


class _Written(FetchRequest_v11):  # type: ignore[misc]  # aiokafka is not typed
    """A request as its bytes."""

    def __init__(self, request: SessionFetch) -> None:
        super().__init__()
        self.request = request

    def encode(self) -> bytes:
        request, limits = self.request, self.request.limits
        parts = [
            REQUEST.pack(
                CONSUMER, limits.wait_ms, limits.bytes_min, limits.bytes_max, limits.isolation_level, *request.session
            )
        ]
        topics = _by_topic(request.named)
        parts.append(NUMBER.pack(len(topics)))
        for topic, places in topics.items():
            parts += [_text(topic), NUMBER.pack(len(places))]
            for place in places:
                offset, bytes_max = request.named[place]
                parts.append(NAMED.pack(place.partition, NO_LEADER_EPOCH, offset, NO_LOG_START, bytes_max))
        topics = _by_topic(request.forgotten)
        parts.append(NUMBER.pack(len(topics)))
        for topic, places in topics.items():
            parts += [_text(topic), NUMBER.pack(len(places)), *(NUMBER.pack(place.partition) for place in places)]
        parts.append(_text(""))  # rack
        return b"".join(parts)


class _Read:
    """A response, read from its bytes."""

    API_VERSION = VERSION

    def __init__(self, data: memoryview) -> None:
        _, self.error_code, self.session_id = RESPONSE.unpack_from(data)
        self.answers: list[Answer] = []
        topics, at = _number(data, RESPONSE.size)
        for _ in range(topics):
            (length,) = LENGTH.unpack_from(data, at)
            at += LENGTH.size
            topic = str(data[at : at + length], "utf-8")
            partitions, at = _number(data, at + length)
            for _ in range(partitions):
                at = self._add(data, at, topic)

    @classmethod
    def decode(cls, data: BytesIO) -> "_Read":
        """Return the response whose header was read already."""
        return cls(data.getbuffer()[data.tell() :])  # which may be 50 MiB: nothing is copied but what is kept

    def _add(self, data: memoryview, at: int, topic: str) -> int:
        partition, code, end, _, _, aborted = ANSWERED.unpack_from(data, at)
        size, at = _number(data, at + ANSWERED.size + max(0, aborted) * ABORTED_BYTES + REPLICA_BYTES)
        batches = bytes(data[at : at + size]) if size > 0 else b""
        self.answers.append(Answer(TopicPartition(topic, partition), code, end, batches))
        return at + max(0, size)


_Written.RESPONSE_TYPE = _Read


def _number(data: memoryview, at: int) -> tuple[int, int]:
    return NUMBER.unpack_from(data, at)[0], at + NUMBER.size


def _text(text: str) -> bytes:
    encoded = text.encode()
    return LENGTH.pack(len(encoded)) + encoded


def _by_topic(places: Collection[TopicPartition]) -> dict[str, list[TopicPartition]]:
    found: dict[str, list[TopicPartition]] = defaultdict(list)
    for place in places:
        found[place.topic].append(place)
    return found
