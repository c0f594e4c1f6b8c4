from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.notify.domain.sending.addresses import AddressLimits
from shared import topics
from shared.delivery.ports import TransientError
from shared.events import (
    ClosedBy,
    EventData,
    NotificationFailed,
    NotificationSent,
    NotificationSuppressed,
    ReporterReplied,
    TicketClosed,
    TicketReopened,
    TicketRouted,
)
from tests.builders import event
from tests.component.notify.harness import RecordingChannel, ServiceHarness, puts_off
from tests.fakes.addresses import MemoryAddressBook
from tests.unit.notify.samples import EMAIL, NAME, notice, rules, said

pytestmark = pytest.mark.component

LIMITS = AddressLimits(hourly_max=3, daily_max=5)
ALL = rules(
    notice(), notice(code="routed", on=TicketRouted.TYPE, template="routed"),
    notice(code="agency_reply", on=ReporterReplied.TYPE, to=("liaison",), template="agency_reply"),
)  # fmt: skip


def outcomes(harness: ServiceHarness) -> Counter[str]:
    """Return how often deliveries to reporters ended in which way."""
    return Counter(
        fact.why if isinstance(fact, NotificationSuppressed) else fact.TYPE.split(".")[2]
        for fact in harness.facts
        if fact.recipient_role == "reporter"
    )


def postponed() -> float:
    """Return how often a message has had to wait for room at its address."""
    return REGISTRY.get_sample_value("tindak_notices_postponed_total", {"why": "address_limit"}) or 0.0


async def flooded(reports: int, channel: str, *, limits: AddressLimits = LIMITS, **reporter: Any) -> ServiceHarness:
    """Return a harness that has heard so many reports with one address, of which none has been told yet."""
    harness = ServiceHarness(ALL)
    harness.sender.addresses = MemoryAddressBook(limits)
    for number in range(reports):
        harness.report(number, **({"email": EMAIL, "name": NAME, "channel": channel} | reporter))
    await harness.work()
    return harness


async def test_a_thousand_reports_with_one_address_bring_it_a_few_messages() -> None:
    harness = await flooded(1000, "web")

    await harness.send()

    # For what is left there will be room within the 72 hours after which it is too old: 5 a day, and 3 at their end.
    assert outcomes(harness) == Counter(sent=3, address_limit=982)
    assert len(harness.email.given) == 3


async def test_what_has_no_room_waits_for_its_turn_and_arrives_in_the_end() -> None:
    harness = await flooded(13, "web")

    await harness.send_in_time()

    assert outcomes(harness) == Counter(sent=13)
    at = sorted(settled.at for held in harness.store.documents.values() for settled in held.state.over)
    assert all(later - earlier >= timedelta(hours=1) for earlier, later in zip(at, at[3:], strict=False))
    assert all(later - earlier >= timedelta(hours=24) for earlier, later in zip(at, at[5:], strict=False))


async def test_waiting_for_room_is_no_attempt_and_is_counted() -> None:
    harness = await flooded(4, "web")
    before = postponed()

    await harness.send_in_time()

    assert {fact.attempt for fact in harness.facts} == {1}
    assert postponed() - before == 1


async def test_what_would_be_too_old_when_there_is_room_is_suppressed_at_once() -> None:
    harness = await flooded(6, "web", limits=AddressLimits(hourly_max=1, daily_max=1))

    await harness.send_in_time()

    assert outcomes(harness) == Counter(sent=4, address_limit=2)


async def test_an_hour_later_the_address_is_written_to_again() -> None:
    harness = await flooded(4, "web")
    await harness.send()
    harness.pass_time(timedelta(hours=1))
    harness.report(5, email=EMAIL)
    await harness.work()

    await harness.send()

    assert outcomes(harness) == Counter(sent=5)


async def test_other_addresses_are_not_held_back() -> None:
    harness = await flooded(10, "web")
    harness.report(11, email="lain@warga.example")
    await harness.work()

    await harness.send()

    assert Counter(message.address for message in harness.email.given) == {EMAIL: 3, "lain@warga.example": 1}


async def test_agencies_are_told_of_everything() -> None:
    harness = ServiceHarness(rules(notice(to=("liaison",), on=TicketRouted.TYPE, template="agency_new_ticket")))
    harness.sender.addresses = MemoryAddressBook(AddressLimits(hourly_max=1, daily_max=1))
    for number in range(5):
        ticket = harness.report(number)
        harness.publish(topics.TICKETS, event(said(TicketRouted, ticket_id=ticket)))
    await harness.work()

    await harness.send()

    assert len(harness.email.given) == 5


async def test_an_unverified_address_gets_one_message_that_says_how_to_stop_it() -> None:
    harness = await flooded(20, "call_center", name="Klik https://evil.example")

    await harness.send()

    [message] = harness.email.given
    assert outcomes(harness) == Counter(sent=1, address_unverified=19)
    assert message.stop_subject
    assert message.stop_subject in message.body
    assert "mencantumkan alamat ini" in message.subject
    # Nothing in it was written by whoever filed the report.
    assert "Jalan berlubang" not in message.subject + message.body
    assert "evil" not in message.subject + message.body


@pytest.mark.parametrize(
    "act",
    [said(ReporterReplied), said(TicketReopened), said(TicketClosed, by=ClosedBy.REPORTER)],
    ids=["replied", "disputed", "confirmed"],
)
async def test_once_the_reporter_has_acted_the_address_is_written_to(act: EventData) -> None:
    harness = await flooded(1, "call_center")
    await harness.send()
    [ticket] = harness.store.documents
    harness.publish(topics.TICKETS, event(type(act).model_validate(act.model_dump() | {"ticket_id": ticket})))
    harness.publish(topics.TICKETS, event(said(TicketRouted, ticket_id=ticket)))
    await harness.work()

    await harness.send()

    assert outcomes(harness) == Counter(sent=2)
    assert [message.stop_subject is None for message in harness.email.given if message.role == "reporter"] == [
        False, True,
    ]  # fmt: skip


async def test_what_others_do_with_the_ticket_verifies_no_address() -> None:
    harness = await flooded(1, "call_center")
    await harness.send()
    [ticket] = harness.store.documents
    harness.publish(topics.TICKETS, event(said(TicketClosed, ticket_id=ticket, by=ClosedBy.SYSTEM)))
    harness.publish(topics.TICKETS, event(said(TicketRouted, ticket_id=ticket)))
    await harness.work()

    await harness.send()

    assert outcomes(harness) == Counter(sent=1, address_unverified=1)


async def test_the_one_message_is_tried_again_until_it_has_gone_out() -> None:
    harness = await flooded(2, "call_center")
    harness.email.faults = [puts_off("smtp_451"), puts_off("smtp_451")]
    for _ in range(3):
        await harness.send()
        harness.pass_time(timedelta(hours=1))

    assert outcomes(harness) == Counter(sent=1, address_unverified=1)
    assert len(harness.email.given) == 3
    assert {type(fact) for fact in harness.facts} == {NotificationSent, NotificationSuppressed}


async def test_an_address_that_cannot_be_looked_up_now_is_tried_again() -> None:
    harness = await flooded(1, "web")
    harness.sender.addresses = MemoryAddressBook(LIMITS, fault=TransientError("MongoDB: gone"))

    await harness.send()

    assert outcomes(harness) == Counter(sent=1)
    assert not any(isinstance(fact, NotificationFailed) for fact in harness.facts)
    assert isinstance(harness.email, RecordingChannel)


async def test_no_name_that_is_none_stands_in_a_salutation() -> None:
    harness = await flooded(1, "web", name="Menangkan hadiah di evil.example")

    await harness.send()

    [message] = harness.email.given
    assert message.body.startswith("Halo,\n")
