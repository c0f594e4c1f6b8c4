"""Sends what is due: claim, send, save the outcome, publish; never decides what is sent or tried again."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from services.notify.channels import Channel, Message, Spread, TemporarilyUndeliverable, Undeliverable, in_turn
from services.notify.domain.attempts import claimed
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Deferred, Delivered, Delivery, Outcome, Refused, Sending, Untried
from services.notify.handlers import NotifyHandler
from services.notify.letters.writing import Letters
from shared.clock import Clock
from shared.delivery.deciding import looked_after
from shared.delivery.document import Document
from shared.delivery.outgoing import Cause, outgoing
from shared.delivery.ports import Publisher, Store, TransientError
from shared.delivery.retry import retried
from shared.delivery.time_loop import TimeLoop
from shared.delivery.vitals import Observe, Step, Vitals, unobserved
from shared.ids import occasion_id

ROUNDS_MAX = 20
PART = "sender"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt to send a delivery ended, and under which lease it was made."""

    delivery_id: str
    lease: Sending
    outcome: Outcome


class Sender:
    """Sends what is due. Several replicas may run: a claim is a save guarded by revision, so one of them wins.

    Sending is at-least-once: whoever dies between sending and saving leaves a lease that runs out, and the message goes
    out again, with the same id. Everything else is effectively once.

    Args:
        channels: By name; a notice takes the first of its own that is among them and reaches the recipient.
        send_within: What one message may take at most; an attempt whose lease would run out meanwhile is not made.
        documents_max: Tickets in one round.
        spread: How the tickets of a round are worked through.
    """

    def __init__(
        self,
        handler: NotifyHandler,
        store: Store[Correspondence],
        publisher: Publisher,
        clock: Clock,
        letters: Letters,
        channels: Mapping[str, Channel],
        *,
        send_within: timedelta = timedelta(seconds=20),
        documents_max: int = 200,
        spread: Spread = in_turn,
        vitals: Vitals | None = None,
        observe: Observe = unobserved,
        jitter: random.Random | None = None,
    ) -> None:
        self.handler = handler
        self.store = store
        self.clock = clock
        self.letters = letters
        self.channels = channels
        self.send_within = send_within
        self.documents_max = documents_max
        self.spread = spread
        self.vitals = vitals or Vitals()
        self.observe = observe
        self.jitter = jitter or random.Random()
        self.loop = TimeLoop(handler, store, publisher, clock, documents_max=documents_max, observe=observe)

    async def sweep(self) -> int:
        """Do all that is due, at most ``documents_max`` tickets of it; return how many were due.

        Raises:
            TransientError: Nothing was sent; what had been claimed is sent when its lease runs out.
        """
        now = self.clock.now()
        due = await self.store.due_before(now, self.documents_max)
        if not due:
            return 0
        before = {held.id: held for held in due}
        self.observe(Step.LOADED)
        won = await self.loop.settle([moved for held in due for moved in self.loop.moved(held, now)])
        claims = {held.id: (held, claims_of(before[held.id], held)) for held in won}
        sending = [(held, deliveries) for held, deliveries in claims.values() if deliveries]
        attempts = await self.spread([partial(self.send_all, held, deliveries) for held, deliveries in sending])
        ended = {held.id: made for (held, _), made in zip(sending, attempts, strict=True)}
        if ended:
            held = [document for document, _ in sending]
            await retried(partial(self.conclude, held, ended), self.clock, self.vitals, self.jitter, PART)
        return len(due)

    async def relay(self) -> int:
        """Publish what a process saved and did not live to publish; return how many documents held such events."""
        return await self.loop.relay()

    async def send_all(self, held: Document[Correspondence], deliveries: Sequence[Delivery]) -> list[Attempt]:
        """Return how the attempts at one ticket's deliveries ended, in their order."""
        return [await self.attempt(held, delivery) for delivery in deliveries]

    async def attempt(self, held: Document[Correspondence], delivery: Delivery) -> Attempt:
        """Return how one attempt ended."""
        state, sending = held.state, delivery.situation
        if state is None or not isinstance(sending, Sending):
            raise ValueError(f"delivery {delivery.id} was not claimed")
        outcome: Outcome = Untried()
        if self.clock.now() + self.send_within <= sending.until:
            outcome = await self.send(state, delivery)
        log.info(
            "attempt", ticket_id=held.id, delivery_id=delivery.id, notice=delivery.notice, role=delivery.role,
            attempt=sending.attempt, outcome=type(outcome).__name__.lower(), channel=getattr(outcome, "channel", None),
            error=getattr(outcome, "error", None), why=getattr(outcome, "why", None),
        )  # fmt: skip
        return Attempt(delivery.id, sending, outcome)

    async def send(self, state: Correspondence, delivery: Delivery) -> Outcome:
        """Return how sending went: by the first channel that takes it; the next is tried if one refuses for good."""
        written = self.letters.write(state, delivery, self.channels, self.clock.now())
        if not isinstance(written, tuple):
            return written
        outcome: Outcome = Untried()
        for message in written:
            outcome = await self.hand_over(message)
            if not isinstance(outcome, Refused):
                break
        return outcome

    async def hand_over(self, message: Message) -> Outcome:
        """Return what the message's channel makes of it."""
        try:
            provider_id = await self.channels[message.channel].send(message)
        except TemporarilyUndeliverable as fault:
            return Deferred(message.channel, str(fault))
        except Undeliverable as fault:
            return Refused(message.channel, str(fault))
        return Delivered(message.channel, provider_id)

    async def conclude(self, held: Sequence[Document[Correspondence]], ended: Mapping[str, Sequence[Attempt]]) -> None:
        """Save and publish how the attempts ended; a document that somebody changed meanwhile is decided again.

        Raises:
            TransientError: Some or all may not be saved or published; concluding all of them again is right.
        """
        for _ in range(ROUNDS_MAX):
            settled = await self.loop.settle([self.concluded(document, ended[document.id]) for document in held])
            left = {document.id for document in held} - {document.id for document in settled}
            if not left:
                return
            held = list((await self.store.load(left)).values())
        raise TransientError(f"{len(held)} documents were changed by others {ROUNDS_MAX} times in a row")

    def concluded(self, held: Document[Correspondence], attempts: Sequence[Attempt]) -> Document[Correspondence]:
        """Return the document once its attempts have ended."""
        now = self.clock.now()
        for made in attempts:
            if held.state is not None:
                decision = self.handler.conclude(held.state, made.delivery_id, made.lease, made.outcome, now)
                cause = Cause(occasion_id(held.id, f"attempt|{made.delivery_id}|{made.lease.attempt}"), None)
                events = outgoing(self.handler.service, held.id, cause, decision.facts, now)
                held = looked_after(self.handler, held.move(events, decision.state, now))
        return held


def claims_of(before: Document[Correspondence], after: Document[Correspondence]) -> tuple[Delivery, ...]:
    """Return what *after* claims to send and *before* did not."""
    return claimed(before.state, after.state) if before.state and after.state else ()
