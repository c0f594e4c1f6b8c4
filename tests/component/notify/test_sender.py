from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.notify.channels import Message, TemporarilyUndeliverable, Undeliverable
from services.notify.channels.log import LogChannel
from services.notify.domain.deliveries import Due
from services.notify.domain.timing import QuietHours
from shared import topics
from shared.events import (
    DeliveryFact,
    NotificationFailed,
    NotificationSent,
    NotificationSuppressed,
)
from tests.builders import TICKET, TRACKING, event
from tests.component.notify.desk import ACCEPTED, CONTACT, ROUTED, TWO, Desk, FakeChannel, about, sent, told
from tests.fakes.bench import NOON
from tests.unit.notify.samples import EMAIL, PHONE, contact, notice, rules

pytestmark = pytest.mark.component


async def test_a_due_notice_is_sent_once_and_told() -> None:
    desk = await told()

    await desk.send()
    await desk.send()

    assert [(message.address, message.subject) for message in desk.email.given] == [
        (EMAIL, f"Laporan {TRACKING} sudah kami terima")
    ]
    assert desk.data(topics.DELIVERIES) == [sent(desk)]
    assert desk.store.documents[TICKET].due_at is None
    assert desk.store.documents[TICKET].pending == ()


async def test_with_nothing_due_nothing_is_done() -> None:
    desk = await told(ACCEPTED)

    assert await desk.sender.sweep() == 0


async def test_a_report_without_a_contact_is_told_of_to_nobody() -> None:
    desk = await told(ACCEPTED)
    desk.pass_time(timedelta(minutes=1))

    await desk.send()

    why = NotificationSuppressed(**about(desk), channel="email", attempt=0, why="no_contact")
    assert desk.data(topics.DELIVERIES) == [why]
    assert desk.email.given == []


async def test_a_channel_that_fails_for_now_is_tried_again_later() -> None:
    desk = await told(email=FakeChannel(TemporarilyUndeliverable("smtp_451"), None))
    await desk.send()
    [waits] = desk.situations
    assert waits == Due(NOON + desk.handler.rules.retries.wait_after(1, desk.state.deliveries[0].id), 2)

    desk.pass_time(timedelta(minutes=1))
    await desk.send()

    assert desk.data(topics.DELIVERIES) == [sent(desk, attempt=2)]
    assert len({message.id for message in desk.email.given}) == 1


async def test_after_the_last_attempt_it_has_failed() -> None:
    desk = await told(email=FakeChannel(*[TemporarilyUndeliverable("smtp_451")] * 3))

    for _ in range(4):
        await desk.send()
        desk.pass_time(timedelta(hours=1))

    failed = NotificationFailed(**about(desk), channel="email", attempt=3, error="smtp_451")
    assert desk.data(topics.DELIVERIES) == [failed]
    assert len(desk.email.given) == 3


async def test_what_is_refused_for_good_has_failed_at_once() -> None:
    desk = await told(email=FakeChannel(Undeliverable("smtp_550")))

    await desk.send()

    failed = NotificationFailed(**about(desk), channel="email", attempt=1, error="smtp_550")
    assert desk.data(topics.DELIVERIES) == [failed]


BY_MAIL_OR_PHONE = rules(notice(channels=("email", "sms", "log")))
BOTH_WAYS = topics.CONTACTS, event(contact(phone=PHONE), at=NOON)


async def test_the_next_channel_takes_what_the_first_refuses() -> None:
    email, sms = FakeChannel(Undeliverable("smtp_550")), FakeChannel()
    desk = await told(BOTH_WAYS, ACCEPTED, rules=BY_MAIL_OR_PHONE, email=email, sms=sms)

    await desk.send()

    assert [(fact.TYPE, fact.channel) for fact in desk.facts] == [(NotificationSent.TYPE, "sms")]
    assert [message.address for message in sms.given] == [PHONE]


async def test_a_channel_that_fails_for_now_is_not_passed_over() -> None:
    email, sms = FakeChannel(TemporarilyUndeliverable("smtp_timeout")), FakeChannel()
    desk = await told(BOTH_WAYS, ACCEPTED, rules=BY_MAIL_OR_PHONE, email=email, sms=sms)

    await desk.send()

    assert sms.given == []


async def test_a_line_in_the_log_is_no_way_around_a_refusal() -> None:
    desk = await told(email=FakeChannel(Undeliverable("bad_address")), log=LogChannel())

    await desk.send()

    failed = NotificationFailed(**about(desk), channel="email", attempt=1, error="bad_address")
    assert desk.data(topics.DELIVERIES) == [failed]


async def test_a_contact_that_cannot_be_opened_waits_for_the_key() -> None:
    desk = await told((topics.CONTACTS, event(contact().model_copy(update={"key_id": "lost"}))), ACCEPTED)

    await desk.send()

    assert [situation.kind for situation in desk.situations] == ["due"]
    assert desk.facts == []


async def test_at_night_nothing_is_sent_until_morning() -> None:
    night = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    desk = Desk(rules(quiet_hours=QuietHours(time(21), time(6), ZoneInfo("Asia/Jakarta"))))
    desk.clock.at = night
    for message in (CONTACT, ACCEPTED):
        desk.say(*message)
    await desk.work()

    await desk.send()

    assert desk.email.given == []
    desk.pass_time(timedelta(hours=8))
    await desk.send()
    assert desk.data(topics.DELIVERIES) == [sent(desk)]


async def test_an_event_that_comes_while_a_message_is_sent_is_not_lost() -> None:
    async def routed_meanwhile(message: Message) -> None:
        if message.role == "reporter":
            desk.say(*ROUTED)
            await desk.work()

    desk = await told(rules=TWO, email=FakeChannel(meanwhile=routed_meanwhile))

    await desk.send()

    assert [(fact.notice, fact.TYPE) for fact in desk.facts] == [
        ("accepted", NotificationSent.TYPE),
        ("routed", NotificationSent.TYPE),
    ]
    assert len(desk.email.given) == 2


async def test_every_message_has_its_fact_and_its_line_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    desk = await told(CONTACT, ACCEPTED, ROUTED, rules=TWO)

    await desk.send()

    facts: list[DeliveryFact] = desk.data(topics.DELIVERIES)
    assert sorted(fact.delivery_id for fact in facts) == sorted(message.id for message in desk.email.given)
    assert capsys.readouterr().out.count("outcome=delivered") == 2
