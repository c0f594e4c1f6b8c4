"""Takes receipts: loads the tickets that they are about, decides, saves, publishes."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Sent
from services.notify.domain.receipts import UNKNOWN, Early, Receipt
from services.notify.handlers import NotifyHandler
from shared.adapters.clock import Clock
from shared.delivery.decider import with_schedule
from shared.delivery.documents.document import NOTHING_PUBLISHED, Document, Partition, Quarantined
from shared.delivery.guard import Bug, guarded
from shared.delivery.outgoing import Cause, outgoing
from shared.delivery.ports import Publisher, Store, TransientError
from shared.delivery.time_loop import TimeLoop
from shared.delivery.vitals import Observe, unobserved
from shared.events import Ignored
from shared.ids import occasion_id

ROUNDS_MAX = 10
EARLY_WAIT = timedelta(seconds=0.5)

log = structlog.get_logger()


class ReceiptTaker:
    """Changes deliveries as providers say what has become of them.

    Several replicas may run, beside the sender and the reader of topics: every save is guarded by revision, and whoever
    loses decides again. What a process saved and did not live to publish is published by the relay.

    Args:
        published: As in `Relay`.
        note_arrival: Told by which gateway a message has arrived, and how long after it was taken.
    """

    def __init__(
        self,
        handler: NotifyHandler,
        store: Store[Correspondence],
        publisher: Publisher,
        clock: Clock,
        *,
        published: Mapping[Partition, int] = NOTHING_PUBLISHED,
        observe: Observe = unobserved,
        note_arrival: Callable[[str, timedelta], None] = lambda gateway, took: None,
    ) -> None:
        self.handler = handler
        self.store = store
        self.clock = clock
        self.note_arrival = note_arrival
        self.loop = TimeLoop(handler, store, publisher, clock, published=published, observe=observe)

    async def take(self, receipts: Sequence[Receipt], gateway: str = "") -> Counter[str]:
        """Return how many were what, once all that follows from them is saved and published.

        ``delivered`` and ``failed`` changed a delivery; ``ignored`` said nothing new; ``unknown`` led to no delivery;
        ``bug`` met one of ours.

        Raises:
            TransientError: Some or all may not be taken: broker or database are out of reach, or a receipt is here
                before it is saved that its message was sent, or its ticket is in quarantine. All of them may be said
                again.
        """
        left: dict[str, list[Receipt]] = {}
        for receipt in receipts:
            left.setdefault(receipt.ticket_id, []).append(receipt)
        counted: Counter[str] = Counter()
        for _ in range(ROUNDS_MAX):
            early = await self.round(left, counted, gateway)
            if not left:
                return counted
            if early:
                await self.clock.sleep(EARLY_WAIT)
        raise TransientError(f"receipts of {len(left)} tickets could not be taken yet")

    async def round(self, left: dict[str, list[Receipt]], counted: Counter[str], gateway: str) -> bool:
        """Take what can be taken out of *left*; return whether some of the rest must wait."""
        now = self.clock.now()
        found = await self.store.load(left)
        settled: dict[str, list[str]] = {}
        moved: list[Document[Correspondence]] = []
        early = False
        for ticket, receipts in left.items():
            document = found.get(ticket)
            if isinstance(document, Quarantined):
                early = True  # its deliveries are known again once somebody has mended it
                continue
            if not isinstance(document, Document) or document.state is None:
                settled[ticket] = ["unknown"] * len(receipts)
                continue
            after = guarded(partial(self.after, document, receipts, now))
            if isinstance(after, Bug):
                log.error("a receipt cannot be taken", ticket_id=ticket, error=after.error)
                settled[ticket] = ["bug"] * len(receipts)
            elif after is None:
                early = True
            else:
                settled[ticket] = after[1]
                moved += [after[0]] if after[0] is not document or document.pending else []
        lost = await self.save_and_publish(moved, {document.id for document in moved if document is found[document.id]})
        for ticket, outcomes in settled.items():
            if ticket not in lost:
                counted.update(outcomes)
                for took in _on_their_way(found.get(ticket), left.pop(ticket), outcomes, now):
                    self.note_arrival(gateway, took)
        return early

    async def save_and_publish(
        self, documents: Sequence[Document[Correspondence]], unchanged: Collection[str]
    ) -> set[str]:
        """Save and publish; what is *unchanged* and holds something unpublished, of our own first try, is published.

        Returns:
            The ids of those that somebody else changed meanwhile.
        """
        changed = [document for document in documents if document.id not in unchanged]
        if unchanged:
            await self.loop.outbox.publish([document for document in documents if document.id in unchanged])
        if not changed:
            return set()
        won = await self.loop.save_and_publish(changed)
        return {document.id for document in changed} - {document.id for document in won}

    def after(
        self, document: Document[Correspondence], receipts: Sequence[Receipt], now: datetime
    ) -> tuple[Document[Correspondence], list[str]] | None:
        """Return the document after the receipts of its ticket, and what each of them was; None if one is early."""
        outcomes: list[str] = []
        state, moved = document.state, document
        for receipt in receipts:
            if state is None:
                return document, ["unknown"] * len(receipts)
            decision = self.handler.receive(state, receipt, now)
            if isinstance(decision, Early):
                return None
            if isinstance(decision, Ignored):
                outcomes.append("unknown" if decision.because == UNKNOWN else "ignored")
                continue
            occasion = f"receipt|{receipt.delivery_id}|{receipt.channel}|{receipt.outcome}"
            cause = Cause(occasion_id(document.id, occasion), None)
            events = outgoing(self.handler.service, document.id, cause, decision.facts, now)
            state = decision.state
            moved = with_schedule(self.handler, moved.move(events, state, now))
            outcomes.append(receipt.outcome)
        return moved, outcomes


def _on_their_way(
    document: Document[Correspondence] | Quarantined | None,
    receipts: Sequence[Receipt],
    outcomes: Sequence[str],
    now: datetime,
) -> list[timedelta]:
    """Return how long those messages were on their way that counted as sent and have arrived."""
    arrived = {
        receipt.delivery_id
        for receipt, outcome in zip(receipts, outcomes, strict=True)
        if receipt.outcome == outcome == "delivered"
    }
    state = document.state if isinstance(document, Document) else None
    sent = [each.situation for each in state.deliveries if each.id in arrived] if state else []
    return [now - situation.at for situation in sent if isinstance(situation, Sent)]
