"""An update that comes before its complaint is not forgotten: it is applied, or its sender is told that it was not."""

from datetime import timedelta

import pytest

from services.routing.domain.ticket.state import Awaited, Filed, Stage, WithAgency
from shared import topics
from shared.delivery.dead_letters import dead_letter
from shared.delivery.time_loop import TimeLoop
from shared.events import UpdateRefused, WholeWithdrawn
from tests.builders import FROM_DISHUB, TICKET
from tests.component.routing.harness import CHANNEL, DEAD, DISHUB, DISHUB_TOPIC, ServiceHarness
from tests.fakes.handler_harness import NOON, Crashed, Step, dies_after
from tests.fakes.memory import at_once
from tests.unit.routing.commands import COMMANDS

pytestmark = pytest.mark.component

ID = "0c4b7b9e-55b5-5d5f-8a51-3d2f3f3a7c11"
WAIT = timedelta(hours=24)
TICK = timedelta(seconds=1)
REMEMBERED = timedelta(days=7)


async def waiting() -> ServiceHarness:
    """Return a harness at which an update waits for its complaint."""
    harness = ServiceHarness()
    harness.ask(COMMANDS["progress"], id=ID)
    await harness.work()
    return harness


async def in_vain() -> ServiceHarness:
    """Return a harness at which an update has waited in vain."""
    harness = await waiting()
    harness.clock.at += WAIT
    await harness.sweep()
    return harness


def refusals(harness: ServiceHarness, topic: str = DISHUB_TOPIC) -> list[UpdateRefused]:
    """Return what was refused, each refusal once however often it was said."""
    said = {heard.id: heard.data for heard in harness.published(topic)}
    return [data for data in said.values() if isinstance(data, UpdateRefused)]


@pytest.mark.parametrize("last", [Step.LOADED, Step.SAVED, Step.PUBLISHED])
@pytest.mark.parametrize("dies_at", ["update", "complaint"])
async def test_an_early_update_is_applied_once_its_complaint_comes_through_crash_and_replay(
    dies_at: str, last: Step
) -> None:
    harness = ServiceHarness()
    harness.ask(COMMANDS["progress"], id=ID)
    if dies_at == "complaint":
        await harness.work()
        harness.complain()
    harness.restart(dies_after(last))
    with pytest.raises(Crashed):
        await harness.work()
    harness.restart()
    await harness.work()
    if dies_at == "update":
        harness.complain()
        await harness.work()
    (record,) = harness.broker.topic(FROM_DISHUB)
    letter = dead_letter("routing", record, "bug", "Error", NOON)
    harness.broker.append(topics.replay_topic("routing"), record.key, letter.value, letter.headers)

    await harness.work()

    once = {said.id: said for said in harness.published(topics.TICKETS)}
    assert [heard.type.split(".")[2] for heard in once.values()] == ["routed", "progressed"]
    assert harness.situation == WithAgency("dishub", Stage.IN_PROGRESS)
    assert harness.store.documents[TICKET].due_at is None


async def test_an_update_whose_wait_ends_is_answered_and_its_document_expires() -> None:
    harness = await in_vain()

    (refused,) = refusals(harness)
    assert harness.broker.topic(topics.TICKETS) == []
    assert (refused.code, refused.update_id, refused.at) == ("not_found", ID, NOON + WAIT)
    document = harness.store.documents[TICKET]
    assert (document.state, document.due_at) == (Awaited(ended_at=NOON + WAIT), None)
    assert document.expires_at == NOON + WAIT + REMEMBERED
    assert document.pending == ()
    assert harness.broker.topic(DEAD) == []


async def test_a_wait_does_not_end_before_its_time() -> None:
    harness = await waiting()
    harness.clock.at += WAIT - TICK

    await harness.sweep()

    assert harness.store.documents[TICKET].due_at == NOON + WAIT
    assert refusals(harness) == []


@pytest.mark.parametrize("last", [Step.LOADED, Step.SAVED, Step.PUBLISHED])
async def test_a_crash_while_a_wait_ends_answers_once_per_id(last: Step) -> None:
    whole, harness = await in_vain(), await waiting()
    harness.clock.at += WAIT
    harness.restart(dies_after(last))
    with pytest.raises(Crashed):
        await harness.sweep()
    harness.restart()

    await harness.sweep()
    harness.clock.at += timedelta(minutes=1)
    await harness.relay.relay()

    for topic in (topics.TICKETS, DISHUB_TOPIC):
        assert {said.value for said in harness.broker.topic(topic)} == {
            said.value for said in whole.broker.topic(topic)
        }
    assert harness.store.documents[TICKET].pending == ()


async def test_a_complaint_in_the_last_moment_takes_its_update_along() -> None:
    harness = await waiting()
    harness.clock.at += WAIT - TICK
    harness.complain()
    await harness.work()
    harness.clock.at += WAIT

    await harness.sweep()

    assert harness.names() == ["routed", "progressed"]


async def test_a_complaint_after_the_wait_is_filed_without_what_was_refused() -> None:
    harness = await in_vain()
    harness.complain()

    await harness.work()

    assert harness.names() == ["routed"]
    assert harness.situation == WithAgency("dishub")
    assert (harness.store.documents[TICKET].expires_at, harness.state.ticket.version) == (None, 1)


async def test_a_complaint_that_lies_unread_since_routing_went_away_still_takes_its_update_along() -> None:
    harness = await waiting()
    harness.complain()
    harness.clock.at += WAIT + timedelta(hours=6)

    await harness.sweep()
    await harness.work()

    assert harness.names() == ["routed", "progressed"]


async def test_a_wait_that_goes_on_after_routing_was_away_ends_too() -> None:
    harness = await waiting()
    harness.clock.at += WAIT + timedelta(hours=6)
    await harness.sweep()
    assert refusals(harness) == []
    harness.clock.at += timedelta(hours=6)

    await harness.sweep()

    assert [refused.update_id for refused in refusals(harness)] == [ID]


async def test_a_repeat_of_what_was_answered_changes_nothing_while_that_is_known() -> None:
    harness = await in_vain()
    before = harness.store.documents[TICKET]
    harness.ask(COMMANDS["progress"], id=ID)

    await harness.work()

    assert harness.store.documents[TICKET] == before


async def test_a_repeat_once_that_is_forgotten_waits_and_is_answered_again() -> None:
    harness = await in_vain()
    harness.clock.at += REMEMBERED
    del harness.store.documents[TICKET]
    harness.ask(COMMANDS["progress"], id=ID)
    await harness.work()
    harness.clock.at += WAIT

    await harness.sweep()

    assert [refused.at for refused in refusals(harness)] == [NOON + WAIT, NOON + WAIT + REMEMBERED + WAIT]


async def test_another_update_after_the_wait_waits_for_itself() -> None:
    harness = await in_vain()
    harness.clock.at += TICK
    harness.ask(COMMANDS["reply"], by=CHANNEL)

    await harness.work()

    document = harness.store.documents[TICKET]
    assert (document.due_at, document.expires_at) == (NOON + WAIT + TICK + WAIT, None)


async def test_a_part_withdrawn_before_it_opened_remains_withdrawn() -> None:
    harness = await waiting()
    harness.publish_data(topics.LINKS, WholeWithdrawn(ticket_id=TICKET), "/tindak/routing")
    await harness.work()
    harness.clock.at += WAIT

    await harness.sweep()

    document = harness.store.documents[TICKET]
    assert (document.state, document.expires_at) == (Awaited(withdrawn=True, ended_at=NOON + WAIT), None)
    assert len(refusals(harness)) == 1


async def test_two_replicas_that_sweep_at_once_answer_once() -> None:
    harness = await waiting()
    harness.clock.at += WAIT
    other = TimeLoop(harness.handler, harness.store, harness.broker, harness.clock)

    async def overtaken(operation: str) -> None:
        if operation == "save":
            harness.store.step = at_once
            await other.sweep()

    harness.store.step = overtaken

    await harness.sweep()

    assert [heard.type for heard in harness.published(DISHUB_TOPIC)] == [UpdateRefused.TYPE]


async def test_each_agency_gets_answers_to_its_own_updates_only() -> None:
    harness = ServiceHarness()
    harness.ask(COMMANDS["progress"], by="/agencies/dlh")
    harness.ask(COMMANDS["progress"], by=DISHUB)
    await harness.work()
    harness.clock.at += WAIT

    await harness.sweep()

    assert [data.update_source for data in refusals(harness, topics.agency_topic("dlh"))] == ["/agencies/dlh"]
    assert [data.update_source for data in refusals(harness)] == [DISHUB]
    assert refusals(harness, topics.TICKETS) == []


async def test_a_filed_ticket_is_never_due() -> None:
    harness = ServiceHarness()
    harness.complain()

    await harness.work()

    document = harness.store.documents[TICKET]
    assert isinstance(document.state, Filed)
    assert (document.due_at, document.expires_at) == (None, None)
