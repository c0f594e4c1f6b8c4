from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.notify.channels import Message, TemporarilyUndeliverable, Undeliverable
from services.notify.channels.log import LogChannel
from services.notify.domain.deliveries import Due, Failed, Sending, Sent
from services.notify.domain.timing import QuietHours
from shared import topics
from shared.delivery.document import Document
from shared.delivery.ports import TransientError
from shared.events import (
    DeliveryFact,
    Event,
    NotificationFailed,
    NotificationSent,
    NotificationSuppressed,
    TicketRouted,
)
from tests.builders import TICKET, TRACKING, accepted, event
from tests.component.notify.desk import Desk, FakeChannel
from tests.fakes.bench import NOON, Crashed, CrashingBroker
from tests.unit.notify.samples import EMAIL, LEASE, contact, notice, rules, said

pytestmark = pytest.mark.component

ACCEPTED = topics.ACCEPTED, event(accepted())
CONTACT = topics.CONTACTS, event(contact(), at=NOON)
ROUTED = topics.TICKETS, event(said(TicketRouted))
TWO = rules(notice(), notice(code="routed", on=TicketRouted.TYPE, to=("liaison",), template="agency_new_ticket"))


@dataclass
class Interference:
    """Lets something go wrong in a store: after *saves* more saves each raises what stands next in *errors*."""

    desk: Desk
    saves: int
    errors: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.real, self.desk.store.save = self.desk.store.save, self.save  # type: ignore[method-assign]

    async def save(self, documents: Sequence[Document[Any]]) -> set[str]:
        self.saves -= 1
        if self.saves < 0 and self.errors:
            raise self.errors.pop(0)
        return await self.real(documents)


async def told(*messages: tuple[str, Event], **options: Any) -> Desk:
    desk = Desk(**({"rules": rules()} | options))
    for message in messages or (CONTACT, ACCEPTED):
        desk.say(*message)
    await desk.work()
    return desk


def about(desk: Desk) -> dict[str, Any]:
    return {
        "ticket_id": TICKET, "tracking_id": TRACKING, "delivery_id": desk.state.deliveries[0].id,
        "notice": "accepted", "recipient_role": "reporter",
    }  # fmt: skip


def sent(desk: Desk, attempt: int = 1, channel: str = "email") -> NotificationSent:
    provider_id = f"<{desk.state.deliveries[0].id}@tangsel.example>" if channel == "email" else None
    return NotificationSent(**about(desk), channel=channel, attempt=attempt, provider_id=provider_id)


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


async def test_the_next_channel_takes_what_the_first_refuses() -> None:
    desk = await told(email=FakeChannel(Undeliverable("smtp_550")), log=LogChannel())

    await desk.send()

    assert desk.data(topics.DELIVERIES) == [sent(desk, channel="log")]


async def test_a_channel_that_fails_for_now_is_not_passed_over() -> None:
    log = FakeChannel()
    desk = await told(email=FakeChannel(TemporarilyUndeliverable("smtp_timeout")), log=log)

    await desk.send()

    assert log.given == []


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


async def test_a_process_that_dies_while_sending_leaves_the_message_to_another() -> None:
    async def dies(_: Message) -> None:
        raise Crashed

    email = FakeChannel(meanwhile=dies)
    desk = await told(email=email)
    with pytest.raises(Crashed):
        await desk.send()
    email.meanwhile = FakeChannel().meanwhile

    await desk.new_sender().sweep()
    assert len(email.given) == 1
    desk.pass_time(LEASE)
    await desk.new_sender().sweep()

    assert desk.data(topics.DELIVERIES) == [sent(desk, attempt=2)]
    assert len({message.id for message in email.given}) == 1


async def test_a_process_that_dies_before_noting_the_outcome_sends_the_same_message_again() -> None:
    desk = await told()
    Interference(desk, saves=1, errors=[Crashed()])
    with pytest.raises(Crashed):
        await desk.send()

    desk.pass_time(LEASE)
    await desk.send()

    assert desk.data(topics.DELIVERIES) == [sent(desk, attempt=2)]
    assert [message.id for message in desk.email.given] == [desk.state.deliveries[0].id] * 2


async def test_an_outcome_that_was_saved_and_not_told_is_told_by_whoever_comes_next() -> None:
    desk = await told()
    with pytest.raises(Crashed):
        await desk.new_sender(CrashingBroker()).sweep()
    assert isinstance(desk.situations[0], Sent)

    assert await desk.sender.relay() == 0
    desk.pass_time(timedelta(seconds=10))
    assert await desk.sender.relay() == 1

    assert desk.data(topics.DELIVERIES) == [sent(desk)]
    assert len(desk.email.given) == 1
    assert await desk.sender.relay() == 0


async def test_an_outage_after_sending_is_sat_out_and_nothing_is_sent_twice() -> None:
    desk = await told()
    Interference(desk, saves=1, errors=[TransientError("MongoDB: no primary")] * 3)

    await desk.send()

    assert desk.facts == [sent(desk)]
    assert len(desk.email.given) == 1
    assert desk.sender.vitals.troubles == {}


async def test_an_outage_before_sending_sends_nothing() -> None:
    desk = await told()
    Interference(desk, saves=0, errors=[TransientError("MongoDB: no primary")])

    with pytest.raises(TransientError):
        await desk.sender.sweep()

    assert desk.email.given == []


async def test_two_processes_that_find_the_same_notice_send_it_once() -> None:
    desk = await told()
    second = desk.new_sender()
    load = desk.store.load

    async def overtaken(ids: Collection[str]) -> dict[str, Document[Any]]:
        found = await load(ids)
        desk.store.load = load  # type: ignore[method-assign]
        await second.sweep()
        return found

    desk.store.load = overtaken  # type: ignore[method-assign]
    await desk.sender.sweep()

    assert len(desk.email.given) == 1
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


async def test_an_attempt_that_outlasts_its_lease_leaves_the_word_to_the_next() -> None:
    async def slow(_: Message) -> None:
        email.meanwhile = FakeChannel().meanwhile
        desk.pass_time(LEASE)
        await desk.new_sender().sweep()

    email = FakeChannel(meanwhile=slow)
    desk = await told(email=email)

    await desk.send()

    assert desk.data(topics.DELIVERIES) == [sent(desk, attempt=2)]
    assert len(email.given) == 2


async def test_what_a_slow_round_cannot_send_within_its_lease_goes_out_in_the_next() -> None:
    async def slow(_: Message) -> None:
        email.meanwhile = FakeChannel().meanwhile
        desk.pass_time(LEASE - timedelta(seconds=19))

    email = FakeChannel(meanwhile=slow)
    desk = await told(CONTACT, ACCEPTED, ROUTED, rules=TWO, email=email)

    await desk.sender.sweep()

    now = desk.clock.now()
    assert desk.situations == [
        Sent(now, 1, "email", f"<{desk.state.deliveries[0].id}@tangsel.example>"),
        Due(now, 1),
    ]
    await desk.send()
    assert [fact.attempt for fact in desk.facts] == [1, 1]


async def test_a_lease_is_kept_until_it_runs_out() -> None:
    desk = await told()
    Interference(desk, saves=1, errors=[Crashed()])
    with pytest.raises(Crashed):
        await desk.send()

    desk.pass_time(LEASE - timedelta(milliseconds=1))
    assert await desk.sender.sweep() == 0

    assert desk.situations == [Sending(NOON + LEASE, 1)]


async def test_a_message_that_kills_every_process_is_given_up() -> None:
    async def dies(_: Message) -> None:
        raise Crashed

    desk = await told(email=FakeChannel(meanwhile=dies))
    for _ in range(3):
        with pytest.raises(Crashed):
            await desk.send()
        desk.pass_time(LEASE)

    await desk.send()

    assert desk.situations == [Failed(NOON + 3 * LEASE, 3, "email", "outcome_unknown")]


async def test_a_document_that_others_keep_changing_is_given_up_for_now() -> None:
    desk = await told()
    before = await desk.store.load([TICKET])
    await desk.sender.loop.settle([moved for held in before.values() for moved in desk.sender.loop.moved(held, NOON)])

    async def always_lost(documents: Sequence[Document[Any]]) -> set[str]:
        return {document.id for document in documents}

    desk.store.save = always_lost  # type: ignore[method-assign]

    with pytest.raises(TransientError, match="20 times in a row"):
        await desk.sender.conclude(list(before.values()), {TICKET: []})


async def test_every_message_has_its_fact_and_its_line_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    desk = await told(CONTACT, ACCEPTED, ROUTED, rules=TWO)

    await desk.send()

    facts: list[DeliveryFact] = desk.data(topics.DELIVERIES)
    assert sorted(fact.delivery_id for fact in facts) == sorted(message.id for message in desk.email.given)
    assert capsys.readouterr().out.count("outcome=delivered") == 2
