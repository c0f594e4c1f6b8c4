"""The gateways around notify: they take messages, refuse some, die after others, and say later what became of them."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from services.notify.channels import Message
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Delivery
from services.notify.domain.outcomes import Deferred, Delivered, HandedOver, Outcome, Refused, Setback
from services.notify.domain.receipts import Receipt
from services.notify.receipts import ReceiptTaker
from shared import topics
from shared.delivery.ports import TransientError
from shared.events import RECEIPT, NotificationDelivered, NotificationFailed
from tests.simulation.outbox import Outbox
from tests.simulation.scheduler import give_way
from tindak.audit.ledger import Ledger

if TYPE_CHECKING:
    from tests.simulation.world import Replica, World

EMAIL, WHATSAPP, SMS, HOUSE = "email", "whatsapp", "sms", "log"
GATEWAYS = (EMAIL, WHATSAPP, SMS)
TELLING = frozenset({WHATSAPP, SMS})
"""The channels whose gateways send receipts."""
SEND_WITHIN = timedelta(seconds=2)
RECEIPT_WITHIN = timedelta(hours=12)  # no receipt comes so late: what is said counts, whoever was down meanwhile
SAID_AGAIN_AFTER = timedelta(seconds=4)
FAILED = f"{RECEIPT}failed"
FATES: tuple[tuple[Literal["delivered", "failed"], ...], ...] = (
    ("delivered",), ("failed",), (), ("delivered", "delivered"), ("failed", "failed"), ("failed", "delivered"),
    ("delivered", "failed"),
)  # fmt: skip
FATE_WEIGHTS = (30, 22, 20, 8, 8, 6, 6)

Later = Callable[[timedelta, Callable[[], None]], None]


@dataclass(slots=True, eq=False)
class Said:
    """What a gateway says of a message, until somebody has heard it; ``became`` is what was made of it."""

    receipt: Receipt
    became: str | None = None


class Gateways:
    """Sends what is handed over, and now and then does not while things go wrong.

    Args:
        choice: Decides what is refused, and what becomes of what is taken.
        outbox: Notes what was taken and what was refused.
        provider: Says what became of it.
    """

    send_within = SEND_WITHIN

    def __init__(self, choice: random.Random, outbox: Outbox, provider: "Provider") -> None:
        self.choice = choice
        self.refuses = True
        self.dying: set[str] = set()
        self.outbox = outbox
        self.provider = provider

    async def send(self, message: Message) -> HandedOver:
        await give_way("send")
        mood = self.choice.random() if self.refuses else 1
        if mood < 0.05:
            self.outbox.refuse(message.id, "550")
            return Refused(message.channel, "550")
        if mood < 0.12:
            self.outbox.refuse(message.id, "451")
            return Deferred(message.channel, "451")
        is_dying = mood < 0.16 or message.channel in self.dying
        self.outbox.take(message, is_sure=not is_dying)
        provider_id = self.provider.take(message)
        await give_way("sent")
        if is_dying:
            self.outbox.refuse(message.id, "timeout")
            return Deferred(message.channel, "timeout", Setback.GATEWAY)
        return Delivered(message.channel, provider_id, RECEIPT_WITHIN if message.channel in TELLING else None)

    async def close(self) -> None:
        """Nothing is open."""


class Provider:
    """Says what became of each message, some time after it was taken, again and again until notify has heard it."""

    def __init__(self, world: "World", choice: random.Random) -> None:
        self.world = world
        self.choice = choice
        self.taken: dict[tuple[str, str], int] = {}
        self.said: list[Said] = []

    def take(self, message: Message) -> str:
        """Return an id of our own for a message, and decide what becomes of it."""
        way = message.id, message.channel
        self.taken[way] = self.taken.get(way, 0) + 1
        provider_id = f"{message.channel}-{len(self.said)}-{self.taken[way]}"
        if message.channel in TELLING:
            (fate,) = self.choice.choices(FATES, FATE_WEIGHTS)
            wait_for = timedelta()
            for outcome in fate:
                wait_for += timedelta(milliseconds=self.choice.choice((1, 3, 50, 1000, 8000)))
                receipt = Receipt(message.ticket_id, message.id, message.channel, outcome, provider_id, FAILED)
                self.say(Said(receipt), wait_for)
        return provider_id

    def say(self, said: Said, wait_for: timedelta) -> None:
        """Tell one of notify's processes, later; and another one as long as nobody says that it was heard."""
        if said not in self.said:
            self.said.append(said)
            if said.receipt.outcome == "failed":
                self.world.outbox.refuse(said.receipt.delivery_id, FAILED)
        self.world.scheduler.after(wait_for, lambda: self.call(said))

    def call(self, said: Said) -> None:
        if said.became is not None:
            return
        listening = [one for one in self.world.replicas if one.service == "notify" and one.process.tasks]
        if listening:
            replica = self.choice.choice(listening)
            self.world.scheduler.start(replica.process, "receipt", self.told(replica, said))
        self.say(said, SAID_AGAIN_AFTER)

    async def told(self, replica: "Replica", said: Said) -> None:
        """Let a process take the receipt; an outage is answered with 503, and the gateway comes again."""
        taker = ReceiptTaker(replica.handler, replica.store, self.world.broker, replica.clock)  # type: ignore[arg-type]
        try:
            counted = await taker.take([said.receipt])
        except TransientError:
            return
        (said.became,) = counted

    def audit(self, ledger: Ledger) -> Iterator[str]:
        """Yield every receipt that nobody has heard, or that was heard and made no difference."""
        kept = [document.state for document in ledger.documents["notify"] if document.state is not None]
        over = {settled.id: settled for state in kept for settled in state.over}
        arrived = ledger.of_type(topics.DELIVERIES, NotificationDelivered)
        failed = ledger.of_type(topics.DELIVERIES, NotificationFailed)
        told_arrived = {(fact.data["delivery_id"], fact.data["channel"]) for fact in arrived}
        told_failed = {(one.data["delivery_id"], one.data["channel"]) for one in failed if one.data["error"] == FAILED}
        outcomes: dict[tuple[str, str], set[str]] = {}
        for said in self.said:
            receipt = said.receipt
            outcomes.setdefault((receipt.delivery_id, receipt.channel), set()).add(receipt.outcome)
            if said.became in (None, "unknown", "bug"):
                yield f"[receipts] of {receipt} it was said that it is {said.became}"
        for (delivery, channel), said_of_it in outcomes.items():
            settled = over.get(delivery)
            if settled is None or settled.outcome != "sent" or settled.channel != channel:
                continue
            if "delivered" in said_of_it and (settled.delivered_at is None or (delivery, channel) not in told_arrived):
                yield f"[receipts] {delivery} has arrived by {channel}, and that is not told"
            if said_of_it == {"failed"} and self.taken[delivery, channel] == 1:
                yield f"[receipts] {delivery} did not arrive by {channel}, and counts as sent"
        for way in told_failed - {way for way, said_of_it in outcomes.items() if "failed" in said_of_it}:
            yield f"[receipts] {way} is told to have failed, and no receipt said so"


class RecordingHouse:
    """Delivers what stays within the house, and now and then cannot while things go wrong."""

    def __init__(self, gateways: Gateways) -> None:
        self.gateways = gateways

    def holds(self, delivery: Delivery) -> bool:
        return delivery.channels == (HOUSE,)

    def deliver(self, state: Correspondence, delivery: Delivery) -> Outcome:
        if self.gateways.refuses and self.gateways.choice.random() < 0.1:
            self.gateways.outbox.refuse(delivery.id, "451")
            return Deferred(HOUSE, "451")
        self.gateways.outbox.told_within.add(delivery.id)
        return Delivered(HOUSE)
