"""Dividing a ticket writes several documents, one after the other; a crash anywhere opens and closes each part once."""

import pytest

from shared import topics
from shared.delivery.vitals import Step
from shared.events import AnswerTicket, AssignTicket, ConfirmTicket
from shared.ids import part_id
from tests.builders import TICKET
from tests.component.routing.harness import CHANNEL, DISHUB, OFFICER, ServiceHarness
from tests.fakes.handler_harness import Crashed, dies_after
from tests.unit.routing.samples import DLH
from tindak.audit import Check, audit

pytestmark = pytest.mark.component

CHECKS = {Check.CONTENTS, Check.VERSIONS, Check.MIRRORS, Check.PARTS}
DIVIDE = AssignTicket(ticket_id=TICKET, agencies=("dishub", "dlh"), reason="Dua masalah.")
ONE, TWO = part_id(TICKET, 1), part_id(TICKET, 2)


def findings(harness: ServiceHarness) -> list[str]:
    records = [record for log in harness.broker.logs.values() for record in log]
    return [str(found) for found in audit(records, {}, checks=CHECKS)]


def states(harness: ServiceHarness) -> list[str]:
    return [harness.store.documents[ticket].state.situation.kind for ticket in (TICKET, ONE, TWO)]


async def works_though_it_dies_after(last: Step, harness: ServiceHarness, deaths: int) -> None:
    """Let routing handle all, dying after *last* that many times."""
    for _ in range(deaths):
        harness.restart(dies_after(last))
        with pytest.raises(Crashed):
            await harness.work()
    harness.restart()
    await harness.work()


async def divided(last: Step | None = None) -> ServiceHarness:
    harness = ServiceHarness()
    harness.complain()
    await harness.work()
    harness.ask(DIVIDE, OFFICER, id="0b1a5d0e-0f43-5f2b-8d0c-000000000001")
    if last is not None:
        await works_though_it_dies_after(last, harness, 2)
    await harness.work()
    return harness


@pytest.mark.parametrize("last", list(Step))
async def test_a_crash_at_any_step_opens_each_part_once(last: Step) -> None:
    harness = await divided(last)

    assert states(harness) == ["split", "with_agency", "with_agency"]
    assert findings(harness) == []


@pytest.mark.parametrize("last", list(Step))
async def test_a_crash_at_any_step_closes_the_whole_once(last: Step) -> None:
    harness = await divided()
    for part, agency in ((ONE, DISHUB), (TWO, DLH)):
        harness.ask(AnswerTicket(ticket_id=part, answer="Selesai.", final=True), agency)
        harness.ask(ConfirmTicket(ticket_id=part), CHANNEL)

    await works_though_it_dies_after(last, harness, 2)

    assert states(harness) == ["closed"] * 3
    closed = {
        event.id
        for event in harness.published(topics.TICKETS)
        if getattr(event.data, "reason", "") == "all_parts_closed"
    }
    assert len(closed) == 1
    assert findings(harness) == []


async def test_a_repeated_assignment_divides_once() -> None:
    harness = await divided()

    harness.ask(DIVIDE, OFFICER, id="0b1a5d0e-0f43-5f2b-8d0c-000000000001")
    harness.ask(DIVIDE, OFFICER)
    await harness.work()

    assert harness.names().count("split") == 1
    assert harness.names()[-1] == "update_refused"
    assert findings(harness) == []
