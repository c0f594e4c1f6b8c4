"""Times all running clocks again after calendars or policy have changed, by the rules of the sweep."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from services.sla.domain.ticket import Ticket
from services.sla.handlers import SlaHandler
from services.sla.store import ClockStore
from shared.adapters.clock import Clock
from shared.delivery.documents.document import NOTHING_PUBLISHED, Document, Partition
from shared.delivery.guard import Bug, guarded
from shared.delivery.ports import Publisher
from shared.delivery.time_loop import TimeLoop, cooperatively
from shared.events import Applied, BreachCorrected, BreachEscalated, ClockBreached, ClockResumed, DueChanged
from shared.values import replace, value

log = structlog.get_logger()
PAUSE_MAX = timedelta(seconds=5)
SHARE = 0.85


@value
class Report:
    """What a recomputation has changed, or would change.

    Args:
        edition: Of the rules that hold now.
        tickets: How many were timed anew.
        running: Clocks of theirs that run.
        later, earlier: Clocks that are due at another time than was published.
        resumed: Clocks that were paused and run again.
        largest_shift_seconds: The largest change of a due time, forward or back.
        breached, escalated, corrected: Facts about breaches.
        overtaken: Tickets that somebody changed meanwhile; they are looked at again.
        failed: Tickets at which a rule failed; they stay as they were.
    """

    edition: str
    tickets: int = 0
    running: int = 0
    later: int = 0
    earlier: int = 0
    resumed: int = 0
    largest_shift_seconds: float = 0
    breached: int = 0
    escalated: int = 0
    corrected: int = 0
    overtaken: int = 0
    failed: int = 0

    def with_tickets(self, decisions: Sequence[Applied[Ticket]]) -> "Report":
        """Return the report with more tickets, as they are now and with their facts."""
        said = [fact.data for decision in decisions for fact in decision.facts]
        clocks = [clock for decision in decisions for clock in decision.state.told]
        shifts = [(data.due_at - data.was).total_seconds() for data in said if isinstance(data, DueChanged)]
        return replace(
            self,
            tickets=self.tickets + len(decisions),
            running=self.running + sum(clock.ending is None for clock in clocks),
            later=self.later + sum(shift > 0 for shift in shifts),
            earlier=self.earlier + sum(shift < 0 for shift in shifts),
            resumed=self.resumed + sum(isinstance(data, ClockResumed) for data in said),
            largest_shift_seconds=max([self.largest_shift_seconds, *map(abs, shifts)]),
            breached=self.breached + sum(isinstance(data, ClockBreached) for data in said),
            escalated=self.escalated + sum(isinstance(data, BreachEscalated) for data in said),
            corrected=self.corrected + sum(isinstance(data, BreachCorrected) for data in said),
        )


@value
class Throttle:
    """How long to rest between two batches, so that the work of the day comes first.

    Args:
        share: Of the time, that may be spent working (over 0, up to 1).
        late_after: The sweep may be so far behind; beyond, rest as long as it is behind.
        pause_max: The longest rest.
    """

    share: float = SHARE
    late_after: timedelta = timedelta(seconds=1)
    pause_max: timedelta = PAUSE_MAX

    def pause(self, worked: timedelta, behind: timedelta) -> timedelta:
        """Return how long to rest after a batch.

        Args:
            worked: How long the batch took; a loaded machine makes it longer, and so the rest.
            behind: How long the most overdue clock has been waiting for the sweep.
        """
        fair = worked * ((1 - self.share) / self.share)
        return min(max(fair, behind) if behind > self.late_after else fair, self.pause_max)


class Recompute:
    """The job. It keeps nothing: each ticket says under which edition it was timed, so a killed job is begun again.

    It saves and publishes as the sweep does, guarded by revision, so that sweep, services and even a second job may
    work at the same time. What ends meanwhile keeps the due time that held.

    Args:
        published: How far sla's group has committed: what was read before is not published again.
        batch_max: Tickets in one batch.
    """

    def __init__(
        self,
        handler: SlaHandler,
        store: ClockStore,
        publisher: Publisher,
        clock: Clock,
        *,
        throttle: Throttle | None = None,
        published: Mapping[Partition, int] = NOTHING_PUBLISHED,
        batch_max: int = 500,
    ) -> None:
        self.handler = handler
        self.store = store
        self.clock = clock
        self.throttle = throttle or Throttle()
        self.batch_max = batch_max
        self.loop = TimeLoop(handler, store, publisher, clock, published=published)
        self.report = Report(handler.rules.edition)

    async def run(self, report_progress: Callable[[Report], None] = lambda _: None) -> Report:
        """Time every outdated ticket anew; return what that has changed.

        Args:
            report_progress: Called after each batch.

        Raises:
            TransientError: Begin again; what is done is done.
        """
        return await self._each_batch(self._recompute_batch, report_progress)

    async def dry_run(self, report_progress: Callable[[Report], None] = lambda _: None) -> Report:
        """Return what would change; save and publish nothing."""
        self.report = Report(self.report.edition)
        return await self._each_batch(self._dry_run_batch, report_progress)

    async def _each_batch(
        self, work: Callable[[list[Document[Ticket]]], Awaitable[int]], report_progress: Callable[[Report], None]
    ) -> Report:
        """Do *work* for each outdated batch; it returns how many of the batch stay outdated."""
        left = 0
        self.report = replace(self.report, failed=0)
        while True:
            began_at = self.clock.now()
            batch = await self.store.outdated(self.report.edition, self.batch_max, skip=left)
            if not batch:
                return self.report
            left += await work(batch)
            report_progress(self.report)
            now = self.clock.now()
            due = await self.store.due_before(now, 1)
            behind = now - due[0].due_at if due and due[0].due_at else timedelta()
            await self.clock.sleep(self.throttle.pause(now - began_at, behind))

    async def _dry_run_batch(self, batch: list[Document[Ticket]]) -> int:
        """Note what would follow; all of it stays outdated."""
        await self.decided(batch)
        return len(batch)

    async def _recompute_batch(self, batch: list[Document[Ticket]]) -> int:
        """Save and publish what follows; return at how many tickets a rule failed."""
        failed_before = self.report.failed
        documents = await self.decided(batch)
        won = await self.loop.save_and_publish(documents)
        self.report = replace(self.report, overtaken=self.report.overtaken + len(documents) - len(won))
        return self.report.failed - failed_before

    async def decided(self, batch: list[Document[Ticket]]) -> list[Document[Ticket]]:
        """Return the tickets as the rules time them now, in their order."""
        after: list[Document[Ticket]] = []
        decisions: list[Applied[Ticket]] = []
        now = self.clock.now()
        async for document in cooperatively(batch, self.clock):
            decided = guarded(partial(self._decide, document, now))
            if isinstance(decided, Bug):
                log.error("a rule of time failed", ticket_id=document.id, error=decided.error)
                self.report = replace(self.report, failed=self.report.failed + 1)
            else:
                decisions.append(decided[0])
                after.append(decided[1])
        self.report = self.report.with_tickets(decisions)
        return after

    def _decide(self, document: Document[Ticket], now: datetime) -> tuple[Applied[Ticket], Document[Ticket]]:
        """Return one ticket as the rules time it now, with what changes, and its document."""
        if document.state is None:
            raise ValueError("a document without a state has no clocks")
        decision = self.handler.tick(document.state, now)
        return decision, self.loop.apply(document, decision, now)
