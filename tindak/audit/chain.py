"""Checks the chains of facts about who opened a contact against the heads that notify keeps; does no I/O."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

import orjson

from shared.delivery.ports import Record
from shared.events import CHAIN_START, ContactOpened, link_hash
from shared.ids import occasion_id


@dataclass(frozen=True, slots=True)
class Head:
    """The end of one ticket's chain as notify keeps it, and what of it waits to be published, by sequence.

    ``unreadable`` is why that cannot be read, so that whatever is missing may wait; empty if it can.
    """

    hash: str = CHAIN_START
    opened_at: tuple[datetime, ...] = ()
    waiting: frozenset[int] = frozenset()
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A fact of a chain where it first lies; ``fields`` are its data."""

    place: str
    at: datetime
    value: bytes
    id: str
    fields: Mapping[str, Any]
    is_intact: bool

    @property
    def sequence(self) -> int:
        """Return its number in the chain; 0 if it says none."""
        said = self.fields.get("sequence")
        return said if isinstance(said, int) and said > 0 else 0

    def __str__(self) -> str:
        return f"fact {self.sequence} of ticket {self.fields.get('ticket_id')} at {self.place} ({self.id})"


@dataclass(frozen=True, slots=True)
class Chains:
    """What lies on the topic: the facts by ticket, repeats counted once, and records that are no such facts."""

    links: Mapping[str, list[Link]] = field(default_factory=dict)
    strangers: tuple[str, ...] = ()

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Chains":
        """Return the chains in *records*, which stand in order of offset in each partition."""
        links: dict[str, list[Link]] = defaultdict(list)
        seen: set[bytes] = set()
        strangers = []
        for record in records:
            link = _link(record)
            if link is None:
                strangers.append(f"{_place(record)} is no fact about a contact that was opened")
            elif link.value not in seen:
                seen.add(link.value)
                links[str(link.fields["ticket_id"])].append(link)
        return cls(links, tuple(strangers))


def faults(
    chains: Chains, before: Mapping[str, Head], after: Mapping[str, Head], kept_since: datetime
) -> Iterator[str]:
    """Yield a sentence for each fact that was removed, altered or inserted, or does not stand in its place.

    Facts are said while this is asked, so there are two heads of each chain: what the first one knows must be on the
    topic, what the second does not know may not be there.

    Args:
        chains: As they lay on the topic after *before* and before *after* was read.
        before: The heads by ticket, read first.
        after: The heads by ticket, read last.
        kept_since: What happened earlier may have left the topic by age.
    """
    yield from chains.strangers
    for ticket in sorted(chains.links.keys() | before.keys()):
        links = chains.links.get(ticket, [])
        yield from _of_chain(ticket, links, before.get(ticket, Head()), after.get(ticket, Head()), kept_since)


def _of_chain(ticket: str, links: Sequence[Link], before: Head, after: Head, kept_since: datetime) -> Iterator[str]:
    if not after.opened_at and not before.opened_at:
        # The ticket's document has left notify's collection, which it does later than its facts leave the topic.
        yield from (f"{link} was inserted: notify knows no such chain" for link in links if link.at >= kept_since)
        return
    if unreadable := before.unreadable or after.unreadable:
        yield f"what waits to be said of ticket {ticket} cannot be read: {unreadable}"
    candidates: dict[int, list[Link]] = defaultdict(list)
    for link in links:
        candidates[link.sequence].append(link)
    last = max(len(before.opened_at), len(after.opened_at))
    genuine = _genuine(candidates, before, after)
    for link in links:
        if not 1 <= link.sequence <= last:
            yield f"{link} was inserted: the chain has {last}"
        elif genuine.get(link.sequence) is not link:
            others = [other for other in candidates[link.sequence] if other is not link]
            yield f"{link} was {'inserted' if genuine.get(link.sequence) in others else 'altered'}"
    missing = () if before.unreadable else enumerate(before.opened_at, 1)
    for number, opened_at in missing:
        if number not in candidates and number not in before.waiting and opened_at >= kept_since:
            yield f"fact {number} of ticket {ticket} was removed; it was said at {opened_at.isoformat()}"
    in_place = [link for link in links if genuine.get(link.sequence) is link]
    for earlier, later in pairwise(in_place):
        if later.sequence < earlier.sequence:
            yield f"{later} changed places: it stands behind fact {earlier.sequence}"


def _genuine(candidates: Mapping[int, Sequence[Link]], before: Head, after: Head) -> dict[int, Link]:
    """Return by sequence the fact that belongs there, as far as heads and hashes prove it.

    From a head backwards each fact names the hash of the one before. Behind a gap, where nothing names the next one, an
    intact fact that stands alone is believed, unless the one before it contradicts it.
    """
    known = {len(head.opened_at): head.hash for head in (before, after)}
    found: dict[int, Link] = {}
    expected: str | None = None
    for number in range(max(known), 0, -1):
        expected = known.get(number, expected)
        intact = [link for link in candidates.get(number, ()) if link.is_intact]
        matching = [link for link in intact if expected in (None, link.fields["hash"])]
        expected = None
        if len(matching) == 1:
            found[number] = matching[0]
            expected = str(matching[0].fields["previous"])
    first = found.get(1)
    if first is not None and first.fields["previous"] != CHAIN_START:
        del found[1]
    return found


def _link(record: Record) -> Link | None:
    try:
        body = orjson.loads(record.value or b"")
        fields, ticket, at = body["data"], body["data"]["ticket_id"], datetime.fromisoformat(body["data"]["at"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    if not isinstance(ticket, str) or body.get("type") != ContactOpened.TYPE:
        return None
    link = Link(_place(record), record.timestamp, record.value or b"", str(body.get("id")), fields, is_intact=False)
    around = (body.get("id"), body.get("source"), body.get("subject"), body.get("partitionkey"), record.key)
    meant = _id(ticket, link.sequence), "/tindak/notify", ticket, ticket, ticket.encode()
    time = datetime.fromisoformat(body["time"]) if isinstance(body.get("time"), str) else None
    is_intact = link_hash(fields) == fields.get("hash") and "previous" in fields and around == meant and time == at
    return Link(link.place, link.at, link.value, link.id, fields, is_intact)


def _id(ticket: str, sequence: int) -> str:
    try:
        return occasion_id(ticket, f"{ContactOpened.TYPE}|audit|{sequence}")
    except ValueError:
        return ""


def _place(record: Record) -> str:
    return f"{record.topic}/{record.partition}/{record.offset}"
