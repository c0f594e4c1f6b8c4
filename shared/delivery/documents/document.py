"""One ticket's document: state, inbox (applied event ids, for deduplication) and outbox (answers not yet published)."""

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from shared.delivery.outgoing import Outgoing, Reference, each_once
from shared.topics import COMPACTED
from shared.values import replace, value

S = TypeVar("S")

Partition = tuple[str, int]
NOTHING_PUBLISHED: Mapping[Partition, int] = {}


@value
class Answer:
    """What one applied event brought about, and where that event lies."""

    topic: str
    partition: int
    offset: int
    outgoing: tuple[Outgoing, ...]

    def is_published(self, published_offsets: Mapping[Partition, int]) -> bool:
        """Return whether the event lies before what is known to be published of its partition."""
        return self.offset < published_offsets.get((self.topic, self.partition), 0)


class QuarantineReason(StrEnum):
    """Why a document is left alone; also the reason of the dead letters of its events."""

    UNREADABLE = "document_unreadable"
    NEWER = "document_newer"
    TOO_LARGE = "document_too_large"
    UNSTORABLE = "document_unstorable"


@value
class Quarantined:
    """A document that this release leaves alone; *error* says what is wrong with it, and holds no data of it."""

    id: str
    reason: QuarantineReason
    error: str


@value
class UnknownFields:
    """What another release stored in a document, and as much of it as this release knows."""

    stored: Mapping[str, Any]
    known: Mapping[str, Any]


@value
class Document(Generic[S]):
    """State, inbox and outbox of one ticket; written in one piece, guarded by its revision.

    Args:
        id: Ticket id.
        revision: How often it has been saved; 0 if never.
        state: The service's own state.
        applied: By event id, in order of application; None once the answer is known to be published.
        pending: Events that no offset stands for and that may not be published yet, in the order in which they came
            about: those of time, those whose topic held them back, and whatever followed on the same topics meanwhile.
        pending_at: Since when, aware, UTC; None if there are none.
        due_at: When time must look at it again; None if never.
        expires_at: From when on the database may drop it; None if never.
        unknown_fields: Fields of another release, kept through every save; None if it holds none.
        applied_since: When the ids behind the first *applied_before* began to be applied; None before the first.
        applied_before: How many of the first ids in *applied* are older than that.
    """

    id: str
    revision: int = 0
    state: S | None = None
    applied: Mapping[str, Answer | None] = field(default_factory=dict)
    pending: tuple[Outgoing, ...] = ()
    pending_at: datetime | None = None
    due_at: datetime | None = None
    expires_at: datetime | None = None
    unknown_fields: UnknownFields | None = None
    applied_since: datetime | None = None
    applied_before: int = 0

    @property
    def is_outbox(self) -> bool:
        """Return whether it only holds unpublished events that concern no ticket."""
        return self.state is None and not self.applied

    def apply(self, event_id: str, answer: Answer | None, state: S | None) -> "Document[S]":
        """Return the document after an event; what it brings about waits behind what is pending on the same topic.

        What it says on a compacted topic is the last word there, and takes the place of all that was said before.

        Args:
            answer: None if it brings nothing about.
        """
        said = answer.outgoing if answer else ()
        kept = answer if said else None
        last_words = [event.topic for event in said if event.topic in COMPACTED] if self.applied else []
        before = self._without(last_words) if last_words else self
        applied = {**before.applied, event_id: kept}
        if not before.pending:
            return replace(before, state=state, applied=applied, pending_at=None)
        queues = {event.topic for event in before.pending}
        behind = tuple(event for event in said if event.topic in queues)
        return replace(before, state=state, applied=applied, pending=tuple(each_once(before.pending + behind)))

    def _without(self, topics: Collection[str]) -> "Document[S]":
        """Return the document without what it keeps to be said on *topics*."""
        left = {
            event_id: answer and replace(answer, outgoing=_not_on(topics, answer.outgoing))
            for event_id, answer in self.applied.items()
        }
        return replace(self, applied=left, pending=_not_on(topics, self.pending))

    def without_expired(self, now: datetime, repeats_within: timedelta) -> "Document[S]":
        """Return the document without ids of events that are applied for so long that none of them is repeated.

        No id bears its time: they come in two generations, and once the younger one is as old as that, the older one is
        dropped, but for what may not be published. So an id is kept at least so long, and at most twice as long.
        """
        if self.applied_since is None or now - self.applied_since < repeats_within:
            return self if self.applied_since else replace(self, applied_since=now, applied_before=len(self.applied))
        aged = list(self.applied.items())
        kept = [item for item in aged[: self.applied_before] if item[1] is not None] + aged[self.applied_before :]
        return replace(self, applied=dict(kept), applied_since=now, applied_before=len(kept))

    def move(self, events: tuple[Outgoing, ...], state: S | None, now: datetime) -> "Document[S]":
        """Return the document after time has passed."""
        pending = self.pending + events
        since = (self.pending_at or now) if pending else None
        return replace(self, state=state, pending=pending, pending_at=since)

    def published(self) -> "Document[S]":
        """Return the document once all that was pending is published."""
        return replace(self, pending=(), pending_at=None)

    def held_back(self, held: Collection[Reference], now: datetime) -> "Document[S]":
        """Return the document once all that was pending is published but for what its topic has *held* back."""
        left = tuple(event for event in self.pending if event.reference in held)
        return replace(self, pending=left, pending_at=now if left else None)

    def keep_pending(
        self, events: Collection[Outgoing], published_offsets: Mapping[Partition, int], now: datetime
    ) -> "Document[S]":
        """Return the document with *events*, which were held back, among what is pending; each of them once.

        Whatever else may not be published on their topics joins them, in the order in which it came about: a kept
        answer that is not pending came about before everything that is pending on its topic, see `apply`, and stays
        ahead of it, whoever finds out later that it was held back, too.
        """
        queues = {event.topic for event in events}
        there = {event.reference for event in self.pending}
        ahead = [
            event
            for event in self.answered(published_offsets)
            if event.topic in queues and event.reference not in there
        ]
        pending = tuple(each_once((*ahead, *self.pending, *events)))
        return self if pending == self.pending else replace(self, pending=pending, pending_at=self.pending_at or now)

    def taken_back(self, at: datetime) -> "Document[S]":
        """Return the document after a quarantine: every kept answer is pending.

        Records were passed over meanwhile and their offsets committed, so that no offset proves any more that an answer
        was published. What was published is so once more, under the same id.
        """
        pending = self.unpublished(NOTHING_PUBLISHED)
        return replace(self, pending=pending, pending_at=self.pending_at or at) if pending else self

    def erased(self, published_offsets: Mapping[Partition, int], at: datetime) -> "Document[S]":
        """Return the document without what it keeps of earlier answers, and of another release.

        What may not be published yet is pending until it is.
        """
        left = self.unpublished(published_offsets)
        since = (self.pending_at or at) if left else None
        return replace(self, applied=dict.fromkeys(self.applied), pending=left, pending_at=since, unknown_fields=None)

    def saved(self) -> "Document[S]":
        """Return the document as it stands after a successful save."""
        return replace(self, revision=self.revision + 1)

    def answer_to(self, event_id: str) -> tuple[Outgoing, ...]:
        """Return what an applied event brought about, as far as it is kept; raise KeyError if it was not applied."""
        answer = self.applied[event_id]
        return answer.outgoing if answer else ()

    def answers(self, event_id: str, place: tuple[str, int, int]) -> bool:
        """Return whether the record at *place* is the one that brought an applied event, and its answer is kept.

        Then it is read again because its answer may not be out. A copy of the event elsewhere proves no such thing: if
        services answered copies, two that hear each other would do so for ever.
        """
        answer = self.applied.get(event_id)
        return answer is not None and (answer.topic, answer.partition, answer.offset) == place

    def unpublished(self, published_offsets: Mapping[Partition, int]) -> tuple[Outgoing, ...]:
        """Return all that was saved and may not be published, in the order in which it came about.

        What lies below *published_offsets* is known to be published, see `forget`.
        """
        answered = self.answered(published_offsets)
        if not self.pending:
            return answered
        there = {event.reference for event in self.pending}
        return (*(event for event in answered if event.reference not in there), *self.pending)

    def answered(self, published_offsets: Mapping[Partition, int] = NOTHING_PUBLISHED) -> tuple[Outgoing, ...]:
        """Return the answers that are kept and do not lie below *published_offsets*, in order of application."""
        kept = [answer for answer in self.applied.values() if answer and not answer.is_published(published_offsets)]
        return tuple([event for answer in kept for event in answer.outgoing]) if kept else ()

    def forget(self, published_offsets: Mapping[Partition, int]) -> "Document[S]":
        """Return the document without the answers that are known to be published.

        Offsets are committed after publishing, and a consumer handles one batch after the other: so every event of a
        partition that lies before the first record of the batch at hand was published, and so was every event before
        the end of what this process has published itself. Age proves nothing, and neither does an event of another
        partition. The ids stay, for deduplication.
        """
        published = [id for id, answer in self.applied.items() if answer and answer.is_published(published_offsets)]
        return replace(self, applied={**self.applied, **dict.fromkeys(published)}) if published else self


def _not_on(topics: Collection[str], events: tuple[Outgoing, ...]) -> tuple[Outgoing, ...]:
    return tuple(event for event in events if event.topic not in topics)
