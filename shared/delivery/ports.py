"""What the runner and the time loops know of broker and database; the same suite tests every implementation."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, TypeVar

from shared.delivery.documents.document import Document, Partition, Quarantined
from shared.delivery.outgoing import Outgoing, Reference
from shared.sharding import Share
from shared.values import value

S = TypeVar("S")


class Obstacle(StrEnum):
    """Why a topic does not take an event."""

    MISSING = "missing"
    FORBIDDEN = "forbidden"
    TOO_LARGE = "too_large"


HeldBack = Mapping[Reference, Obstacle]
"""Events that cannot go out now, and why."""


class TransientError(Exception):
    """Broker or database cannot serve now; the same work is tried again. What it had done counts as unknown."""


class PermanentError(Exception):
    """Trying again cannot help; the process must stop and somebody must look."""


@value
class Cut:
    """A part of a record that is too large to be kept whole: how long it is, and the SHA-256 of all of it, in hex."""

    part: Literal["key", "value", "headers"]
    length_bytes: int
    sha256: str


@value
class Record:
    """A record as it lies on a topic.

    Args:
        topic: Without the deployment's prefix.
        headers: Names in lower case.
        timestamp: Aware, UTC.
        cuts: Which of its parts are not whole, because they are larger than anything that is handled or kept.
        unreadable: Why nothing could be unpacked where it lies; then ``value`` holds the bytes that lie there, which
            may be a whole batch of the writer's. None for a record as any other.
        last_offset: Of an unreadable batch of several records; None: it is one record.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp: datetime
    cuts: tuple[Cut, ...] = ()
    unreadable: str | None = None
    last_offset: int | None = None

    @property
    def next_offset(self) -> int:
        """Return the offset from which on to read once this is handled."""
        return (self.offset if self.last_offset is None else self.last_offset) + 1

    def cut(self, part: str) -> Cut | None:
        """Return how *part* was cut, or None if it is whole."""
        return next((cut for cut in self.cuts if cut.part == part), None)


@value
class Waiting:
    """How much waits to be published on one topic."""

    documents: int
    events: int


class Batch(Protocol):
    """Records in order per partition, and the promise that what is not committed comes again."""

    @property
    def records(self) -> Sequence[Record]:
        """Return the records."""
        ...

    async def commit(self) -> Mapping[Partition, int]:
        """Say that all records are handled; return by partition up to where that is known to be committed.

        A refusal (the partition moved away) is no error: those records come again, to whoever reads it now.
        """
        ...


class Publisher(Protocol):
    """Where events go out."""

    async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
        """Return once every event is acknowledged by all in-sync replicas, in order per topic and key, or held back.

        Returns:
            What was held back; nothing of it was sent. A topic that is missing or forbidden holds back all of its
            events and nothing else; one that is too large is held back alone.

        Raises:
            TransientError: Some or all may not be there; publishing all of them again is right.
        """
        ...


class Store(Protocol[S]):
    """One collection: one document per ticket.

    A document that this release cannot read, or that has grown too large to be saved, is quarantined: marked where it
    lies, guarded by its revision, until somebody takes the mark off. No search finds it. One that a newer release
    wrote is left alone in the same way, but never marked, for that release goes on with it.
    """

    async def load(self, ids: Collection[str]) -> dict[str, Document[S] | Quarantined]:
        """Return the documents that exist, by id, as a majority has them; why, of those that are quarantined.

        Raises:
            TransientError: Nothing was read.
        """
        ...

    async def unchanged(self, documents: Sequence[Document[S]]) -> set[str]:
        """Return the ids of those that a majority has at the same revision, and that are not quarantined.

        Raises:
            TransientError: Nothing was read.
        """
        ...

    async def save(self, documents: Sequence[Document[S]]) -> set[str]:
        """Write each document if it is still at the revision it was loaded with; its revision grows by one.

        Returns:
            Ids that lost to somebody faster, or to another holder of a unique value, or that do not fit and are now in
            quarantine; they are not written, and loading them says which it was.

        Raises:
            TransientError: Each may have been written or not.
        """
        ...

    async def mark_published(self, documents: Sequence[Document[S]]) -> set[str]:
        """Take what is pending out of each document that is still as it was saved; its revision grows by one.

        Returns:
            Ids that may have lost to somebody faster: each is either marked or keeps what is pending.

        Raises:
            TransientError: Each may have been marked or not.
        """
        ...

    async def postpone_pending(self, ids: Collection[str], at: datetime) -> None:
        """Note that what is pending in these documents waits since *at*, without another revision.

        Raises:
            TransientError: Some or all may not be noted.
        """
        ...

    async def pending_on(self, topics: Collection[str]) -> Mapping[str, Waiting]:
        """Return, by topic, how much waits to be published there; topics for which nothing waits are left out.

        Raises:
            TransientError: Nothing was counted.
        """
        ...

    async def due_before(self, at: datetime, limit: int, share: Share | None = None) -> list[Document[S]]:
        """Return documents whose ``due_at`` is not after *at*, earliest first, at most *limit*.

        Args:
            at: Aware.
            limit: At least 1.
            share: Where they lie, see `shared.sharding`; None: anywhere. Documents of a release that knew no shards
                lie in the first one.
        """
        ...

    async def pending_before(self, at: datetime, limit: int, share: Share | None = None) -> list[Document[S]]:
        """Return documents whose pending events wait since *at* or longer, longest first, at most *limit*."""
        ...
