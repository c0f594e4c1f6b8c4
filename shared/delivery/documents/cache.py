"""Remembers the documents that this process has saved last, so that the next event of a ticket need not load it."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from shared.adapters.clock import Clock
from shared.delivery.documents.document import Document, Quarantined
from shared.delivery.ports import Store, Waiting
from shared.sharding import Share
from shared.values import value

S = TypeVar("S")

DOCUMENTS_MAX = 4_000
BYTES_MAX = 12 * 1024 * 1024  # as they are stored; in memory routing's take one and a half times as much (measured)
DOCUMENT_BYTES = 4 * 1024  # of one whose size nobody has measured
# A ticket leaves its collection long after it has ended, and one that comes to be anew begins at revision 1 again. To
# be taken for what is held here it would have to leave within minutes of its last event and reach the same revision.
HELD_FOR = timedelta(minutes=10)
EXPIRES_AFTER = timedelta(days=1)


@value
class Entry(Generic[S]):
    """A document as it was saved, when, and how many bytes it takes there."""

    document: Document[S]
    at: datetime
    size_bytes: int


class CachedStore(Generic[S]):
    """A store in front of which lies what this process has saved last: written through, never trusted.

    Others write to the same collection, so what is recalled may be out of date. That costs a save its guard refuses,
    after which the document is loaded; what is decided without a save must be decided on a document that was loaded.
    Everything but `recall` asks the database. It holds nothing that is quarantined, that bears fields of another
    release, that only holds events of no ticket, or that the database will drop soon.

    Args:
        store: What is asked and written.
        clock: Tells when a document has been held long enough.
        documents_max: Held at once; those that were not needed for longest give way. 0: nothing is recalled.
        bytes_max: Held at once, in stored bytes.
    """

    def __init__(
        self, store: Store[S], clock: Clock, *, documents_max: int = DOCUMENTS_MAX, bytes_max: int = BYTES_MAX
    ) -> None:
        self.store = store
        self.clock = clock
        self.documents_max = documents_max
        self.bytes_max = bytes_max
        self.entries: OrderedDict[str, Entry[S]] = OrderedDict()
        self.size_bytes = 0
        self.measured: dict[str, int] = {}

    def recall(self, ids: Iterable[str]) -> dict[str, Document[S]]:
        """Return those documents that are held, as this process has saved them last."""
        now = self.clock.now()
        found = {}
        for id in ids:
            entry = self.entries.get(id)
            if entry is None:
                continue
            if entry.at <= now < entry.at + HELD_FOR:
                self.entries.move_to_end(id)
                found[id] = entry.document
            else:
                self.drop((id,))
        return found

    def drop(self, ids: Iterable[str]) -> None:
        """Hold these no longer."""
        for id in ids:
            entry = self.entries.pop(id, None)
            if entry is not None:
                self.size_bytes -= entry.size_bytes

    def clear(self) -> None:
        """Hold nothing: others may write from now on what only this process wrote."""
        self.entries.clear()
        self.size_bytes = 0

    def measure(self, id: str, size_bytes: int) -> None:
        """Note how many bytes the document takes that is being saved."""
        self.measured[id] = size_bytes

    async def load(self, ids: Collection[str]) -> dict[str, Document[S] | Quarantined]:
        """Return the documents that exist, by id, as the database has them."""
        return await self.store.load(ids)

    async def unchanged(self, documents: Sequence[Document[S]]) -> set[str]:
        """Return the ids of those that the database has at the same revision."""
        return await self.store.unchanged(documents)

    async def save(self, documents: Sequence[Document[S]]) -> set[str]:
        """Write each document unless somebody was faster, and hold what was written."""
        # Nothing is held while nobody knows how the save ends, and nothing after one that failed.
        self.drop(document.id for document in documents)
        try:
            lost = await self.store.save(documents)
            self._hold(document.saved() for document in documents if document.id not in lost)
        finally:
            for document in documents:
                self.measured.pop(document.id, None)
        return lost

    async def mark_published(self, documents: Sequence[Document[S]]) -> set[str]:
        """Take what is pending out of each document that is still as it was saved, and hold what was written."""
        held = {document.id: entry for document in documents if (entry := self.entries.get(document.id)) is not None}
        self.drop(held)
        lost = await self.store.mark_published(documents)
        for id, entry in held.items():
            self.measured[id] = entry.size_bytes
        self._hold(
            document.published().saved() for document in documents if document.id in held and document.id not in lost
        )
        return lost

    async def postpone_pending(self, ids: Collection[str], at: datetime) -> None:
        """Note since when what is pending waits; that leaves no other revision, so nothing of it is held."""
        self.drop(ids)
        await self.store.postpone_pending(ids, at)

    async def pending_on(self, topics: Collection[str]) -> dict[str, Waiting]:
        """Return, by topic, how much waits to be published there."""
        return dict(await self.store.pending_on(topics))

    async def due_before(self, at: datetime, limit: int, share: Share | None = None) -> list[Document[S]]:
        """Return documents that are due as the database has them, earliest first."""
        return await self.store.due_before(at, limit, share)

    async def pending_before(self, at: datetime, limit: int, share: Share | None = None) -> list[Document[S]]:
        """Return documents whose events wait as the database has them, longest first."""
        return await self.store.pending_before(at, limit, share)

    def _hold(self, documents: Iterable[Document[S]]) -> None:
        now = self.clock.now()
        for document in documents:
            size_bytes = self.measured.pop(document.id, DOCUMENT_BYTES)
            if size_bytes > self.bytes_max or not _may_be_held(document, now):
                continue
            self.drop((document.id,))
            self.entries[document.id] = Entry(document, now, size_bytes)
            self.size_bytes += size_bytes
        while len(self.entries) > self.documents_max or self.size_bytes > self.bytes_max:
            self.drop((next(iter(self.entries)),))


def _may_be_held(document: Document[S], now: datetime) -> bool:
    if document.unknown_fields is not None or document.is_outbox:
        return False
    return document.expires_at is None or document.expires_at > now + EXPIRES_AFTER
