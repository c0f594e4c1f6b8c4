"""A service that is told to stop ends what is on its way, saves it, and begins nothing new."""

import asyncio
from collections import Counter

import pytest

from services.notify.channels import Message, SideBySide
from services.notify.domain.deliveries import Due, Situation
from shared.delivery.vitals import Vitals
from shared.events import NotificationSent
from tests.component.notify.harness import RecordingChannel, ServiceHarness, refuses, told
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import EMAIL, PHONE, notice, rules

pytestmark = pytest.mark.component


async def test_when_stopping_nothing_more_is_claimed() -> None:
    harness = await told()

    assert await harness.new_sender(vitals=Vitals(stopping=True)).sweep() == 0

    assert harness.situations == [Due(NOON, 1)]
    assert harness.email.given == []


async def test_when_stopping_messages_in_flight_are_saved_and_the_rest_left_to_others_at_once() -> None:
    on_their_way, may_end = asyncio.Event(), asyncio.Event()

    async def holds(_: Message) -> None:
        if len(harness.email.given) == 2:
            on_their_way.set()
        await may_end.wait()

    harness = ServiceHarness(rules(), email=RecordingChannel(meanwhile=holds))
    tickets = [harness.report(number, email=EMAIL) for number in range(6)]
    await harness.work()
    vitals = Vitals()
    sweep = asyncio.create_task(harness.new_sender(spread=SideBySide(2), vitals=vitals).sweep())
    await on_their_way.wait()

    vitals.stopping = True
    may_end.set()
    await sweep

    sent = {message.ticket_id for message in harness.email.given}
    assert len(sent) == 2
    assert {fact.ticket_id for fact in harness.facts if isinstance(fact, NotificationSent)} == sent
    assert [situation_of(harness, ticket) for ticket in tickets if ticket not in sent] == [Due(NOON, 1)] * 4

    await harness.new_sender().sweep()

    assert Counter(message.ticket_id for message in harness.email.given) == Counter(tickets)
    assert Counter(fact.ticket_id for fact in harness.facts) == Counter(tickets)


async def test_when_stopping_the_channel_after_one_that_refuses_is_left_to_others() -> None:
    vitals = Vitals()

    async def stops(_: Message) -> None:
        vitals.stopping = True

    email, sms = RecordingChannel(*[refuses("smtp_550")] * 2, meanwhile=stops), RecordingChannel()
    harness = ServiceHarness(rules(notice(channels=("email", "sms"))), email=email, sms=sms)
    ticket = harness.report(1, email=EMAIL, phone=PHONE)
    await harness.work()

    await harness.new_sender(vitals=vitals).sweep()

    assert sms.given == []
    assert situation_of(harness, ticket) == Due(NOON, 1)
    await harness.new_sender().sweep()
    assert [message.ticket_id for message in sms.given] == [ticket]


def situation_of(harness: ServiceHarness, ticket: str) -> Situation:
    [delivery] = harness.store.documents[ticket].state.deliveries
    situation: Situation = delivery.situation
    return situation
