"""Indexes records and documents for the checks of the audit."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from shared import topics
from shared.delivery.documents.document import Document
from shared.delivery.ports import Record
from shared.events import ComplaintAccepted, ComplaintSubmitted, UnreadableEvent
from shared.events.envelope import decode

Where = tuple[str, int, int]
DEAD_LETTERS = topics.dead_letter_topic("")


@dataclass(frozen=True, slots=True)
class Fact:
    """An event of our own services, as first published on a topic."""

    topic: str
    id: str
    type: str
    cause_id: str | None
    data: Mapping[str, Any]

    @property
    def ticket(self) -> str:
        """Return the ticket that it is about, or an empty text."""
        return str(self.data.get("ticket_id", ""))

    def __str__(self) -> str:
        return f"{self.type} {self.id} on {self.topic}"


@dataclass(frozen=True, slots=True)
class Submission:
    """A record of a channel.

    Args:
        where: Where the record lies.
        id: Event id; None if the record is no complaint.
        source: Channel and the channel's own id.
        names_reporter: Whether it says who reports.
    """

    where: Where
    id: str | None = None
    source: tuple[str, str] = ("", "")
    names_reporter: bool = False

    def __str__(self) -> str:
        return "/".join(map(str, self.where)) + (f" ({'/'.join(self.source)})" if self.id else "")


@dataclass
class Ledger:
    """All topics and documents.

    Args:
        facts: By topic, each event of our own services once, in order of its first publication.
        contents: By event id, the bytes first published under it.
        contradictions: By event id, the different bytes published under it, where there are several.
        submissions: Records of channels.
        dead: Origin of each dead letter.
        expected: Origins of the records that must be among the dead letters.
        unreadable: Records of our own services that are no events.
    """

    documents: dict[str, list[Document[Any]]]
    expected: set[Where]
    facts: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))
    contents: dict[str, bytes] = field(default_factory=dict)
    contradictions: dict[str, set[bytes]] = field(default_factory=dict)
    submissions: list[Submission] = field(default_factory=list)
    dead: set[Where] = field(default_factory=set)
    unreadable: list[Record] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        records: Iterable[Record],
        documents: Mapping[str, Iterable[Document[Any]]],
        expected: Collection[Where],
    ) -> "Ledger":
        """Return the ledger of these topics and documents."""
        ledger = cls({service: list(held) for service, held in documents.items()}, set(expected))
        seen: set[tuple[str, str]] = set()
        for record in records:
            ledger._enter(record, seen)
        return ledger

    def _enter(self, record: Record, seen: set[tuple[str, str]]) -> None:
        """Index one record; *seen* holds topic and id of every event indexed so far."""
        if topics.family_of(record.topic) == topics.SUBMITTED:
            self.submissions.append(_submission(record))
        elif record.topic.endswith(DEAD_LETTERS):
            headers = dict(record.headers)
            place = (headers["dlq-topic"], headers["dlq-partition"], headers["dlq-offset"])
            self.dead.add((place[0].decode(), int(place[1]), int(place[2])))
        elif not topics.is_from_outside(record.topic) and not topics.is_replay(record.topic) and record.value:
            self._enter_event(record, record.value, seen)

    def _enter_event(self, record: Record, value: bytes, seen: set[tuple[str, str]]) -> None:
        try:
            body = orjson.loads(value)
            fact = Fact(record.topic, body["id"], body["type"], body.get("causationid"), body["data"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            self.unreadable.append(record)
            return
        first = self.contents.setdefault(fact.id, value)
        if first != value:
            self.contradictions.setdefault(fact.id, {first}).add(value)
        if (fact.topic, fact.id) not in seen:
            seen.add((fact.topic, fact.id))
            self.facts[fact.topic].append(fact)

    @cached_property
    def channels(self) -> dict[str, str]:
        """Return by ticket through which channel it came, as intake said."""
        accepted = self.of_type(topics.ACCEPTED, ComplaintAccepted)
        return {fact.ticket: str(fact.data["channel"]) for fact in accepted}

    def of_type(self, topic: str, *kinds: type[Any]) -> list[Fact]:
        """Return the facts on *topic* of any of these types."""
        wanted = {kind.TYPE for kind in kinds}
        return [fact for fact in self.facts[topic] if fact.type in wanted]

    def of_family(self, family: str, *kinds: type[Any]) -> list[Fact]:
        """Return the facts on all topics of *family* of any of these types."""
        names = [topic for topic in self.facts if topics.family_of(topic) == family]
        return [fact for name in names for fact in self.of_type(name, *kinds)]


def _submission(record: Record) -> Submission:
    where = record.topic, record.partition, record.offset
    try:
        event = decode(record.value, dict(record.headers), from_outside=True, arrived_at=record.timestamp)
    except UnreadableEvent:
        return Submission(where)
    data = event.data
    if not isinstance(data, ComplaintSubmitted):
        return Submission(where)
    return Submission(where, event.id, (data.channel, data.source_id), data.names_reporter)
