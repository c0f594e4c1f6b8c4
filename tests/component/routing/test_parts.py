"""Dividing a ticket writes several documents, one after the other; a crash anywhere opens and closes each part once."""

import pytest

from shared import topics
from shared.delivery.vitals import Step
from shared.events import AnswerTicket, AssignTicket, ConfirmTicket
from shared.ids import part_id
from tests.builders import TICKET
from tests.component.routing.desk import CHANNEL, DISHUB, OFFICER, Desk
from tests.fakes.bench import Crashed, dies_after
from tests.unit.routing.desk import DLH
from tindak.audit import Check, audit

pytestmark = pytest.mark.component

CHECKS = {Check.CONTENTS, Check.VERSIONS, Check.MIRRORS, Check.PARTS}
DIVIDE = AssignTicket(ticket_id=TICKET, agencies=("dishub", "dlh"), reason="Dua masalah.")
ONE, TWO = part_id(TICKET, 1), part_id(TICKET, 2)


def findings(desk: Desk) -> list[str]:
    records = [record for log in desk.broker.logs.values() for record in log]
    return [str(found) for found in audit(records, {}, checks=CHECKS)]


def states(desk: Desk) -> list[str]:
    return [desk.store.documents[ticket].state.situation.kind for ticket in (TICKET, ONE, TWO)]


async def works_though_it_dies_after(last: Step, desk: Desk, deaths: int) -> None:
    """Let routing handle all, dying after *last* that many times."""
    for _ in range(deaths):
        desk.restart(dies_after(last))
        with pytest.raises(Crashed):
            await desk.work()
    desk.restart()
    await desk.work()


async def divided(last: Step | None = None) -> Desk:
    desk = Desk()
    desk.complain()
    await desk.work()
    desk.ask(DIVIDE, OFFICER, id="0b1a5d0e-0f43-5f2b-8d0c-000000000001")
    if last is not None:
        await works_though_it_dies_after(last, desk, 2)
    await desk.work()
    return desk


@pytest.mark.parametrize("last", list(Step))
async def test_a_crash_at_any_step_opens_each_part_once(last: Step) -> None:
    desk = await divided(last)

    assert states(desk) == ["split", "with_agency", "with_agency"]
    assert findings(desk) == []


@pytest.mark.parametrize("last", list(Step))
async def test_a_crash_at_any_step_closes_the_whole_once(last: Step) -> None:
    desk = await divided()
    for part, agency in ((ONE, DISHUB), (TWO, DLH)):
        desk.ask(AnswerTicket(ticket_id=part, answer="Selesai.", final=True), agency)
        desk.ask(ConfirmTicket(ticket_id=part), CHANNEL)

    await works_though_it_dies_after(last, desk, 2)

    assert states(desk) == ["closed"] * 3
    closed = {
        event.id for event in desk.heard(topics.TICKETS) if getattr(event.data, "reason", "") == "all_parts_closed"
    }
    assert len(closed) == 1
    assert findings(desk) == []


async def test_an_assignment_heard_twice_divides_once() -> None:
    desk = await divided()

    desk.ask(DIVIDE, OFFICER, id="0b1a5d0e-0f43-5f2b-8d0c-000000000001")
    desk.ask(DIVIDE, OFFICER)
    await desk.work()

    assert desk.names().count("split") == 1
    assert desk.names()[-1] == "update_refused"
    assert findings(desk) == []
