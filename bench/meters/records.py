"""What lies on the topics after a run, read once its clock has stopped: how many records, how large, since when."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from shared.topics import Topic, family_of
from tests.servers.addresses import Namespace

READ_WITHIN_SECONDS = 60
AT_ONCE, GATHER_SECONDS = 2_000, 1.0


@dataclass(slots=True)
class Kind:
    """Records of one type on the topics of one family."""

    records: int = 0
    bytes: int = 0
    last_ms: int = 0


@dataclass(slots=True)
class Found:
    """What was found from some instant on.

    Args:
        kinds: By family and event type.
        topics: How many records lie on each topic, by family.
    """

    kinds: dict[tuple[str, str], Kind] = field(default_factory=lambda: defaultdict(Kind))
    topics: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def note(self, topic: str, type_of_event: str, size: int, at_ms: int) -> None:
        """Count one record."""
        family = family_of(topic)
        kind = self.kinds[family, type_of_event]
        kind.records += 1
        kind.bytes += size
        kind.last_ms = max(kind.last_ms, at_ms)
        self.topics[family][topic] += 1

    def count(self, family: str, *types: str) -> int:
        """Return how many records of these types (none given: of all) lie on a family's topics."""
        return sum(kind.records for _, kind in self._chosen(family, types))

    def last_ms(self, family: str, *types: str) -> int:
        """Return the broker's time of the last of them; 0 if there is none."""
        return max((kind.last_ms for _, kind in self._chosen(family, types)), default=0)

    def families(self) -> dict[str, Kind]:
        """Return what lies on each family, of all types together."""
        whole: dict[str, Kind] = defaultdict(Kind)
        for (family, _), kind in self.kinds.items():
            whole[family].records += kind.records
            whole[family].bytes += kind.bytes
            whole[family].last_ms = max(whole[family].last_ms, kind.last_ms)
        return whole

    def _chosen(self, family: str, types: Sequence[str]) -> Iterator[tuple[str, Kind]]:
        for (where, type_of_event), kind in self.kinds.items():
            if where == family and (not types or type_of_event in types):
                yield type_of_event, kind


def found_on(own: Namespace, wanted: Sequence[Topic], since_ms: int) -> Found:
    """Return what lies on these topics since an instant, by the broker's time."""
    found = Found()
    for message in messages(own, wanted):
        _, at_ms = message.timestamp()
        if at_ms >= since_ms:
            value = message.value() or b""
            found.note(message.topic().removeprefix(own.prefix), type_in(value), len(value), at_ms)
    return found


def type_in(value: bytes) -> str:
    """Return the event type of a record, short: ``routed`` of ``tindak.ticket.routed.v1``."""
    if not value:
        return ""
    said = str(orjson.loads(value).get("type", ""))
    return said.removeprefix("tindak.").rpartition(".v")[0] or said


def messages(own: Namespace, wanted: Sequence[Topic]) -> Iterator[Message]:
    """Yield all records of these topics, partition by partition as they come, until no more come; joins no group.

    Raises:
        TimeoutError: The broker gives less than it says it has.
    """
    options = {"bootstrap.servers": own.servers.bootstrap_servers, "group.id": f"{own.prefix}bench-reader"}
    consumer = Consumer({**options, "enable.auto.commit": False, "enable.partition.eof": False})
    places = [TopicPartition(own.prefix + topic.name, each) for topic in wanted for each in range(topic.partitions)]
    asked = [TopicPartition(place.topic, place.partition, -1) for place in places]
    ends = {(each.topic, each.partition): each.offset for each in consumer.offsets_for_times(asked, timeout=30)}
    left = {place: end for place, end in ends.items() if end > 0}
    consumer.assign([TopicPartition(*place, OFFSET_BEGINNING) for place in left])
    give_up_at = time.monotonic() + READ_WITHIN_SECONDS
    try:
        while (batch := consumer.consume(AT_ONCE, GATHER_SECONDS)) or left:
            if batch:
                give_up_at = time.monotonic() + READ_WITHIN_SECONDS
            elif time.monotonic() > give_up_at:
                raise TimeoutError(f"nothing more of {sorted(left)[:3]}")
            for message in batch:
                if message.error():
                    raise TimeoutError(str(message.error()))
                place = message.topic(), message.partition()
                yield message
                if message.offset() >= ends[place] - 1:
                    left.pop(place, None)
    finally:
        consumer.close()
