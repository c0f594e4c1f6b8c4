"""Erasing a reporter leaves no text in any document of routing, in no part of the ticket, whoever dies meanwhile."""

import pytest

from shared import topics
from shared.delivery.vitals import Step
from shared.events import AssignTicket, EraseReporter, ReplyToTicket, ReporterErased
from shared.ids import part_id
from tests.builders import TICKET
from tests.component.routing.harness import CHANNEL, LAMP, OFFICER, ServiceHarness
from tests.fakes.handler_harness import Crashed, dies_after
from tests.unit.routing.samples import PRIVACY

pytestmark = pytest.mark.component

ERASE = EraseReporter(ticket_id=TICKET, reason="Diminta pelapor.")
DIVIDE = AssignTicket(ticket_id=TICKET, agencies=("dishub", "dlh"), reason="Dua masalah.")
ONE, TWO = part_id(TICKET, 1), part_id(TICKET, 2)
WORDS = (LAMP.body, LAMP.title, "Tiang nomor tujuh")


def stored(harness: ServiceHarness) -> list[str]:
    """Return which words of the reporter are kept in any document, its inbox and its outbox."""
    kept = repr([(one.state, one.applied, one.pending) for one in harness.store.documents.values()])
    return [word for word in WORDS if word in kept]


async def reported() -> ServiceHarness:
    """Return routing with a ticket of which another process has published all that it keeps."""
    harness = ServiceHarness()
    harness.complain()
    harness.ask(ReplyToTicket(ticket_id=TICKET, text="Tiang nomor tujuh."), CHANNEL)
    await harness.work()
    harness.restart()
    assert stored(harness) == list(WORDS)
    return harness


async def relayed(harness: ServiceHarness) -> ServiceHarness:
    harness.clock.at += harness.relay.after
    await harness.relay.relay()
    return harness


async def test_what_a_dead_process_has_left_is_published_and_then_gone() -> None:
    harness = await reported()
    before = {record.value for record in harness.broker.topic(topics.TICKETS)}

    harness.ask(ERASE, PRIVACY)
    await harness.work()

    assert stored(await relayed(harness)) == []
    assert before <= {record.value for record in harness.broker.topic(topics.TICKETS)}
    assert "erased" in harness.names()


@pytest.mark.parametrize("last", [Step.LOADED, Step.SAVED, Step.PUBLISHED])
async def test_a_crash_at_any_step_erases_once(last: Step) -> None:
    harness = await reported()
    harness.ask(ERASE, PRIVACY)
    for _ in range(2):
        harness.restart(dies_after(last))
        with pytest.raises(Crashed):
            await harness.work()
    harness.restart()

    await harness.work()

    assert stored(await relayed(harness)) == []
    assert len({record.value for record in harness.broker.topic(topics.REQUESTS)}) == 1


@pytest.mark.parametrize("asked", [TICKET, ONE, TWO])
async def test_whole_and_parts_forget_together_whichever_is_named(asked: str) -> None:
    harness = ServiceHarness()
    harness.complain()
    await harness.work()
    harness.ask(DIVIDE, OFFICER)
    await harness.work()

    harness.ask(EraseReporter(ticket_id=asked, reason="Diminta pelapor."), PRIVACY)
    await harness.work()

    assert stored(await relayed(harness)) == []
    assert {said.ticket_id for said in harness.data(topics.TICKETS) if isinstance(said, ReporterErased)} == {
        TICKET,
        ONE,
        TWO,
    }
    assert [said.ticket_id for said in harness.data(topics.REQUESTS)] == [TICKET]


async def test_what_comes_again_after_the_erasure_brings_nothing_back() -> None:
    harness = await reported()
    harness.ask(ERASE, PRIVACY)
    await harness.work()

    harness.complain(id="0b1a5d0e-0f43-5f2b-8d0c-00000000000c")
    harness.ask(ReplyToTicket(ticket_id=TICKET, text="Tiang nomor tujuh, tolong."), CHANNEL)
    await harness.work()

    assert stored(await relayed(harness)) == []
    assert {said.code for said in harness.data(topics.status_topic("web")) if hasattr(said, "code")} == {"erased"}
