"""What may cost lives is told to ops at once: from intake's flag, through the shipped rules, to the mail."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.routing.handlers import RoutingHandler
from services.routing.policy import load_routing
from shared import topics
from shared.events import AssignTicket, Event
from tests.builders import TICKET, accepted, event
from tests.component.notify.harness import ServiceHarness
from tests.fakes.handler_harness import NOON, HandlerHarness
from tests.unit.notify.samples import POLICY

pytestmark = pytest.mark.component

ROUTING = load_routing(Path(__file__).parents[3] / "policy")
NIGHT = NOON + timedelta(hours=14)  # 02:00 WIB
FIRE = {"title": "Gudang terbakar", "body": "Ada api besar di gudang dekat pasar, mohon bantuan."}
UNCLEAR = {"title": "Tolong", "body": "Tetangga saya sesak napas, tidak tahu harus ke mana."}
FLAG = ("possible_emergency",)


async def said_by_routing(*said: tuple[str, Event]) -> list[Event]:
    harness = HandlerHarness(RoutingHandler(ROUTING), at=NIGHT)
    for topic, heard in said:
        harness.publish(topic, heard)
        await harness.work()
    return harness.published(topics.TICKETS)


async def told_at_night(*commands: Event, **report: Any) -> list[tuple[str, str]]:
    """Return notice and role of every message about a report that goes out before the quiet hours are over."""
    complaint = event(accepted(**report | {"accepted_at": NIGHT}), at=NIGHT)
    facts = await said_by_routing((topics.ACCEPTED, complaint), *((topics.UPDATES, command) for command in commands))
    harness = ServiceHarness(POLICY.rules)
    harness.pass_time(NIGHT - NOON)
    harness.publish(topics.ACCEPTED, complaint)
    for fact in facts:
        harness.publish(topics.TICKETS, fact)
    await harness.work()
    await harness.send()
    return sorted((message.notice, message.role) for message in harness.email.given)


async def test_a_possible_emergency_notifies_ops_and_agency_at_once_at_any_hour() -> None:
    told = await told_at_night(**FIRE, flags=FLAG)

    assert told == [("agency_emergency", "agency_head"), ("agency_emergency", "liaison"), ("ops_emergency", "ops")]


async def test_an_emergency_found_by_rules_alone_notifies_ops() -> None:
    told = await told_at_night(title="Bahaya", body="Kabel listrik putus menjuntai di depan SD, anak-anak lewat.")

    assert ("ops_emergency", "ops") in told


async def test_an_emergency_without_agency_notifies_ops_and_officer_at_once() -> None:
    told = await told_at_night(**UNCLEAR, flags=FLAG)

    assert told == [("triage_emergency", "ops"), ("triage_emergency", "triage")]


async def test_an_assignment_notifies_the_agency_and_not_ops_again() -> None:
    assigned = event(
        AssignTicket(ticket_id=TICKET, agency="dinkes", reason="Gawat darurat"), at=NIGHT, source="/officers/triage"
    )

    told = await told_at_night(assigned, **UNCLEAR, flags=FLAG)

    assert told == [
        ("agency_emergency", "agency_head"),
        ("agency_emergency", "liaison"),
        ("triage_emergency", "ops"),
        ("triage_emergency", "triage"),
    ]


async def test_an_everyday_report_waits_for_the_morning() -> None:
    assert await told_at_night(title="Lampu jalan mati", body="PJU padam sejak seminggu.") == []
