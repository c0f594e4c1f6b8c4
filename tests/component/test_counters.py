"""What passes is counted by channel, agency and outcome, never by a ticket or a person."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from shared.events import AcknowledgeTicket, DeclineTicket
from tests.builders import FROM_DISHUB, TICKET
from tests.component.intake.harness import ServiceHarness as Intake
from tests.component.intake.harness import line
from tests.component.notify.harness import ACCEPTED, CONTACT, ROUTED, TWO, RecordingChannel, puts_off, refuses
from tests.component.notify.harness import ServiceHarness as Notify
from tests.component.notify.web import ROUTED as PAGE_ROUTED
from tests.component.notify.web import link, site
from tests.component.routing.harness import ServiceHarness as Routing
from tests.component.routing.harness import accepted
from tests.fakes.counters import samples
from tests.unit.notify.samples import rules

pytestmark = pytest.mark.component

Growth = dict[tuple[str, ...], float]


async def growth_of(name: str, work: Callable[[], Awaitable[object]]) -> Growth:
    """Return by how much each sample of a metric grows during *work*, by the values of its labels."""
    before = samples(name)
    await work()
    return {
        tuple(value for _, value in labels): after - before.get(labels, 0)
        for labels, after in samples(name).items()
        if after != before.get(labels, 0)
    }


async def test_answers_to_submissions_are_counted_by_registered_channel_and_outcome() -> None:
    desk = Intake()
    desk.submit()
    desk.submit()
    desk.submit(channel="partner_klaten")
    desk.submit(channel="partner_sleman", body="tes", title=None)
    desk.submit(channel="fax")
    desk.type_in(line(body=5))
    desk.type_in(b"sudah selesai")

    assert await growth_of("tindak_complaints_total", desk.work) == {
        ("web", "accepted"): 1,
        ("web", "repeated"): 1,
        ("partner_", "accepted"): 1,
        ("partner_", "spam"): 1,
        ("unknown", "unknown_channel"): 1,
        ("web", "schema_violation"): 1,
        ("web", "malformed"): 1,
    }


async def test_decisions_of_routing_are_counted_once_by_agency_and_who_decided() -> None:
    desk = Routing()
    desk.complain()
    desk.ask(DeclineTicket(ticket_id=TICKET, reason="Bukan kami."))
    desk.complain(accepted(ticket_id="0f9a4a3e-77a1-4f4e-9d38-6b8a5a3d2c11", title="Halo", body="Selamat pagi semua."))

    assert await growth_of("tindak_routed_total", desk.work) == {("dishub", "rule"): 1, ("none", "triage"): 2}


async def test_refused_updates_are_counted_once_by_code() -> None:
    desk = Routing()
    desk.complain()
    desk.ask(AcknowledgeTicket(ticket_id=TICKET))
    desk.ask(AcknowledgeTicket(ticket_id=TICKET))
    desk.ask(AcknowledgeTicket(ticket_id=TICKET), by="/agencies/dlh")
    unreadable = line({"type": "tindak.ticket.progress.v1", "source": "/agencies/dishub", "data": {}})
    desk.write(FROM_DISHUB, unreadable)

    assert await growth_of("tindak_updates_refused_total", desk.work) == {
        ("unchanged",): 1,
        ("not_found",): 1,
        ("schema_violation",): 1,
    }


async def test_notices_are_counted_by_agency_channel_and_outcome() -> None:
    desk = Notify(TWO, RecordingChannel(None, refuses("smtp_550")))
    for said in (ACCEPTED, CONTACT, ROUTED):
        desk.publish(*said)

    async def work() -> None:
        await desk.work()
        await desk.send()

    assert await growth_of("tindak_notices_total", work) == {
        ("none", "email", "sent"): 1,
        ("dishub", "email", "failed"): 1,
    }


async def test_a_notice_that_time_suppresses_is_counted() -> None:
    desk = Notify(rules())
    desk.publish(*ACCEPTED)
    await desk.work()
    desk.pass_time(timedelta(minutes=1))

    assert await growth_of("tindak_notices_total", desk.send) == {("none", "email", "suppressed"): 1}


async def test_pages_and_forms_are_counted_by_what_came_of_them_and_never_by_a_link() -> None:
    asked = await site(PAGE_ROUTED)

    async def work() -> None:
        for path in (link(), link(), "/t/forged"):
            await asked.get(path)
        form = await asked.form(link())
        for text in ("", "Di depan toko kue."):
            await asked.post(link(), form=form, action="reply", text=text)

    assert await growth_of("tindak_pages_total", work) == {
        ("shown", "ticket"): 3,
        ("not_found", "ticket"): 1,
        ("text_missing", "response"): 1,
        ("reply", "response"): 1,
    }


async def test_attempts_are_counted_by_channel_and_outcome() -> None:
    desk = Notify(TWO, RecordingChannel(puts_off("smtp_451"), refuses("smtp_550")))
    for message in (CONTACT, ACCEPTED, ROUTED):
        desk.publish(*message)
    await desk.work()

    async def send() -> None:
        await desk.send()
        desk.pass_time(timedelta(minutes=5))
        await desk.send()

    assert await growth_of("tindak_notice_attempts_total", send) == {
        ("email", "deferred"): 1,
        ("email", "refused"): 1,
        ("email", "delivered"): 1,
    }
