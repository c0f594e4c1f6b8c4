"""The outbox relay: publishes what documents hold unpublished, because a process died or a topic held it back."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

from shared.adapters.clock import Clock
from shared.delivery.documents.document import NOTHING_PUBLISHED, Document, Partition
from shared.delivery.outgoing import Outgoing, each_once
from shared.delivery.ports import HeldBack, Publisher, Store
from shared.delivery.vitals import Observe, Step, unobserved
from shared.sharding import Share
from shared.values import replace

S = TypeVar("S")
RELAY_AFTER = timedelta(seconds=10)
HOLDING_MAX = 100_000  # forgetting which documents wait repeats some events, once

Assignment = Callable[[], Share | None]


def all_shards() -> None:
    """Return None: documents of all shards are looked after."""
    return


class Relay(Generic[S]):
    """Publishes what saved documents hold unpublished, then marks it as published.

    A document that somebody changes in between keeps the mark, and the same events are published once more. What a
    topic holds back stays pending, and is tried again later than everything that was not tried yet, so that however
    many documents wait for a missing topic, none of the others waits with them.

    Args:
        published: What is known to be published, see `PublishedOffsets`; the rest of a document's kept answers is said
            again before what is pending, so that a ticket's facts come out in order, whoever died in between.
        assignment: Asked at each round for the share to look after; None: all.
        documents_max: In one round.
        after: So long may a living process take between saving and marking.
    """

    def __init__(
        self,
        store: Store[S],
        publisher: Publisher,
        clock: Clock,
        *,
        published: Mapping[Partition, int] = NOTHING_PUBLISHED,
        assignment: Assignment = all_shards,
        documents_max: int = 500,
        after: timedelta = RELAY_AFTER,
        observe: Observe = unobserved,
    ) -> None:
        self.store = store
        self.publisher = publisher
        self.clock = clock
        self.published = published
        self.assignment = assignment
        self.documents_max = documents_max
        self.after = after
        self.observe = observe
        self.holding: set[str] = set()

    async def relay(self) -> int:
        """Publish what a process saved and did not live to publish, and what was held back, as far as it can go out.

        Returns:
            How many documents held such events.

        Raises:
            TransientError: What had been done by then is done again later.
        """
        share, since = self.assignment(), self.clock.now() - self.after
        if share is not None and not share.partitions:
            return 0
        waiting = await self.store.pending_before(since, self.documents_max, share)
        await self.publish(waiting)
        return len(waiting)

    async def publish(self, documents: Sequence[Document[S]]) -> list[Document[S]]:
        """Publish what documents with something pending hold, then mark it; return all documents as they stand then.

        Raises:
            TransientError: Some or all may not be published or marked; publishing all of them again is right.
        """
        waiting = [document for document in documents if document.pending]
        if not waiting:
            return list(documents)
        events = [event for document in waiting for event in self._unpublished(document)]
        held = await self.publisher.publish(each_once(events))
        self.observe(Step.PUBLISHED)
        marked = await self._mark(waiting, held)
        self.observe(Step.COMMITTED)
        return [marked.get(document.id, document) for document in documents]

    def _unpublished(self, document: Document[S]) -> Sequence[Outgoing]:
        unpublished = document.unpublished(self.published)
        if document.id not in self.holding:
            return unpublished
        # All that is not held back went out when it was tried first.
        queues = {event.topic for event in document.pending}
        return [event for event in unpublished if event.topic in queues]

    async def _mark(self, waiting: Sequence[Document[S]], held: HeldBack) -> dict[str, Document[S]]:
        now = self.clock.now()
        done, changed, stuck = list[Document[S]](), list[Document[S]](), list[str]()
        for document in waiting:
            after = document.held_back(held, now)
            if len(after.pending) == len(document.pending):
                stuck.append(document.id)
            elif after.pending:
                changed.append(after)
            elif document.is_outbox:
                changed.append(replace(after, expires_at=now))
            elif document.expires_at is not None:
                changed.append(after)  # it could not expire as long as something was pending
            else:
                done.append(document)
        lost = await self.store.mark_published(done) if done else set()
        lost |= await self.store.save(changed) if changed else set()
        if stuck:
            await self.store.postpone_pending(stuck, now)
        self._note_holding(stuck, changed, done)
        won = [*(document.published() for document in done), *changed]
        return {document.id: document.saved() for document in won if document.id not in lost}

    def _note_holding(self, stuck: Sequence[str], changed: Sequence[Document[S]], done: Sequence[Document[S]]) -> None:
        if len(self.holding) > HOLDING_MAX:
            self.holding.clear()
        self.holding.difference_update(document.id for document in (*changed, *done))
        self.holding.update(stuck, (document.id for document in changed if document.pending))
