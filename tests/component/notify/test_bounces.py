"""A mail that comes back makes its delivery fail and the next way is tried; nobody else can bring that about."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from services.notify.channels import Message
from services.notify.domain.outcomes import Delivered, HandedOver
from services.notify.mail.outcomes import Outcome
from shared import topics
from shared.delivery.documents.document import Quarantined, QuarantineReason
from shared.events import NotificationFailed
from tests.builders import TICKET, event, ticket_id
from tests.component.notify.harness import ACCEPTED, RecordingChannel, ServiceHarness, told
from tests.component.notify.mails import ADDRESSES, NOWHERE, bounce, receiver, reply_address
from tests.fakes.handler_harness import Crashed, CrashingBroker
from tests.unit.notify.samples import PHONE, contact, notice, rules

pytestmark = pytest.mark.component

MAILED = rules(notice(channels=("email", "whatsapp", "log")))


def by_mail(channel: str) -> HandedOver:
    return Delivered(channel, "<1@tangsel.example>", timedelta(days=1))


async def sent_by_mail() -> ServiceHarness:
    both = topics.CONTACTS, event(contact(phone=PHONE))
    harness = await told(both, ACCEPTED, rules=MAILED, email=RecordingChannel(by_mail), whatsapp=RecordingChannel())
    await harness.send()
    return harness


def bounce_address(harness: ServiceHarness) -> str:
    return ADDRESSES.of_bounce(TICKET, harness.state.deliveries[0].id)


async def test_a_bounce_makes_the_delivery_fail_and_the_next_way_is_tried() -> None:
    harness = await sent_by_mail()

    first = await receiver(harness).receive(bounce(bounce_address(harness)))
    again = await receiver(harness).receive(bounce(bounce_address(harness)))
    await harness.send()

    assert (first, again) == (Outcome("bounce", 0, TICKET), Outcome("bounce_known", 0, TICKET))
    whatsapp = harness.channels["whatsapp"]
    assert isinstance(whatsapp, RecordingChannel)
    assert [message.address for message in whatsapp.given] == [PHONE]
    failed = [fact for fact in harness.facts if isinstance(fact, NotificationFailed)]
    assert [(fact.channel, fact.error) for fact in failed] == [("email", "receipt_bounced 5.1.1")]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (bounce("{own}", status="4.2.2"), "bounce_for_now"),
        (bounce("{own}", status="4.4.1", action="delayed"), "automatic"),
        (bounce("{own}", status="2.0.0", action="delivered"), "automatic"),
        (bounce("lapor@tangsel.example"), "bounce_of_nothing"),
        (bounce(NOWHERE), "bounce_of_nothing"),
        (bounce(reply_address()), "bounce_of_nothing"),
        (bounce(ADDRESSES.of_bounce(TICKET, ticket_id("web", "7"))), "bounce_of_nothing"),
        (bounce(ADDRESSES.of_bounce(ticket_id("web", "7"), TICKET)), "bounce_of_nothing"),
    ],
)
async def test_what_is_no_failure_of_a_message_of_ours_changes_nothing(raw: bytes, code: str) -> None:
    harness = await sent_by_mail()
    before = dict(harness.store.documents)

    outcome = await receiver(harness).receive(raw.replace(b"{own}", bounce_address(harness).encode()))

    assert (outcome.code, outcome.status) == (code, 0)
    assert harness.store.documents == before


async def test_a_forger_who_knows_message_and_ticket_makes_no_delivery_fail() -> None:
    harness = await sent_by_mail()
    token = bounce_address(harness).partition("+")[2].partition("@")[0]
    forged = bounce(f"lapor+{token[:-4]}aaaa@tangsel.example").replace(
        b"\n--b--",
        f"\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{TICKET}@tangsel.example>\n--b--".encode(),
    )

    assert (await receiver(harness).receive(forged)).code == "bounce_of_nothing"
    assert [fact for fact in harness.facts if isinstance(fact, NotificationFailed)] == []


async def test_a_bounce_that_overtakes_the_save_of_its_message_comes_again() -> None:
    outcomes: list[Outcome] = []

    async def returns_at_once(message: Message) -> None:
        outcomes.append(await receiver(harness).receive(bounce(ADDRESSES.of_bounce(TICKET, message.id))))

    email = RecordingChannel(by_mail, meanwhile=returns_at_once)
    harness = await told((topics.CONTACTS, event(contact(phone=PHONE))), ACCEPTED, rules=MAILED, email=email)
    await harness.send()

    assert outcomes == [Outcome("unavailable", 75)]
    assert (await receiver(harness).receive(bounce(bounce_address(harness)))).code == "bounce"


async def test_a_bounce_whose_receiver_dies_before_it_is_published_is_told_once() -> None:
    harness = await sent_by_mail()

    with pytest.raises(Crashed):
        await receiver(harness, CrashingBroker()).receive(bounce(bounce_address(harness)))
    again = await receiver(harness).receive(bounce(bounce_address(harness)))

    assert again.code == "bounce_known"
    failed = [said.id for said in harness.published(topics.DELIVERIES) if isinstance(said.data, NotificationFailed)]
    assert len(failed) == 1


@pytest.mark.expects_errors
async def test_a_bounce_that_meets_a_bug_comes_again() -> None:
    harness = await sent_by_mail()
    raw = bounce(bounce_address(harness))

    harness.handler.receive = None  # type: ignore[assignment, method-assign]
    assert await receiver(harness).receive(raw) == Outcome("bug", 75)
    del harness.handler.receive
    assert (await receiver(harness).receive(raw)).code == "bounce"


async def test_a_bounce_of_a_ticket_that_is_set_aside_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    harness = await sent_by_mail()
    raw = bounce(bounce_address(harness))

    async def aside(ids: Collection[str]) -> dict[str, Quarantined]:
        return {id: Quarantined(id, QuarantineReason.TOO_LARGE, "17 MB") for id in ids}

    with monkeypatch.context() as patched:
        patched.setattr(harness.store, "load", aside)
        assert await receiver(harness).receive(raw) == Outcome("unavailable", 75)
    assert (await receiver(harness).receive(raw)).code == "bounce"
