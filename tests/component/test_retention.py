"""When the services let go of what they know of a report."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared import topics
from shared.events import ClosedBy, ReplyToTicket, TicketClosed, TicketReopened, TicketRouted, UpdateRefused
from shared.policy.retention import load_retention
from tests.builders import FROM_WEB, TICKET, event, submitted
from tests.component.city import WEB, City
from tests.component.intake import harness as intake
from tests.component.notify.harness import ServiceHarness, told
from tests.component.sla.harness import COMPLAINT, ROUTED, SlaHarness
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import said
from tests.unit.sla.cases import closed, reopened
from tests.unit.working_time.calendars import at

pytestmark = pytest.mark.component

RETENTION = load_retention(Path(__file__).parents[2] / "policy")
DROPPED_AFTER = timedelta(days=550)
ENDED_AT = NOON + timedelta(days=3)


async def notify_after(*facts: Any) -> ServiceHarness:
    harness = await told()
    harness.handler.retention = RETENTION
    for fact in facts:
        harness.publish(topics.TICKETS, event(fact, at=fact.at))
    await harness.work()
    return harness


def ended(version: int = 5, when: datetime = ENDED_AT) -> TicketClosed:
    return said(TicketClosed, version=version, state="closed", at=when, by=ClosedBy.REPORTER)


def reopens(version: int) -> TicketReopened:
    return said(TicketReopened, version=version, state="reopened", at=ENDED_AT, agency="dishub")


def expiry(harness: Any) -> datetime | None:
    document = harness.store.documents[TICKET]
    expires_at: datetime | None = document.expires_at
    return expires_at


async def test_notify_lets_go_of_a_ticket_some_time_after_its_end() -> None:
    harness = await notify_after(said(TicketRouted), ended())
    await harness.send()

    assert expiry(harness) == ENDED_AT + DROPPED_AFTER


@pytest.mark.parametrize("facts", [(said(TicketRouted),), (ended(5), reopens(6)), (reopens(6), ended(5))])
async def test_notify_keeps_a_ticket_that_has_not_ended_or_goes_on_again(facts: tuple[Any, ...]) -> None:
    harness = await notify_after(*facts)
    await harness.send()

    assert expiry(harness) is None


async def test_notify_keeps_the_head_of_the_chain_as_long_after_its_last_fact() -> None:
    harness = await notify_after(ended(when=NOON))
    harness.pass_time(timedelta(hours=1))
    await harness.send()

    assert harness.state.audit.opened_at == (NOON + timedelta(hours=1),)
    assert expiry(harness) == NOON + timedelta(hours=1) + DROPPED_AFTER


async def test_sla_lets_go_of_a_ticket_some_time_after_its_end() -> None:
    harness = SlaHarness()
    harness.handler.retention = RETENTION
    harness.receive(COMPLAINT, ROUTED)
    await harness.work()
    assert expiry(harness) is None

    harness.receive(closed(2, "2026-04-07 09:00"))
    await harness.work()
    assert expiry(harness) == at("2026-04-07 09:00") + DROPPED_AFTER

    harness.receive(reopened(3, "2026-04-08 09:00"))
    await harness.work()
    assert expiry(harness) is None


async def test_intake_lets_go_of_a_report_when_no_repeat_can_come() -> None:
    harness = intake.ServiceHarness()
    harness.handler.retention = RETENTION
    harness.submit()
    await harness.work()

    [document] = harness.store.documents.values()
    assert document.expires_at == document.state.accepted_at + timedelta(days=200)


async def test_a_late_update_to_a_ticket_that_has_left_is_answered_as_of_an_unknown_one() -> None:
    city = City()
    await city.receive(FROM_WEB, submitted(location={"kelurahan": "Sawah Baru"}), WEB)
    for harness in city.harnesses:
        harness.store.documents.clear()

    await city.ask((WEB, ReplyToTicket(ticket_id=TICKET, text="Masih mati.")))
    city.clock.at += timedelta(days=1)
    await city.routing.sweep()

    refusals = [data for data in city.routing.data(topics.status_topic("web")) if isinstance(data, UpdateRefused)]
    assert [refused.code for refused in refusals] == ["not_found"]
    document = city.routing.store.documents[TICKET]
    assert document.expires_at == city.clock.now() + timedelta(days=7)
    assert city.notify.store.documents.keys() | city.sla.store.documents.keys() == set()
