"""Sends digests: claims one, reads the agency's tickets, hands the letter over, and saves how that ended."""

import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from services.notify.channels import BEGIN_WITHIN_SECONDS, Channel, Message
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Delivery, Sending
from services.notify.domain.digests.contents import Contents, Row, contents, is_worth_telling, rows_of
from services.notify.domain.digests.schedule import (
    NOTHING_TO_TELL,
    Digests,
    chosen,
    conclude,
    digests_id,
    due_at,
    tick,
)
from services.notify.domain.notices import Rules
from services.notify.domain.outcomes import Outcome, Refused, Untried, Withheld
from services.notify.domain.sending.timing import DigestTimes
from services.notify.handlers import NotifyHandler, count_attempt
from services.notify.messages.digests import write_digest
from services.notify.messages.renderer import MessageRenderer
from services.notify.sending.handing_over import HandOver, deferred
from shared.adapters.clock import Clock
from shared.delivery.documents.document import Document
from shared.delivery.guard import Bug, guarded_call
from shared.delivery.ports import Store, TransientError
from shared.delivery.retry import retried
from shared.delivery.vitals import Vitals
from shared.process import metrics
from shared.values import replace

COLLECTION = "digests"
AT_ONCE_MAX = 20
PART = "digests"

log = structlog.get_logger()


class TicketsOfAgencies(Protocol):
    """Where the tickets of an agency are found."""

    def of_agency(self, agency: str, gathered_after: datetime) -> AsyncGenerator[Correspondence, None]:
        """Yield, in any order, what is open at an agency, and of what it was to be told after that; maybe more.

        Raises:
            TransientError: The database is out of reach.
        """
        ...


class DigestSender:
    """Sends the digests that are due, one after the other.

    Several replicas may run: a claim is a save guarded by revision, so one of them wins. Whoever dies between sending
    and saving leaves a lease that runs out, and the digest goes out again under the same id.

    Args:
        handler: Knows the rules of the moment, and with them who gets digests.
        store: Of digests, a document for each post that has ever chosen them.
        tickets: Of all agencies.
        renderer: Knows addresses, texts and the city's zone.
        channels: By name.
        clock: Of this process.
        vitals: Once they say that the service is stopping, no further digest is begun.
    """

    def __init__(
        self,
        handler: NotifyHandler,
        store: Store[Digests],
        tickets: TicketsOfAgencies,
        renderer: MessageRenderer,
        channels: Mapping[str, Channel],
        clock: Clock,
        vitals: Vitals | None = None,
        jitter: random.Random | None = None,
    ) -> None:
        self.handler = handler
        self.store = store
        self.tickets = tickets
        self.renderer = renderer
        self.channels = channels
        self.clock = clock
        self.vitals = vitals or Vitals()
        self.handing = HandOver(channels, clock, self.vitals)
        self.jitter = jitter or random.Random()
        self.noted: Mapping[tuple[str, str], DigestTimes] = {}

    @property
    def rules(self) -> Rules:
        """Return the rules of the moment."""
        return self.handler.rules

    async def sweep(self) -> int:
        """Send what is due; return how many digests were looked at.

        Raises:
            TransientError: The database is out of reach; what had been claimed is sent when its lease runs out.
        """
        if self.noted != self.rules.digests:
            await self.note_choices(self.rules.digests)
        began_at = self.clock.now()
        due = await self.store.due_before(began_at, AT_ONCE_MAX)
        for held in due:
            if self.vitals.stopping or self.clock.now() > began_at + timedelta(seconds=BEGIN_WITHIN_SECONDS):
                break
            await self.move(held)
        return len(due)

    async def note_choices(self, choices: Mapping[tuple[str, str], DigestTimes]) -> None:
        """Note who gets digests by the policy, and when; who does no more is seen to when the next one would come."""
        now = self.clock.now()
        held = await self.store.load([digests_id(*post) for post in choices])
        for agency, role in choices:
            new: Document[Digests] = Document(digests_id(agency, role))
            document = held.get(new.id, new)
            if not isinstance(document, Document):
                continue
            after = self.scheduled(document, chosen(document.state, agency, role, now))
            if (after.state, after.due_at) != (document.state, document.due_at):
                # Whoever was faster has noted the same, or is sending by what was known until now.
                await self.store.save([after])
        self.noted = choices

    async def move(self, held: Document[Digests]) -> None:
        """Do what is due of the digests of one post."""
        if held.state is None:
            return
        now = self.clock.now()
        after = tick(held.state, self.times_of(held.state), self.rules, now)
        if await self.store.save([self.scheduled(held, after)]):
            return
        delivery = after.current
        if delivery is None or not isinstance(delivery.situation, Sending):
            _count(held.state, after)
            return
        told, outcome = await self.attempt(after, delivery, delivery.situation)
        count_attempt(outcome, delivery.channels[0])
        log.info(
            "digest", delivery_id=delivery.id, agency=after.agency, role=after.role,
            attempt=delivery.situation.attempt, outcome=type(outcome).__name__.lower(), open=told.open_count,
            gathered=len(told.gathered), error=getattr(outcome, "error", None), why=getattr(outcome, "why", None),
        )  # fmt: skip
        ended = partial(self.conclude, held.id, delivery.situation, outcome, told, now)
        await retried(ended, self.clock, self.vitals, self.jitter, PART)

    async def attempt(self, digests: Digests, delivery: Delivery, lease: Sending) -> tuple[Contents, Outcome]:
        """Return what the digest tells, and how sending it went; a bug is the outcome of this one alone."""
        try:
            told = await guarded_call(partial(self.read, digests), TransientError)
        except TransientError:
            return Contents(), Untried()
        if isinstance(told, Bug):
            return Contents(), deferred(told, delivery.id, delivery.channels[0])
        if not is_worth_telling(told, digests):
            return told, Withheld(NOTHING_TO_TELL)
        written = write_digest(self.renderer, delivery, told, self.channels, self.clock.now())
        return told, await self.handed_over(written, lease) if isinstance(written, tuple) else written

    async def read(self, digests: Digests) -> Contents:
        """Return what the digest of a post tells now."""
        rows: list[Row] = []
        async with aclosing(self.tickets.of_agency(digests.agency, digests.told_until)) as found:
            async for state in found:
                rows += rows_of(state, digests)
        return contents(rows, self.clock.now(), self.renderer.policy.zone)

    async def handed_over(self, messages: tuple[Message, ...], lease: Sending) -> Outcome:
        """Return how it went: by the first channel that takes it, the next one if it refuses for good."""
        outcome: Outcome = Untried()
        for message in messages:
            if not self.handing.may_begin(message, lease):
                return Untried()
            outcome = await self.handing.send(message)
            if not isinstance(outcome, Refused):
                break
        return outcome

    async def conclude(self, id_: str, lease: Sending, outcome: Outcome, told: Contents, written_at: datetime) -> None:
        """Save how the attempt ended, unless another one has taken over.

        Raises:
            TransientError: It may not be saved; doing it again is right.
        """
        held = (await self.store.load([id_])).get(id_)
        if not isinstance(held, Document) or held.state is None:
            return
        gathered = [(each.id, each.at) for each in told.gathered]
        after = conclude(held.state, lease, outcome, written_at, gathered, self.rules, self.clock.now())
        if after is held.state:
            return
        if await self.store.save([self.scheduled(held, after)]):
            raise TransientError("the digests of a post were written to by somebody else")
        _count(held.state, after)

    def times_of(self, digests: Digests) -> DigestTimes | None:
        """Return when a post gets digests by the policy; None if it does not."""
        return self.rules.digests.get((digests.agency, digests.role))

    def scheduled(self, held: Document[Digests], digests: Digests) -> Document[Digests]:
        """Return the document with *digests*, and when time must look at it again."""
        return replace(held, state=digests, due_at=due_at(digests, self.times_of(digests)))


def _count(before: Digests, after: Digests) -> None:
    if after.current is None and after.over and after.over != before.over:
        metrics.DIGESTS.labels(after.agency, after.over[-1].outcome).inc()
