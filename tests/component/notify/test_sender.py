from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.notify.channels import Message
from services.notify.channels.log import LogChannel
from services.notify.domain.deliveries import Due
from services.notify.domain.sending.timing import QuietHours
from shared import topics
from shared.events import (
    DeliveryFact,
    NotificationFailed,
    NotificationSent,
    NotificationSuppressed,
)
from tests.builders import TICKET, TRACKING, event, ticket_id
from tests.component.notify.harness import (
    ACCEPTED,
    CONTACT,
    ROUTED,
    TWO,
    RecordingChannel,
    ServiceHarness,
    about,
    puts_off,
    refuses,
    sent,
    told,
)
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import EMAIL, PHONE, contact, notice, rules

pytestmark = pytest.mark.component


async def test_a_due_notice_is_sent_once_and_published() -> None:
    harness = await told()

    await harness.send()
    await harness.send()

    assert [(message.address, message.subject) for message in harness.email.given] == [
        (EMAIL, f"Laporan {TRACKING} sudah kami terima")
    ]
    assert harness.data(topics.DELIVERIES) == [sent(harness)]
    assert harness.store.documents[TICKET].due_at is None
    assert harness.store.documents[TICKET].pending == ()


async def test_what_is_claimed_of_a_ticket_while_a_message_of_it_is_on_its_way_ends_with_it() -> None:
    harness = ServiceHarness(TWO)
    rounds = []
    for messages in ((CONTACT, ACCEPTED), (ROUTED,)):
        for message in messages:
            harness.publish(*message)
        await harness.work()
        rounds.append(await harness.sender.begin(200))
    ended = [await task() for begun in rounds for task in begun.tasks]

    await harness.sender.end(ended[::-1])

    assert [len(begun.tasks) for begun in rounds] == [1, 1]
    assert {situation.kind for situation in harness.situations} == {"sent"}
    assert [fact.TYPE for fact in harness.facts] == [NotificationSent.TYPE] * 2


async def test_with_nothing_due_nothing_is_done() -> None:
    harness = await told(ACCEPTED)

    assert await harness.sender.sweep() == 0


async def test_a_report_without_contact_is_suppressed() -> None:
    harness = await told(ACCEPTED)
    harness.pass_time(timedelta(minutes=1))

    await harness.send()

    why = NotificationSuppressed(**about(harness), channel="email", attempt=0, why="no_contact")
    assert harness.data(topics.DELIVERIES) == [why]
    assert harness.email.given == []


async def test_a_channel_that_fails_for_now_is_tried_again_later() -> None:
    harness = await told(email=RecordingChannel(puts_off("smtp_451"), None))
    await harness.send()
    [waits] = harness.situations
    assert waits == Due(NOON + harness.handler.rules.retries.wait_after(1, harness.state.deliveries[0].id), 2)

    harness.pass_time(timedelta(minutes=1))
    await harness.send()

    assert harness.data(topics.DELIVERIES) == [sent(harness, attempt=2)]
    assert len({message.id for message in harness.email.given}) == 1


async def test_after_the_last_attempt_it_has_failed() -> None:
    harness = await told(email=RecordingChannel(*[puts_off("smtp_451")] * 3))

    for _ in range(4):
        await harness.send()
        harness.pass_time(timedelta(hours=1))

    failed = NotificationFailed(**about(harness), channel="email", attempt=3, error="smtp_451")
    assert harness.data(topics.DELIVERIES) == [failed]
    assert len(harness.email.given) == 3


async def test_a_permanent_refusal_fails_at_once() -> None:
    harness = await told(email=RecordingChannel(refuses("smtp_550")))

    await harness.send()

    failed = NotificationFailed(**about(harness), channel="email", attempt=1, error="smtp_550")
    assert harness.data(topics.DELIVERIES) == [failed]


BY_MAIL_OR_PHONE = rules(notice(channels=("email", "sms", "log")))
BOTH_WAYS = topics.CONTACTS, event(contact(phone=PHONE), at=NOON)


async def test_a_refusal_falls_through_to_the_next_channel() -> None:
    email, sms = RecordingChannel(refuses("smtp_550")), RecordingChannel()
    harness = await told(BOTH_WAYS, ACCEPTED, rules=BY_MAIL_OR_PHONE, email=email, sms=sms)

    await harness.send()

    assert [(fact.TYPE, fact.channel) for fact in harness.facts] == [(NotificationSent.TYPE, "sms")]
    assert [message.address for message in sms.given] == [PHONE]


async def test_a_temporary_failure_does_not_fall_through_to_the_next_channel() -> None:
    email, sms = RecordingChannel(puts_off("smtp_timeout")), RecordingChannel()
    harness = await told(BOTH_WAYS, ACCEPTED, rules=BY_MAIL_OR_PHONE, email=email, sms=sms)

    await harness.send()

    assert sms.given == []


async def test_the_log_channel_is_not_used_after_a_refusal() -> None:
    harness = await told(email=RecordingChannel(refuses("bad_address")), log=LogChannel())

    await harness.send()

    failed = NotificationFailed(**about(harness), channel="email", attempt=1, error="bad_address")
    assert harness.data(topics.DELIVERIES) == [failed]


async def test_a_contact_that_cannot_be_opened_waits_for_the_key() -> None:
    harness = await told((topics.CONTACTS, event(contact().model_copy(update={"key_id": "lost"}))), ACCEPTED)

    await harness.send()

    assert [situation.kind for situation in harness.situations] == ["due"]
    assert harness.facts == []


async def test_at_night_nothing_is_sent_until_morning() -> None:
    night = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    harness = ServiceHarness(rules(quiet_hours=QuietHours(time(21), time(6), ZoneInfo("Asia/Jakarta"))))
    harness.clock.at = night
    for message in (CONTACT, ACCEPTED):
        harness.publish(*message)
    await harness.work()

    await harness.send()

    assert harness.email.given == []
    harness.pass_time(timedelta(hours=8))
    await harness.send()
    assert harness.data(topics.DELIVERIES) == [sent(harness)]


async def test_an_event_that_comes_while_a_message_is_sent_is_not_lost() -> None:
    async def routed_meanwhile(message: Message) -> None:
        if message.role == "reporter":
            harness.publish(*ROUTED)
            await harness.work()

    harness = await told(rules=TWO, email=RecordingChannel(meanwhile=routed_meanwhile))

    await harness.send()

    assert [(fact.notice, fact.TYPE) for fact in harness.facts] == [
        ("accepted", NotificationSent.TYPE),
        ("routed", NotificationSent.TYPE),
    ]
    assert len(harness.email.given) == 2


async def test_every_message_has_its_fact_and_its_line_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    harness = await told(CONTACT, ACCEPTED, ROUTED, rules=TWO)

    await harness.send()

    facts: list[DeliveryFact] = harness.data(topics.DELIVERIES)
    assert sorted(fact.delivery_id for fact in facts) == sorted(message.id for message in harness.email.given)
    assert capsys.readouterr().out.count("outcome=delivered") == 2


async def test_whoever_is_erased_while_a_round_goes_on_is_sent_nothing_more() -> None:
    erased: list[str] = []

    async def erase_the_others(message: Message) -> None:
        for ticket in {ticket_id("web", number) for number in ("11", "12", "13")} - {message.ticket_id} - set(erased):
            harness.write(topics.CONTACTS, None, ticket)
            erased.append(ticket)
        await harness.work()

    harness = ServiceHarness(rules=rules(), email=RecordingChannel(meanwhile=erase_the_others))
    for number in (11, 12, 13):
        harness.report(number, email=EMAIL)
    await harness.work()

    await harness.send()

    [sent] = harness.email.given
    assert sent.ticket_id not in erased
    assert [fact.why for fact in harness.facts if isinstance(fact, NotificationSuppressed)] == ["contact_erased"] * 2
