import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.notify.channels import Message
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Sent
from services.notify.domain.outcomes import Delivered, HandedOver
from services.notify.domain.receipts import Receipt
from services.notify.domain.sending.timing import QuietHours
from services.notify.receipts import ReceiptTaker
from shared import topics
from shared.adapters.clock import Clock
from shared.delivery.documents.document import Document, Quarantined, QuarantineReason
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import HeldBack, TransientError
from shared.events import NotificationDelivered, NotificationFailed, NotificationSent
from tests.builders import TICKET, event, ticket_id
from tests.component.notify.harness import ACCEPTED, RecordingChannel, ServiceHarness, puts_off, told
from tests.fakes.handler_harness import NOON, Crashed, CrashingBroker
from tests.fakes.memory import MemoryClock, MemoryStore
from tests.unit.notify.samples import EMAIL, PHONE, contact, notice, rules

pytestmark = pytest.mark.component

WAYS = rules(notice(channels=("whatsapp", "email", "log")))
BOTH_WAYS = topics.CONTACTS, event(contact(phone=PHONE), at=NOON)
DAY = timedelta(days=1)


def taken(channel: str) -> HandedOver:
    return Delivered(channel, "wamid.1", DAY)


async def sent_by_whatsapp() -> ServiceHarness:
    harness = await told(BOTH_WAYS, ACCEPTED, rules=WAYS, whatsapp=RecordingChannel(taken))
    await harness.send()
    return harness


class PatientClock(MemoryClock):
    """Lets everybody else go on while it sleeps."""

    async def sleep(self, sleep_for: timedelta) -> None:
        await asyncio.sleep(0)


def taker(harness: ServiceHarness, publisher: Any = None, clock: Clock | None = None) -> ReceiptTaker:
    return ReceiptTaker(harness.handler, harness.store, publisher or harness.broker, clock or harness.clock)


def receipt(harness: ServiceHarness, outcome: Any = "delivered") -> Receipt:
    return Receipt(TICKET, harness.state.deliveries[0].id, "whatsapp", outcome, "wamid.1", "receipt_failed 131026")


def story(harness: ServiceHarness) -> list[tuple[str, str]]:
    return [(fact.TYPE.split(".")[2], fact.channel) for fact in harness.facts]


async def test_that_a_message_has_arrived_is_saved_and_published_once() -> None:
    harness = await sent_by_whatsapp()

    first = await taker(harness).take([receipt(harness)])
    again = await taker(harness).take([receipt(harness)])

    assert (first, again) == (Counter(delivered=1), Counter(ignored=1))
    assert harness.situations == [Sent(NOON, 1, "whatsapp", "wamid.1", delivered_at=NOON)]
    assert [type(fact) for fact in harness.data(topics.DELIVERIES)] == [NotificationSent, NotificationDelivered]


async def test_the_gateway_is_told_once_how_long_a_message_was_on_its_way() -> None:
    harness = await sent_by_whatsapp()
    noted: list[tuple[str, timedelta]] = []
    ports = harness.handler, harness.store, harness.broker, harness.clock
    taking = ReceiptTaker(*ports, note_arrival=lambda gateway, took: noted.append((gateway, took)))
    harness.pass_time(timedelta(minutes=7))

    for outcome in ("delivered", "delivered", "failed"):
        await taking.take([receipt(harness, outcome)], "whatsapp_template")

    assert noted == [("whatsapp_template", timedelta(minutes=7))]


async def test_what_did_not_arrive_reaches_the_reporter_by_the_next_way() -> None:
    harness = await sent_by_whatsapp()

    counted = await taker(harness).take([receipt(harness, "failed")])
    await harness.send()

    assert counted == Counter(failed=1)
    [mail] = harness.email.given
    assert (mail.address, mail.notice) == (EMAIL, "accepted")
    assert story(harness) == [("sent", "whatsapp"), ("failed", "whatsapp"), ("sent", "email")]
    failed = harness.facts[1]
    assert isinstance(failed, NotificationFailed)
    assert failed.error == "receipt_failed 131026"
    assert len({event.id for event in harness.published(topics.DELIVERIES)}) == 3


async def test_the_next_way_waits_for_the_end_of_the_quiet_hours() -> None:
    night = QuietHours(time(12), time(13), ZoneInfo("Asia/Jakarta"))
    harness = await sent_by_whatsapp()
    harness.handler.use_policy(rules(notice(), quiet_hours=night))

    await taker(harness).take([receipt(harness, "failed")])
    await harness.send()
    asleep = list(harness.email.given)
    harness.pass_time(timedelta(hours=1))
    await harness.send()

    assert (asleep, len(harness.email.given)) == ([], 1)


async def test_receipts_of_one_call_are_taken_in_their_order() -> None:
    harness = await sent_by_whatsapp()

    counted = await taker(harness).take([receipt(harness), receipt(harness), receipt(harness, "failed")])

    assert counted == Counter(delivered=1, ignored=2)
    assert harness.email.given == []


async def test_a_receipt_of_nothing_that_we_know_changes_nothing() -> None:
    harness = await sent_by_whatsapp()
    before = dict(harness.store.documents)
    other = ticket_id("web", "999")

    counted = await taker(harness).take(
        [
            Receipt(other, harness.state.deliveries[0].id, "whatsapp", "failed"),
            Receipt(TICKET, other, "whatsapp", "failed"),
        ]
    )

    assert counted == Counter(unknown=2)
    assert harness.store.documents == before


async def test_whoever_saves_first_wins_and_the_other_decides_again() -> None:
    harness = await sent_by_whatsapp()
    one, other = taker(harness), taker(harness)
    real = harness.store.save

    async def overtaken(documents: Sequence[Document[Any]]) -> set[str]:
        harness.store.save = real  # type: ignore[method-assign]
        await other.take([receipt(harness)])
        return await real(documents)

    harness.store.save = overtaken  # type: ignore[method-assign]
    counted = await one.take([receipt(harness, "failed")])

    assert counted == Counter(ignored=1)
    assert story(harness) == [("sent", "whatsapp"), ("delivered", "whatsapp")]


async def test_what_a_dead_process_saved_is_published_by_the_relay() -> None:
    harness = await sent_by_whatsapp()

    with pytest.raises(Crashed):
        await taker(harness, CrashingBroker()).take([receipt(harness)])
    assert story(harness) == [("sent", "whatsapp")]
    harness.pass_time(timedelta(minutes=1))
    await harness.relay.relay()

    assert story(harness) == [("sent", "whatsapp"), ("delivered", "whatsapp")]


async def test_a_repeat_after_an_outage_of_the_broker_publishes_what_was_saved() -> None:
    class Outage:
        async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
            raise TransientError("the broker is out of reach")

    harness = await sent_by_whatsapp()
    with pytest.raises(TransientError):
        await taker(harness, Outage()).take([receipt(harness)])

    counted = await taker(harness).take([receipt(harness)])

    assert counted == Counter(ignored=1)
    assert story(harness) == [("sent", "whatsapp"), ("delivered", "whatsapp")]
    assert harness.store.documents[TICKET].pending == ()


async def test_a_receipt_that_overtakes_the_save_of_its_message_waits_for_it() -> None:
    harness = await told(BOTH_WAYS, ACCEPTED, rules=WAYS)
    waiting = taker(harness, clock=PatientClock(NOON))
    tasks: list[asyncio.Task[Counter[str]]] = []

    async def answers_at_once(message: Message) -> None:
        tasks.append(asyncio.create_task(waiting.take([receipt(harness)])))
        await asyncio.sleep(0)

    harness.channels["whatsapp"] = RecordingChannel(taken, meanwhile=answers_at_once)
    await harness.send()

    assert await tasks[0] == Counter(delivered=1)
    assert story(harness) == [("sent", "whatsapp"), ("delivered", "whatsapp")]


async def test_a_receipt_of_a_ticket_in_quarantine_must_be_said_again() -> None:
    class Quarantining(MemoryStore[Correspondence]):
        async def load(self, ids: Collection[str]) -> dict[str, Any]:
            return {id: Quarantined(id, QuarantineReason.TOO_LARGE, "too large") for id in ids}

    harness = await sent_by_whatsapp()
    in_quarantine = ReceiptTaker(harness.handler, Quarantining(), harness.broker, harness.clock)

    with pytest.raises(TransientError):
        await in_quarantine.take([receipt(harness)])

    assert await taker(harness).take([receipt(harness)]) == Counter(delivered=1)


async def test_a_receipt_that_stays_too_early_must_be_said_again() -> None:
    harness = await told(BOTH_WAYS, ACCEPTED, rules=WAYS)

    async def answers_at_once(message: Message) -> None:
        with pytest.raises(TransientError):
            await taker(harness).take([receipt(harness)])

    harness.channels["whatsapp"] = RecordingChannel(taken, meanwhile=answers_at_once)
    await harness.send()

    assert await taker(harness).take([receipt(harness)]) == Counter(delivered=1)


async def test_what_a_provider_took_without_saying_so_is_not_sent_again() -> None:
    whatsapp = RecordingChannel(puts_off("http_timeout"))
    harness = await told(BOTH_WAYS, ACCEPTED, rules=WAYS, whatsapp=whatsapp)
    await harness.send()

    await taker(harness).take([receipt(harness)])
    harness.pass_time(timedelta(hours=1))
    await harness.send()

    assert len(whatsapp.given) == 1
    assert story(harness) == [("sent", "whatsapp"), ("delivered", "whatsapp")]


@pytest.mark.expects_errors
async def test_a_bug_costs_the_receipts_of_one_ticket() -> None:
    harness = await sent_by_whatsapp()
    harness.handler.receive = None  # type: ignore[assignment, method-assign]

    assert await taker(harness).take([receipt(harness)]) == Counter(bug=1)
