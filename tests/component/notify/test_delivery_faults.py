"""Whatever goes wrong with one delivery is the outcome of that one alone."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.notify.channels import Message, SideBySide, Spread, in_turn
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Delivery, Sending
from services.notify.domain.outcomes import HandedOver
from services.notify.messages.renderer import MessageRenderer, Recipient
from shared import topics
from shared.delivery.documents.document import Document
from shared.delivery.ports import PermanentError
from shared.events import ContactSealed, NotificationFailed, NotificationSent
from tests.builders import accepted, event, ticket_id
from tests.component.notify.harness import Fault, RecordingChannel, ServiceHarness, puts_off, refuses
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryStore
from tests.sealing import OPENER, SEALER
from tests.unit.notify.samples import EMAIL, LEASE, PHONE, POLICY, notice, rules

pytestmark = [pytest.mark.component, pytest.mark.expects_errors]

ODD, HOUR = "odd@warga.example", timedelta(hours=1)
SPREADS = pytest.mark.parametrize("spread", [in_turn, SideBySide(4)], ids=["in turn", "side by side"])


async def raises(error: Exception) -> HandedOver:
    raise error


async def returned(fault: Fault) -> HandedOver:
    assert not isinstance(fault, Exception)
    return fault("email")


async def cancels_its_own() -> HandedOver:
    """Let out the cancellation of something of its own, as a library does that has lost track of it."""
    lost = asyncio.get_running_loop().create_future()
    lost.cancel()
    await lost
    raise AssertionError


class MoodyChannel(RecordingChannel):
    """Fails for one address, after everybody beside it had a turn; takes all others, slowly."""

    def __init__(self, fails: Callable[[], Any]) -> None:
        super().__init__()
        self.fails = fails
        self.tried = 0

    async def send(self, message: Message) -> HandedOver:
        await asyncio.sleep(0)
        if message.address == ODD:
            self.tried += 1
            return await self.fails()  # type: ignore[no-any-return]
        await asyncio.sleep(0)
        return await super().send(message)


async def harness_of(
    fails: Callable[[], Any], store: MemoryStore[Any] | None = None
) -> tuple[ServiceHarness, list[str], list[str]]:
    """Return a harness with a moody channel, the tickets of eight honest reporters, and those of four odd ones."""
    harness = ServiceHarness(rules(), email=MoodyChannel(fails), store=store)
    honest, odd = [], []
    for number in range(12):
        if number % 3 == 1:
            odd.append(harness.report(number, email=ODD))
        else:
            honest.append(harness.report(number, email=f"warga{number}@warga.example"))
    await harness.work()
    return harness, honest, odd


async def send_all(harness: ServiceHarness, spread: Spread) -> None:
    """Let a sender work through every attempt that there may be."""
    sender = harness.new_sender(spread=spread)
    for _ in range(5):
        while await sender.sweep():
            pass
        harness.pass_time(HOUR)


def ended(harness: ServiceHarness) -> dict[str, str]:
    """Return how each ticket's one delivery ended; the error of those that failed."""
    assert max(Counter(fact.ticket_id for fact in harness.facts).values()) == 1
    return {fact.ticket_id: fact.error if isinstance(fact, NotificationFailed) else fact.TYPE for fact in harness.facts}


@SPREADS
@pytest.mark.parametrize(
    ("fails", "error", "attempts"),
    [
        (lambda: raises(ValueError(ODD)), r"bug ValueError at test_delivery_faults\.py:\d+", 3),
        (lambda: raises(UnicodeEncodeError("ascii", ODD, 0, 1, "odd")), r"bug UnicodeEncodeError at .*", 3),
        (lambda: raises(RuntimeError(ODD)), r"bug RuntimeError at .*", 3),
        (lambda: raises(PermanentError(ODD)), r"bug PermanentError at .*", 3),
        (cancels_its_own, r"bug CancelledError at .*", 3),
        (lambda: returned(puts_off("smtp_451")), "smtp_451", 3),
        (lambda: returned(refuses("smtp_550")), "smtp_550", 1),
    ],
    ids=["value", "unicode", "runtime", "permanent", "cancelled", "deferred", "refused"],
)
async def test_an_exception_for_some_messages_leaves_the_others_one_mail_each(
    spread: Spread, fails: Callable[[], Any], error: str, attempts: int
) -> None:
    harness, honest, odd = await harness_of(fails)

    await send_all(harness, spread)

    outcomes = ended(harness)
    assert Counter(message.ticket_id for message in harness.email.given) == Counter(honest)
    assert {ticket: outcomes[ticket] for ticket in honest} == dict.fromkeys(honest, NotificationSent.TYPE)
    assert all(re.fullmatch(error, outcomes[ticket]) for ticket in odd), outcomes
    assert isinstance(harness.email, MoodyChannel)
    assert harness.email.tried == attempts * len(odd)


async def test_a_bug_in_a_channel_is_logged_by_class_and_place_only() -> None:
    harness, _, odd = await harness_of(lambda: raises(ValueError(f"no such mailbox: {ODD}")))

    with capture_logs() as lines:
        await harness.sender.sweep()

    assert ODD not in str(lines) + repr(harness.store.documents)
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["a bug ended an attempt"] * len(odd)


async def test_after_a_bug_the_next_channel_is_not_asked() -> None:
    """Nobody knows how far the first one came."""
    sms = RecordingChannel()
    harness = ServiceHarness(
        rules(notice(channels=("email", "sms"))), email=MoodyChannel(lambda: raises(ValueError())), sms=sms
    )
    harness.report(1, email=ODD, phone=PHONE)
    await harness.work()

    await send_all(harness, in_turn)

    assert sms.given == []


async def test_a_bug_names_the_channel_that_has_it() -> None:
    sms = RecordingChannel(*[RuntimeError()] * 3)
    harness = ServiceHarness(
        rules(notice(channels=("email", "sms"))), email=MoodyChannel(lambda: returned(refuses("550"))), sms=sms
    )
    harness.report(1, email=ODD, phone=PHONE)
    await harness.work()

    await send_all(harness, in_turn)

    [fact] = harness.facts
    assert isinstance(fact, NotificationFailed)
    assert (fact.channel, fact.attempt, fact.error.split(" at ")[0]) == ("sms", 3, "bug RuntimeError")


def rubbish(ticket: str) -> ContactSealed:
    """Return a contact with a whole seal and nothing readable within."""
    sealed, key_id = SEALER.seal(ticket, b"\xff\xfe\x00 no contact")
    return ContactSealed(ticket_id=ticket, sealed=sealed, locale="id", key_id=key_id, scheme="hpke")


@SPREADS
async def test_a_contact_that_holds_rubbish_fails_alone(spread: Spread) -> None:
    harness = ServiceHarness(rules())
    honest = [harness.report(number, email=EMAIL) for number in range(3)]
    odd = ticket_id("web", "rubbish")
    harness.publish(topics.ACCEPTED, event(accepted(ticket_id=odd)))
    harness.publish(topics.CONTACTS, event(rubbish(odd)))
    await harness.work()

    await send_all(harness, spread)

    assert ended(harness) == dict.fromkeys(honest, NotificationSent.TYPE) | {odd: "ContactUnreadable"}
    assert Counter(message.ticket_id for message in harness.email.given) == Counter(honest)


class BuggyRenderer(MessageRenderer):
    """Fails in a way that nobody has thought of, for one ticket."""

    odd: str = ""

    def recipient(self, state: Correspondence, delivery: Delivery) -> Recipient:
        if state.ticket_id == self.odd:
            raise RecursionError(EMAIL)
        return super().recipient(state, delivery)


@SPREADS
async def test_a_bug_in_writing_one_message_fails_alone(spread: Spread) -> None:
    harness = ServiceHarness(rules())
    odd, *honest = [harness.report(number, email=EMAIL) for number in range(4)]
    await harness.work()
    renderer = BuggyRenderer(POLICY, OPENER)
    renderer.odd = odd
    sender = harness.new_sender(renderer=renderer, spread=spread)

    while await sender.sweep():
        pass

    assert ended(harness) == dict.fromkeys(honest, NotificationSent.TYPE)
    [waiting] = harness.store.documents[odd].state.deliveries
    assert waiting.situation.attempt == 2


async def test_a_bug_in_concluding_one_ticket_leaves_the_others_concluded() -> None:
    harness, honest, odd = await harness_of(lambda: returned(refuses("smtp_550")))
    conclude = harness.handler.conclude

    def fails_for_some(state: Correspondence, *rest: Any) -> Any:
        if state.ticket_id in odd:
            raise KeyError(state.ticket_id)
        return conclude(state, *rest)

    harness.handler.conclude = fails_for_some
    await harness.sender.sweep()

    assert ended(harness) == dict.fromkeys(honest, NotificationSent.TYPE)
    left = [harness.store.documents[ticket].state.deliveries[0].situation for ticket in odd]
    assert left == [Sending(NOON + LEASE, 1)] * len(odd)


class PickyStore(MemoryStore[Any]):
    """Cannot hold some tickets in some situation; what is *overtaken* is changed by somebody else before it is saved.

    As a database does it: one document that it cannot hold fails the whole batch.
    """

    odd: Sequence[str] = ()
    kind = "sending"
    overtaken: str | None = None

    async def save(self, documents: Sequence[Document[Any]]) -> set[str]:
        ids = [document.id for document in documents]
        if any(self.kind_of(id) == self.kind for id in ids if id in self.odd):
            raise PermanentError("MongoDB cannot hold a document: DocumentTooLarge")
        if self.overtaken in ids and self.kind_of(self.overtaken) == "sending":
            self.documents[self.overtaken] = self.documents[self.overtaken].saved()
            self.overtaken = None
        return await super().save(documents)

    def kind_of(self, ticket: str) -> str:
        return str(self.documents[ticket].state.deliveries[0].situation.kind) if ticket in self.documents else ""


@pytest.mark.parametrize("kind", ["due", "sending"], ids=["before sending", "after sending"])
async def test_a_ticket_that_cannot_be_saved_holds_back_no_other(kind: str) -> None:
    store = PickyStore()
    harness, honest, odd = await harness_of(lambda: returned(refuses("smtp_550")), store)
    store.odd, store.kind = odd, kind

    await harness.sender.sweep()

    assert ended(harness) == dict.fromkeys(honest, NotificationSent.TYPE)
    assert Counter(message.ticket_id for message in harness.email.given) == Counter(honest)
    assert [store.kind_of(ticket) for ticket in odd] == [kind] * len(odd)


async def test_beside_a_ticket_that_cannot_be_saved_one_that_was_overtaken_is_decided_again() -> None:
    store = PickyStore()
    harness, honest, odd = await harness_of(lambda: returned(refuses("smtp_550")), store)
    store.odd, store.overtaken = odd, honest[0]

    await harness.sender.sweep()

    assert store.overtaken is None
    assert ended(harness) == dict.fromkeys(honest, NotificationSent.TYPE)
    assert Counter(message.ticket_id for message in harness.email.given) == Counter(honest)


async def test_a_sender_that_is_cancelled_ends_and_leaves_its_leases() -> None:
    holding = asyncio.Event()

    async def holds() -> None:
        holding.set()
        await asyncio.Event().wait()

    harness = ServiceHarness(rules(), email=MoodyChannel(holds))
    harness.report(1, email=ODD)
    await harness.work()
    sweep = asyncio.create_task(harness.new_sender(spread=SideBySide(4)).sweep())
    await holding.wait()

    sweep.cancel()

    with pytest.raises(asyncio.CancelledError):
        await sweep
    assert harness.facts == []
    [document] = harness.store.documents.values()
    assert document.state.deliveries[0].situation == Sending(NOON + LEASE, 1)
