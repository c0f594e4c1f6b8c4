"""The sweep: loads what is due, decides again, saves, publishes."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import structlog

from shared.adapters.clock import Clock
from shared.delivery.decider import with_schedule
from shared.delivery.documents.document import NOTHING_PUBLISHED, Document, Partition
from shared.delivery.guard import Bug, guarded
from shared.delivery.handler import TimedHandler
from shared.delivery.outgoing import Cause, outgoing
from shared.delivery.ports import Publisher, Store
from shared.delivery.relay import Assignment, Relay, all_shards
from shared.delivery.vitals import Observe, Step, unobserved
from shared.events.decision import Applied, Ignored, state_after
from shared.ids import occasion_id
from shared.values import replace

S = TypeVar("S")
T = TypeVar("T")
POSTPONED_FOR = timedelta(hours=1)
DECIDED_AT_ONCE_MAX = 25

log = structlog.get_logger()


async def cooperatively(items: Sequence[T], clock: Clock) -> AsyncIterator[T]:
    """Yield *items* in their order, and control to the event loop every few of them."""
    for number, item in enumerate(items):
        if number and number % DECIDED_AT_ONCE_MAX == 0:
            await clock.sleep(timedelta())
        yield item


class TimeLoop(Generic[S]):
    """Moves documents whose time has come.

    Several replicas may run. They divide the work by *assignment*; during a rebalance two may look after one shard, or
    one that has just come back to life may still believe that it does: the revision guard lets one of them win.

    Args:
        published: As in `Relay`.
        assignment: Asked at each round for the share to look after; None: all.
        documents_max: In one round.
    """

    def __init__(
        self,
        handler: TimedHandler[S],
        store: Store[S],
        publisher: Publisher,
        clock: Clock,
        *,
        published: Mapping[Partition, int] = NOTHING_PUBLISHED,
        assignment: Assignment = all_shards,
        documents_max: int = 500,
        observe: Observe = unobserved,
    ) -> None:
        self.handler = handler
        self.store = store
        self.clock = clock
        self.assignment = assignment
        self.documents_max = documents_max
        self.outbox = Relay(store, publisher, clock, published=published, observe=observe)
        self.observe = observe

    async def sweep(self) -> int:
        """Move what is due, at most ``documents_max`` documents, longest overdue first; return how many were due.

        Raises:
            TransientError: What had been done by then is repeated or relayed later.
        """
        now, share = self.clock.now(), self.assignment()
        if share is not None and not share.partitions:
            return 0
        due = await self.store.due_before(now, self.documents_max, share)
        if due:
            self.observe(Step.LOADED)
            await self.save_and_publish(await self.decided(due, now))
        return len(due)

    async def decided(self, due: Sequence[Document[S]], now: datetime) -> list[Document[S]]:
        """Return those that have changed by passing of time, in their order."""
        return [moved async for document in cooperatively(due, self.clock) for moved in self.ticked(document, now)]

    def ticked(self, document: Document[S], now: datetime) -> tuple[Document[S], ...]:
        """Return the document after its tick, or nothing if it is not due."""
        state, due_at = document.state, document.due_at
        if state is None or due_at is None or due_at > now:
            return ()
        after = guarded(self.after_tick, document, state, now)
        if isinstance(after, Bug):
            # Out of the way for a while, so that one ticket's bug does not stop the clocks of all others.
            log.error("a rule of time failed", ticket_id=document.id, error=after.error)
            return (replace(document, due_at=now + POSTPONED_FOR),)
        return (after,)

    def after_tick(self, document: Document[S], state: S, now: datetime) -> Document[S]:
        """Return the document after its rule of time."""
        return self.apply(document, self.handler.tick(state, now), now)

    def apply(self, document: Document[S], decision: Applied[S] | Ignored[S], now: datetime) -> Document[S]:
        """Return the document after a decision of `tick`."""
        cause = Cause(occasion_id(document.id, f"tick|{document.revision}"), None)
        events = outgoing(self.handler.service, document.id, cause, decision.facts, now)
        log.debug(
            "time passed",
            ticket_id=document.id,
            facts=[fact.data.TYPE for fact in decision.facts],
            ignored_because=decision.because if isinstance(decision, Ignored) else None,
        )
        return with_schedule(self.handler, document.move(events, state_after(document.state, decision), now))

    async def save_and_publish(self, documents: Sequence[Document[S]]) -> list[Document[S]]:
        """Save documents and publish what they hold unpublished; return those that were not lost to somebody faster."""
        return await self.outbox.publish(await self.save(documents))

    async def save(self, documents: Sequence[Document[S]]) -> list[Document[S]]:
        """Save documents; return those that were not lost to somebody faster, as they stand then."""
        lost = await self.store.save(documents) if documents else set()
        self.observe(Step.SAVED)
        return [document.saved() for document in documents if document.id not in lost]
