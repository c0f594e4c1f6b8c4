"""An update that comes before its complaint is not forgotten: it is applied, or its sender is told that it was not."""

from datetime import timedelta

import pytest

from services.routing.domain.ticket.state import Awaited, Filed, Stage, WithAgency
from shared import topics
from shared.delivery.dead_letters import dead_letter
from shared.delivery.time_loop import TimeLoop
from shared.events import UpdateRefused, WholeWithdrawn
from tests.builders import TICKET
from tests.component.routing.desk import CHANNEL, DEAD, DISHUB, DISHUB_TOPIC, Desk
from tests.fakes.bench import NOON, Crashed, Step, dies_after
from tests.fakes.memory import at_once
from tests.unit.routing.commands import COMMANDS

pytestmark = pytest.mark.component

ID = "0c4b7b9e-55b5-5d5f-8a51-3d2f3f3a7c11"
WAIT = timedelta(hours=24)
TICK = timedelta(seconds=1)
REMEMBERED = timedelta(days=7)


async def waiting() -> Desk:
    """Return a desk at which an update waits for its complaint."""
    desk = Desk()
    desk.ask(COMMANDS["progress"], id=ID)
    await desk.work()
    return desk


async def in_vain() -> Desk:
    """Return a desk at which an update has waited in vain."""
    desk = await waiting()
    desk.clock.at += WAIT
    await desk.sweep()
    return desk


def refusals(desk: Desk, topic: str = DISHUB_TOPIC) -> list[UpdateRefused]:
    """Return what was refused, each refusal once however often it was said."""
    said = {heard.id: heard.data for heard in desk.heard(topic)}
    return [data for data in said.values() if isinstance(data, UpdateRefused)]


@pytest.mark.parametrize("last", [Step.LOADED, Step.SAVED, Step.PUBLISHED])
@pytest.mark.parametrize("dies_at", ["update", "complaint"])
async def test_an_early_update_is_applied_once_its_complaint_comes_through_crash_and_replay(
    dies_at: str, last: Step
) -> None:
    desk = Desk()
    desk.ask(COMMANDS["progress"], id=ID)
    if dies_at == "complaint":
        await desk.work()
        desk.complain()
    desk.restart(dies_after(last))
    with pytest.raises(Crashed):
        await desk.work()
    desk.restart()
    await desk.work()
    if dies_at == "update":
        desk.complain()
        await desk.work()
    (record,) = desk.broker.topic(topics.UPDATES)
    letter = dead_letter("routing", record, "bug", "Error", NOON)
    desk.broker.append(topics.replay_topic("routing"), record.key, letter.value, letter.headers)

    await desk.work()

    assert [heard.type.split(".")[2] for heard in {said.id: said for said in desk.heard(topics.TICKETS)}.values()] == [
        "routed", "progressed",
    ]  # fmt: skip
    assert desk.situation == WithAgency("dishub", Stage.IN_PROGRESS)
    assert desk.store.documents[TICKET].due_at is None


async def test_an_update_whose_wait_ends_is_answered_and_its_document_expires() -> None:
    desk = await in_vain()

    (refused,) = refusals(desk)
    assert refused == refusals(desk, topics.TICKETS)[0]
    assert (refused.code, refused.update_id, refused.at) == ("unknown_ticket", ID, NOON + WAIT)
    document = desk.store.documents[TICKET]
    assert (document.state, document.due_at) == (Awaited(ended_at=NOON + WAIT), None)
    assert document.expires_at == NOON + WAIT + REMEMBERED
    assert document.pending == ()
    assert desk.broker.topic(DEAD) == []


async def test_a_wait_does_not_end_before_its_time() -> None:
    desk = await waiting()
    desk.clock.at += WAIT - TICK

    await desk.sweep()

    assert desk.store.documents[TICKET].due_at == NOON + WAIT
    assert refusals(desk) == []


@pytest.mark.parametrize("last", [Step.LOADED, Step.SAVED, Step.PUBLISHED])
async def test_a_crash_while_a_wait_ends_answers_once_per_id(last: Step) -> None:
    whole, desk = await in_vain(), await waiting()
    desk.clock.at += WAIT
    desk.restart(dies_after(last))
    with pytest.raises(Crashed):
        await desk.sweep()
    desk.restart()

    await desk.sweep()
    desk.clock.at += timedelta(minutes=1)
    await desk.relay.relay()

    for topic in (topics.TICKETS, DISHUB_TOPIC):
        assert {said.value for said in desk.broker.topic(topic)} == {said.value for said in whole.broker.topic(topic)}
    assert desk.store.documents[TICKET].pending == ()


async def test_a_complaint_in_the_last_moment_takes_its_update_along() -> None:
    desk = await waiting()
    desk.clock.at += WAIT - TICK
    desk.complain()
    await desk.work()
    desk.clock.at += WAIT

    await desk.sweep()

    assert desk.names() == ["routed", "progressed"]


async def test_a_complaint_after_the_wait_is_filed_without_what_was_refused() -> None:
    desk = await in_vain()
    desk.complain()

    await desk.work()

    assert desk.names() == ["update_refused", "routed"]
    assert desk.situation == WithAgency("dishub")
    assert (desk.store.documents[TICKET].expires_at, desk.state.ticket.version) == (None, 1)


async def test_a_complaint_that_lies_unread_since_routing_went_away_still_takes_its_update_along() -> None:
    desk = await waiting()
    desk.complain()
    desk.clock.at += WAIT + timedelta(hours=6)

    await desk.sweep()
    await desk.work()

    assert desk.names() == ["routed", "progressed"]


async def test_a_wait_that_goes_on_after_routing_was_away_ends_too() -> None:
    desk = await waiting()
    desk.clock.at += WAIT + timedelta(hours=6)
    await desk.sweep()
    assert refusals(desk) == []
    desk.clock.at += timedelta(hours=6)

    await desk.sweep()

    assert [refused.update_id for refused in refusals(desk)] == [ID]


async def test_a_repeat_of_what_was_answered_changes_nothing_while_that_is_known() -> None:
    desk = await in_vain()
    before = desk.store.documents[TICKET]
    desk.ask(COMMANDS["progress"], id=ID)

    await desk.work()

    assert desk.store.documents[TICKET] == before


async def test_a_repeat_once_that_is_forgotten_waits_and_is_answered_again() -> None:
    desk = await in_vain()
    desk.clock.at += REMEMBERED
    del desk.store.documents[TICKET]
    desk.ask(COMMANDS["progress"], id=ID)
    await desk.work()
    desk.clock.at += WAIT

    await desk.sweep()

    assert [refused.at for refused in refusals(desk)] == [NOON + WAIT, NOON + WAIT + REMEMBERED + WAIT]


async def test_another_update_after_the_wait_waits_for_itself() -> None:
    desk = await in_vain()
    desk.clock.at += TICK
    desk.ask(COMMANDS["reply"], by=CHANNEL)

    await desk.work()

    document = desk.store.documents[TICKET]
    assert (document.due_at, document.expires_at) == (NOON + WAIT + TICK + WAIT, None)


async def test_a_part_that_was_withdrawn_before_it_was_opened_stays_so_whatever_waits() -> None:
    desk = await waiting()
    desk.tell(topics.LINKS, WholeWithdrawn(ticket_id=TICKET), "/tindak/routing")
    await desk.work()
    desk.clock.at += WAIT

    await desk.sweep()

    document = desk.store.documents[TICKET]
    assert (document.state, document.expires_at) == (Awaited(withdrawn=True, ended_at=NOON + WAIT), None)
    assert len(refusals(desk)) == 1


async def test_two_replicas_that_sweep_at_once_answer_once() -> None:
    desk = await waiting()
    desk.clock.at += WAIT
    other = TimeLoop(desk.handler, desk.store, desk.broker, desk.clock)

    async def overtaken(operation: str) -> None:
        if operation == "save":
            desk.store.step = at_once
            await other.sweep()

    desk.store.step = overtaken

    await desk.sweep()

    assert [heard.type for heard in desk.heard(DISHUB_TOPIC)] == [UpdateRefused.TYPE]


async def test_each_agency_hears_of_its_own_update_alone() -> None:
    desk = Desk()
    desk.ask(COMMANDS["progress"], by="/agencies/dlh")
    desk.ask(COMMANDS["progress"], by=DISHUB)
    await desk.work()
    desk.clock.at += WAIT

    await desk.sweep()

    assert [data.update_source for data in refusals(desk, topics.agency_topic("dlh"))] == ["/agencies/dlh"]
    assert [data.update_source for data in refusals(desk)] == [DISHUB]
    assert {data.update_source for data in refusals(desk, topics.TICKETS)} == {"/agencies/dlh", DISHUB}


async def test_nothing_of_a_filed_ticket_waits_for_time() -> None:
    desk = Desk()
    desk.complain()

    await desk.work()

    document = desk.store.documents[TICKET]
    assert isinstance(document.state, Filed)
    assert (document.due_at, document.expires_at) == (None, None)
