"""Sends what is due: claims a delivery, sends it, saves and publishes the outcome."""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

import structlog

from services.notify.channels import Channel, Message, Round, Spread, in_turn
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Delivery, Sending
from services.notify.domain.outcomes import Outcome, Refused, Untried
from services.notify.domain.sending.attempts import claimed
from services.notify.handlers import NotifyHandler, count_attempt
from services.notify.messages.renderer import MessageRenderer
from services.notify.sending.address_book import AddressBook, NoLimits
from services.notify.sending.admission import admitted, still_wanted
from services.notify.sending.handing_over import HandOver, deferred
from services.notify.sending.together import Together
from shared.adapters.clock import Clock
from shared.delivery.decider import with_schedule
from shared.delivery.documents.document import NOTHING_PUBLISHED, Document, Partition
from shared.delivery.guard import Bug, guarded, guarded_call
from shared.delivery.outgoing import Cause, outgoing
from shared.delivery.ports import Publisher, Store, TransientError
from shared.delivery.retry import retried
from shared.delivery.time_loop import TimeLoop
from shared.delivery.vitals import Observe, Step, Vitals, unobserved
from shared.events import state_after
from shared.ids import occasion_id
from shared.values import value

ROUNDS_MAX = 20
PART = "sender"

log = structlog.get_logger()

Settle = Callable[[Sequence[Document[Correspondence]]], Awaitable[list[Document[Correspondence]]]]


@value
class Claim:
    """A delivery, and the lease under which this process may send it."""

    delivery: Delivery
    lease: Sending


@value
class Attempt:
    """How one attempt to send a delivery ended."""

    delivery_id: str
    lease: Sending
    outcome: Outcome


@value
class Wanted:
    """A ticket to be known as the database has it, for a delivery of *held*, which may be the same."""

    ticket_id: str
    held: Document[Correspondence]


@value
class Ended:
    """A ticket as it was claimed, and how the attempts at its deliveries ended."""

    held: Document[Correspondence]
    attempts: Sequence[Attempt]


class Sender:
    """Sends what is due. Several replicas may run: a claim is a save guarded by revision, so one of them wins.

    Sending is at-least-once: whoever dies between sending and saving leaves a lease that runs out, and the message goes
    out again, with the same id. Everything else is effectively once. Whatever is raised while a message is written or
    handed over is the outcome of that delivery alone.

    Args:
        channels: By name; a notice takes the first of its own that is among them and reaches the recipient.
        documents_max: Tickets in one look for work.
        spread: How tickets are worked through.
        vitals: Once they say that the service is stopping, nothing more is claimed and no further message begun.
        published: As in `Relay`.
        addresses: Counts what each reporter's address gets.
        note_oldest: Told in each round since when the first one has been due; None if none is.
    """

    def __init__(
        self,
        handler: NotifyHandler,
        store: Store[Correspondence],
        publisher: Publisher,
        clock: Clock,
        renderer: MessageRenderer,
        channels: Mapping[str, Channel],
        *,
        documents_max: int,
        spread: Spread = in_turn,
        published: Mapping[Partition, int] = NOTHING_PUBLISHED,
        vitals: Vitals | None = None,
        observe: Observe = unobserved,
        jitter: random.Random | None = None,
        addresses: AddressBook | None = None,
        note_oldest: Callable[[datetime | None], None] = lambda due_at: None,
    ) -> None:
        self.handler = handler
        self.store = store
        self.clock = clock
        self.renderer = renderer
        self.channels = channels
        self.documents_max = documents_max
        self.spread = spread
        self.vitals = vitals or Vitals()
        self.handing = HandOver(channels, clock, self.vitals)
        self.observe = observe
        self.jitter = jitter or random.Random()
        self.addresses = addresses or NoLimits()
        self.note_oldest = note_oldest
        self.known = Together(self.load)
        self.loop = TimeLoop(
            handler, store, publisher, clock, published=published, documents_max=documents_max, observe=observe
        )

    async def sweep(self) -> int:
        """Do all that is due, at most ``documents_max`` tickets at a time; return how many were due.

        Raises:
            TransientError: Nothing more was sent; what had been claimed is sent when its lease runs out.
        """
        return await self.spread(self.begin, self.end, self.documents_max)

    async def begin(self, documents_max: int) -> Round[Ended]:
        """Claim what is due, of the tickets that have waited longest; return what sends it.

        Raises:
            TransientError: Nothing of it was sent.
        """
        if self.vitals.stopping:
            return Round(0)
        now = self.clock.now()
        due = await self.store.due_before(now, documents_max)
        self.note_oldest(due[0].due_at if due else None)
        if not due:
            return Round(0)
        before = {held.id: held for held in due}
        self.observe(Step.LOADED)
        moved = [after for held in due for after in self.loop.ticked(held, now)]
        claiming = {held.id for held in moved if claims_of(before[held.id], held)}
        await self.settled([held for held in moved if held.id not in claiming], self.loop.save_and_publish)
        # That a contact is opened is saved with the claim, and published with how it went; or by the relay.
        won, _ = await self.settled([held for held in moved if held.id in claiming], self.loop.save)
        return Round(len(due), [partial(self.send_all, held, claims_of(before[held.id], held)) for held in won])

    async def end(self, ended: Sequence[Ended]) -> None:
        """Save and publish how attempts ended, through every outage.

        Of one ticket there may be several: what comes due while a message is on its way is claimed beside it.
        """
        held: dict[str, Document[Correspondence]] = {}
        attempts: dict[str, list[Attempt]] = {}
        for each in sorted(ended, key=lambda each: each.held.revision):
            held[each.held.id] = each.held
            attempts.setdefault(each.held.id, []).extend(each.attempts)
        conclude = partial(self.conclude, tuple(held.values()), attempts)
        await retried(conclude, self.clock, self.vitals, self.jitter, PART)

    async def settled(
        self, documents: Sequence[Document[Correspondence]], settle: Settle
    ) -> tuple[list[Document[Correspondence]], set[str]]:
        """Settle documents by saving them, or publishing, too; one by one if that fails for all of them together.

        Returns:
            Those that are settled, and the ids of those that were lost to somebody faster. One that cannot be saved
            is in neither: it keeps its lease or its place in the queue, and holds back no other.

        Raises:
            TransientError: What had been done by then counts as unknown.
        """
        together = await guarded_call(partial(settle, documents), TransientError)
        if not isinstance(together, Bug):
            return together, {document.id for document in documents} - {document.id for document in together}
        won: list[Document[Correspondence]] = []
        lost: set[str] = set()
        for document in documents:
            alone = await guarded_call(partial(settle, [document]), TransientError)
            if isinstance(alone, Bug):
                log.error("a ticket cannot be saved", ticket_id=document.id, error=alone.error)
            elif alone:
                won += alone
            else:
                lost.add(document.id)
        return won, lost

    async def send_all(self, held: Document[Correspondence], claims: Sequence[Claim]) -> Ended:
        """Return how the attempts at one ticket's deliveries ended, in their order."""
        return Ended(held, [await self.attempt(held, claim) for claim in claims])

    async def attempt(self, held: Document[Correspondence], claim: Claim) -> Attempt:
        """Return how one attempt ended."""
        delivery, lease = claim.delivery, claim.lease
        sent = await guarded_call(partial(self.send, held, claim))
        outcome = deferred(sent, delivery.id, delivery.channels[0]) if isinstance(sent, Bug) else sent
        count_attempt(outcome, delivery.channels[0])
        log.info(
            "attempt", ticket_id=held.id, delivery_id=delivery.id, notice=delivery.notice, role=delivery.role,
            attempt=lease.attempt, outcome=type(outcome).__name__.lower(), channel=getattr(outcome, "channel", None),
            error=getattr(outcome, "error", None), why=getattr(outcome, "why", None),
        )  # fmt: skip
        return Attempt(delivery.id, lease, outcome)

    async def send(self, held: Document[Correspondence], claim: Claim) -> Outcome:
        """Return how sending went: by the first channel that takes it; the next is tried if one refuses for good."""
        if held.state is None:
            return Untried()
        withheld = await still_wanted(
            lambda ticket_id: self.known.ask(Wanted(ticket_id, held)), self.handler.rules, held.state, claim.delivery
        )
        if withheld is not None:
            return withheld
        written = self.renderer.render(held.state, claim.delivery, self.channels, self.clock.now())
        if not isinstance(written, tuple):
            return written
        outcome: Outcome = Untried()
        for message in written:
            if not self.handing.may_begin(message, claim.lease):
                return Untried()
            may_go = await admitted(
                self.addresses, self.renderer, self.handler.rules, held.state, claim.delivery, message, self.clock.now()
            )
            if not isinstance(may_go, Message):
                return may_go
            outcome = await self.handing.send(may_go)
            if not isinstance(outcome, Refused):
                break
        return outcome

    async def load(self, wanted: Sequence[Wanted]) -> list[Correspondence | None]:
        """Return what is known of tickets, as the database has it; what has not changed is not sent from there."""
        own = {each.held.id: each.held for each in wanted if each.ticket_id == each.held.id}
        unchanged = await self.store.unchanged(tuple(own.values())) if own else set()
        known = {id_: own[id_] for id_ in unchanged}
        left = {each.ticket_id for each in wanted} - unchanged
        found = {**await self.store.load(left), **known} if left else known
        documents = [found.get(each.ticket_id) for each in wanted]
        return [document.state if isinstance(document, Document) else None for document in documents]

    async def conclude(self, held: Sequence[Document[Correspondence]], ended: Mapping[str, Sequence[Attempt]]) -> None:
        """Save and publish how the attempts ended; a document that somebody changed meanwhile is decided again.

        Raises:
            TransientError: Some or all may not be saved or published; concluding all of them again is right.
        """
        for _ in range(ROUNDS_MAX):
            concluded = [self.concluded(document, ended[document.id]) for document in held]
            _, lost = await self.settled(concluded, self.loop.save_and_publish)
            if not lost:
                return
            found = (await self.store.load(lost)).values()
            held = [document for document in found if isinstance(document, Document)]
        raise TransientError(f"{len(held)} documents were changed by others {ROUNDS_MAX} times in a row")

    def concluded(self, held: Document[Correspondence], attempts: Sequence[Attempt]) -> Document[Correspondence]:
        """Return the document once its attempts have ended; the lease of one that a bug keeps from it runs out."""
        now = self.clock.now()
        for made in attempts:
            after = guarded(partial(self.after_attempt, held, made, now))
            if isinstance(after, Bug):
                log.error(
                    "an attempt cannot be concluded", ticket_id=held.id, delivery_id=made.delivery_id, error=after.error
                )
            else:
                held = after
        return held

    def after_attempt(self, held: Document[Correspondence], made: Attempt, now: datetime) -> Document[Correspondence]:
        """Return the document once an attempt has ended."""
        if held.state is None:
            return held
        decision = self.handler.conclude(held.state, made.delivery_id, made.lease, made.outcome, now)
        cause = Cause(occasion_id(held.id, f"attempt|{made.delivery_id}|{made.lease.attempt}"), None)
        events = outgoing(self.handler.service, held.id, cause, decision.facts, now)
        return with_schedule(self.handler, held.move(events, state_after(held.state, decision), now))


def claims_of(before: Document[Correspondence], after: Document[Correspondence]) -> list[Claim]:
    """Return what *after* claims to send and *before* did not."""
    won = claimed(before.state, after.state) if before.state and after.state else ()
    return [Claim(delivery, delivery.situation) for delivery in won if isinstance(delivery.situation, Sending)]
