"""A reporter who has stopped messages gets nothing more about that ticket but what is urgent."""

from typing import Any

import pytest

from services.notify.channels import Message
from services.notify.domain.correspondence import Erased
from shared import topics
from shared.events import (
    AnswerTicket,
    MessagesStopped,
    NotificationSuppressed,
    Priority,
    ReporterReplied,
    StopMessages,
    TicketAnswered,
    TicketRouted,
    TicketWithdrawn,
)
from shared.ids import part_id
from tests.builders import TICKET, event, submitted
from tests.component.city import WEB, City
from tests.component.notify.harness import ACCEPTED, CONTACT, RecordingChannel, ServiceHarness
from tests.unit.notify.samples import EMAIL, POLICY, notice, rules, said

pytestmark = pytest.mark.component

STOPPED = topics.TICKETS, event(said(MessagesStopped))
ANSWERED = topics.TICKETS, event(said(TicketAnswered))
ANSWER = notice(code="answered", on=TicketAnswered.TYPE, template="answered")
REPLY = notice(code="agency_reply", on=ReporterReplied.TYPE, to=("liaison",), template="agency_reply")


async def heard(*told: Any, **options: Any) -> ServiceHarness:
    harness = ServiceHarness(options.pop("rules", rules(notice(), ANSWER, REPLY)), **options)
    for topic, said_now in told:
        harness.publish(topic, said_now)
        await harness.work()
    await harness.send_in_time()
    return harness


def outcomes(harness: ServiceHarness) -> list[tuple[str, str | None]]:
    return [(fact.notice, fact.why if isinstance(fact, NotificationSuppressed) else None) for fact in harness.facts]


async def test_nothing_is_sent_after_messages_are_stopped() -> None:
    harness = await heard(CONTACT, ACCEPTED)

    for told in (STOPPED, ANSWERED):
        harness.publish(*told)
        await harness.work()
    await harness.send_in_time()

    assert outcomes(harness) == [("accepted", None), ("answered", "stopped")]


@pytest.mark.parametrize("first", [STOPPED, CONTACT, ACCEPTED, ANSWERED], ids=["stop", "contact", "report", "answer"])
async def test_what_waits_is_not_sent_either_in_whatever_order_the_topics_are_read(first: Any) -> None:
    rest = [told for told in (CONTACT, ANSWERED, STOPPED, ACCEPTED) if told is not first]

    harness = await heard(first, *rest)

    assert sorted(outcomes(harness)) == [("accepted", "stopped"), ("answered", "stopped")]
    assert harness.email.given == []


async def test_what_is_urgent_and_what_is_about_an_emergency_is_sent_nevertheless() -> None:
    routed = topics.TICKETS, event(said(TicketRouted, priority=Priority.EMERGENCY))

    urgent = await heard(STOPPED, CONTACT, ACCEPTED, rules=rules(notice(urgent=True), ANSWER))
    emergency = await heard(STOPPED, CONTACT, ACCEPTED, routed, ANSWERED)

    assert outcomes(urgent) == [("accepted", None)]
    assert ("answered", None) in outcomes(emergency)


async def test_the_agency_is_told_as_before() -> None:
    harness = await heard(CONTACT, ACCEPTED, STOPPED, (topics.TICKETS, event(said(ReporterReplied))))

    assert [message.role for message in harness.email.given if message.notice == "agency_reply"] == ["liaison"]


async def test_a_stop_of_a_part_stops_the_whole() -> None:
    stopped = said(MessagesStopped, ticket_id=part_id(TICKET, 1), parent=TICKET, part=1)

    harness = await heard(CONTACT, (topics.TICKETS, event(stopped)), ACCEPTED)

    assert outcomes(harness) == [("accepted", "stopped")]


async def test_a_stop_that_comes_while_messages_are_sent_is_obeyed() -> None:
    async def stop(_: Message) -> None:
        harness.publish(*STOPPED)
        await harness.work()

    harness = await heard(CONTACT, ANSWERED, ACCEPTED, email=RecordingChannel())
    harness.publish(topics.TICKETS, event(said(TicketAnswered, answer="Sudah dua kali.")))
    harness.publish(topics.TICKETS, event(said(TicketAnswered, answer="Sudah tiga kali.")))
    await harness.work()
    before = len(harness.email.given)
    harness.email.meanwhile = stop

    await harness.send()

    assert len(harness.email.given) == before + 1
    assert outcomes(harness)[-1] == ("answered", "stopped")


async def test_a_stop_brings_back_nobody_who_was_erased() -> None:
    harness = await heard(CONTACT, ACCEPTED, rules=POLICY.rules)
    harness.write(topics.CONTACTS, None, key=TICKET)
    harness.publish(*STOPPED)
    harness.publish(topics.TICKETS, event(said(TicketWithdrawn)))
    await harness.work()

    assert harness.state.contact == Erased()
    assert harness.state.is_stopped
    assert ("withdrawn", "contact_erased") in outcomes(harness)


async def test_the_reporters_channel_stops_them_for_all_services_and_no_other_channel_does() -> None:
    city = City()
    await city.receive(topics.submitted_topic("web"), submitted(reporter={"email": EMAIL}), WEB)
    [ticket] = city.routing.store.documents
    await city.ask(("/channels/whatsapp", StopMessages(ticket_id=ticket)))
    assert city.routing.data(topics.TICKETS)[-1].TYPE != MessagesStopped.TYPE

    await city.ask((WEB, StopMessages(ticket_id=ticket)))
    before = len(city.letters())
    agency = city.routing.store.documents[ticket].state.situation.agency
    await city.ask((f"/agencies/{agency}", AnswerTicket(ticket_id=ticket, answer="Sudah selesai.", final=True)))

    assert len(city.letters()) == before > 0
    assert ("answered", "stopped") in outcomes(city.notify)
    assert city.findings() == []
