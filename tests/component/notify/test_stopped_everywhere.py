"""Who wants no messages at an address gets none of any ticket there but urgent ones, until that is taken back."""

from datetime import timedelta
from typing import Any

import pytest

from services.notify.delivery_rows import Wanted
from services.notify.domain.sending.addresses import AddressLimits
from services.notify.messages.links import LinkWriter
from services.notify.messages.renderer import MessageRenderer
from shared import topics
from shared.delivery.ports import TransientError
from shared.events import (
    AnswerTicket,
    Author,
    EventData,
    MessageScope,
    MessagesResumed,
    MessagesStopped,
    NotificationSuppressed,
    ReporterErased,
    ResendRequested,
    ResumeMessages,
    StopMessages,
    TicketRouted,
)
from shared.ids import tracking_id
from shared.senders import Role
from tests.builders import event, submitted
from tests.component.city import WEB, City
from tests.component.notify.harness import RecordingChannel, ServiceHarness, puts_off
from tests.component.notify.web import BASE, KEYS
from tests.fakes.addresses import MemoryAddressBook
from tests.sealing import OPENER
from tests.unit.notify.samples import EMAIL, POLICY, said

pytestmark = pytest.mark.component

BY_LINK = Author(role=Role.CHANNEL, code="links")
TRIAGE = Author(role=Role.OFFICER, code="triage")
EVERYWHERE: dict[str, Any] = {"scope": MessageScope.ADDRESS, "by": BY_LINK}
CODES = ("accepted", "routed", "messages_stopped", "messages_resumed")


def data_of(kind: type[EventData], **about: Any) -> EventData:
    return ResendRequested(**about) if kind is ResendRequested else said(kind, **about)


class Reporter:
    """Somebody who has reported twice with one address, and reads what comes there."""

    def __init__(self, channel: str = "web", **options: Any) -> None:
        self.harness = ServiceHarness(**options)
        self.addresses = MemoryAddressBook(AddressLimits())
        renderer = MessageRenderer(POLICY, OPENER, LinkWriter(BASE, KEYS))
        self.harness.sender = self.harness.new_sender(addresses=self.addresses, renderer=renderer)
        self.channel = channel
        self.told = 0
        self.one, self.two = self.report(1), self.report(2)

    def report(self, number: int) -> str:
        return self.harness.report(number, email=EMAIL, channel=self.channel)

    async def hears(self, kind: Any = None, ticket: str = "", **about: Any) -> list[str]:
        """Return which notices come to the address once that is said of a ticket, and time has passed."""
        if kind is not None:
            self.told += 1
            plain = {
                "ticket_id": ticket,
                "state": "routed",
                "tracking_id": tracking_id(ticket),
                "version": 2 + self.told,
            }
            at = self.harness.clock.now()
            self.harness.publish(topics.TICKETS, event(data_of(kind, **plain | {"at": at} | about), at=at))
        await self.harness.work()
        before = len(self.harness.email.given)
        await self.harness.send_in_time()
        self.harness.pass_time(timedelta(hours=2))
        return [message.notice for message in self.harness.email.given[before:] if message.notice in CODES]

    @property
    def suppressed(self) -> list[tuple[str, str]]:
        facts = (fact for fact in self.harness.facts if isinstance(fact, NotificationSuppressed))
        return [(fact.notice, fact.why) for fact in facts if fact.recipient_role == "reporter"]


async def stopped(**options: Any) -> Reporter:
    reporter = Reporter(**options)
    assert await reporter.hears() == ["accepted", "accepted"]
    assert await reporter.hears(MessagesStopped, reporter.one, **EVERYWHERE) == ["messages_stopped"]
    return reporter


async def test_a_stop_at_one_ticket_holds_for_every_other_and_is_visible_there() -> None:
    reporter = await stopped()

    assert await reporter.hears(TicketRouted, reporter.two) == []

    assert reporter.suppressed == [("routed", "stopped_all")]
    assert reporter.harness.store.documents[reporter.two].state.is_stopped_everywhere


async def test_what_was_not_sent_is_listed_and_can_be_sent_once_messages_go_on() -> None:
    reporter = await stopped()
    await reporter.hears(TicketRouted, reporter.two)
    [row] = Wanted("suppressed", None, None, 9).among(reporter.harness.store.documents[reporter.two].state)
    await reporter.hears(MessagesResumed, reporter.two, **EVERYWHERE)

    again = await reporter.hears(ResendRequested, reporter.two, notice="routed", reason="Sudah dilanjutkan.", by=TRIAGE)

    assert (row.why, again) == ("stopped_all", ["routed"])


async def test_the_receipt_of_a_new_report_says_that_messages_are_stopped_and_how_they_go_on() -> None:
    reporter = await stopped()
    earlier = reporter.harness.email.given[0]

    reporter.report(3)

    assert await reporter.hears() == ["accepted"]
    receipt = reporter.harness.email.given[-1]
    assert "Pesan ke alamat ini Anda hentikan" in receipt.body
    assert f'pilih "Lanjutkan semua pesan" di {BASE}/t/' in receipt.body
    assert "hentikan" not in earlier.body


async def test_what_is_taken_back_at_one_ticket_is_taken_back_for_all() -> None:
    reporter = await stopped()

    assert await reporter.hears(MessagesResumed, reporter.two, **EVERYWHERE) == ["messages_resumed"]

    assert await reporter.hears(TicketRouted, reporter.one) == ["routed"]
    assert reporter.suppressed == []


async def test_messages_of_one_ticket_stay_stopped_when_those_of_all_go_on() -> None:
    reporter = await stopped()
    await reporter.hears(MessagesStopped, reporter.two)

    await reporter.hears(MessagesResumed, reporter.two, **EVERYWHERE)

    assert await reporter.hears(TicketRouted, reporter.two) == []
    assert reporter.suppressed == [("routed", "stopped")]
    assert await reporter.hears(MessagesResumed, reporter.two) == []
    assert await reporter.hears(TicketRouted, reporter.two, hop=2) == ["routed"]


async def test_a_stop_that_is_heard_after_its_taking_back_undoes_nothing() -> None:
    reporter = Reporter()
    await reporter.hears()
    earlier = reporter.harness.clock.now() - timedelta(hours=1)

    await reporter.hears(MessagesResumed, reporter.one)
    await reporter.hears(MessagesStopped, reporter.one, at=earlier)

    assert not reporter.harness.store.documents[reporter.one].state.is_stopped


async def test_an_address_of_which_the_mail_server_knows_nothing_yet_is_stopped_all_the_same() -> None:
    """Whoever dies or fails between the stop and its confirmation has stopped all the same."""
    reporter = Reporter(email=RecordingChannel(None, None, puts_off("smtp_451"), puts_off("smtp_451")))
    await reporter.hears()
    reporter.harness.publish(
        topics.TICKETS, event(said(MessagesStopped, ticket_id=reporter.one, version=3, **EVERYWHERE))
    )
    await reporter.harness.work()
    await reporter.harness.send()

    assert await reporter.hears(TicketRouted, reporter.two) == ["messages_stopped", "messages_stopped"]
    assert ("routed", "stopped_all") in reporter.suppressed


async def test_a_confirmation_that_is_tried_again_undoes_nothing_that_was_wished_since() -> None:
    reporter = Reporter(email=RecordingChannel(None, None, puts_off("smtp_451")))
    await reporter.hears()
    for kind in (MessagesStopped, MessagesResumed):
        about = {"ticket_id": reporter.one, "version": 3, "at": reporter.harness.clock.now()}
        reporter.harness.publish(topics.TICKETS, event(said(kind, **about, **EVERYWHERE)))
        await reporter.harness.work()
        await reporter.harness.send()
        reporter.harness.pass_time(timedelta(seconds=1))

    await reporter.hears()

    [record] = reporter.addresses.records.values()
    assert not record.is_stopped


async def test_a_book_that_cannot_be_written_leaves_the_stop_for_later() -> None:
    reporter = Reporter()
    await reporter.hears()
    reporter.addresses.fault = TransientError("away")

    assert await reporter.hears(MessagesStopped, reporter.one, **EVERYWHERE) == ["messages_stopped"]
    assert await reporter.hears(TicketRouted, reporter.two) == []


@pytest.mark.parametrize(("channel", "by"), [("web", Author(role=Role.CHANNEL, code="web")), ("sms_1708", BY_LINK)])
async def test_who_reads_at_the_address_may_stop(channel: str, by: Author) -> None:
    reporter = Reporter(channel)
    await reporter.hears()

    await reporter.hears(MessagesStopped, reporter.one, scope=MessageScope.ADDRESS, by=by)

    [record] = reporter.addresses.records.values()
    assert record.is_stopped


async def test_who_gives_the_address_of_somebody_else_stops_nothing_of_theirs() -> None:
    reporter = Reporter("call_center")
    await reporter.hears()

    by = Author(role=Role.CHANNEL, code="call_center")
    assert await reporter.hears(MessagesStopped, reporter.one, scope=MessageScope.ADDRESS, by=by) == []

    [record] = reporter.addresses.records.values()
    assert (record.is_stopped, reporter.suppressed[-1]) == (False, ("messages_stopped", "address_unverified"))


async def test_a_stop_of_whoever_is_erased_meanwhile_reaches_no_address() -> None:
    reporter = Reporter()
    await reporter.hears()
    stop = said(MessagesStopped, ticket_id=reporter.one, version=3, **EVERYWHERE)
    reporter.harness.publish(topics.TICKETS, event(stop))
    erased = {"ticket_id": reporter.one, "tracking_id": tracking_id(reporter.one), "state": "routed", "version": 4}
    reporter.harness.publish(topics.TICKETS, event(ReporterErased(**erased, at=reporter.harness.clock.now())))

    assert await reporter.hears() == []

    assert reporter.suppressed == [("messages_stopped", "contact_erased")]
    assert not any(record.is_stopped for record in reporter.addresses.records.values())


async def test_through_all_services_the_channel_of_one_ticket_stops_and_resumes_another_ones() -> None:
    city = City()
    city.notify.sender.addresses = MemoryAddressBook(AddressLimits())
    for number in ("1", "2"):
        data = submitted(reporter={"email": EMAIL}, source_id=number, title=f"Lampu mati {number}")
        await city.receive(topics.submitted_topic("web"), data, WEB)
    one, two = city.routing.store.documents
    agency = city.routing.store.documents[two].state.situation.agency

    await city.ask((WEB, StopMessages(ticket_id=one, scope=MessageScope.ADDRESS)))
    await city.settle()
    before = len(city.letters())
    await city.ask((f"/agencies/{agency}", AnswerTicket(ticket_id=two, answer="Sudah selesai.", final=True)))
    await city.settle()
    silent = len(city.letters()) == before
    await city.ask((WEB, ResumeMessages(ticket_id=two, scope=MessageScope.ADDRESS)))
    await city.settle()

    assert silent
    assert city.letters()[-1].endswith("pesan ke alamat ini dilanjutkan")
    assert city.findings() == []
