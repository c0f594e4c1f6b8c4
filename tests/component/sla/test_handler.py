import pytest

from shared import topics
from shared.delivery.dead_letters import dead_letter
from shared.delivery.ports import Record
from shared.delivery.vitals import Step
from shared.events import ClockBreached, ClockStopped, TicketAcknowledged
from shared.events.envelope import HEADERS, encode
from shared.ids import occasion_id
from tests.builders import TICKET, event
from tests.component.sla.harness import COMPLAINT, DEAD, ROUTED, SlaHarness
from tests.fakes.handler_harness import Crashed, dies_after
from tests.unit.sla.cases import answered, closed, declined, fact, held, resumed, routed
from tests.unit.working_time.calendars import at

pytestmark = pytest.mark.component


async def test_the_whole_life_of_a_ticket_is_timed() -> None:
    harness = SlaHarness()
    harness.receive(
        COMPLAINT,
        ROUTED,
        held(2, "2026-04-07 10:00"),
        resumed(3, "2026-04-07 11:00"),
        answered(4, "2026-04-08 09:00"),
        closed(5, "2026-04-09 09:00"),
    )

    await harness.work()

    assert sorted(harness.names(topics.SLA)) == sorted(
        [
            "verify started", "verify met", "respond started", "resolve started", "respond paused", "resolve paused",
            "complete started", "respond resumed", "resolve resumed", "complete met", "respond met", "resolve met",
            "feedback started", "feedback met",
        ]
    )  # fmt: skip
    assert harness.due_at is None
    assert {heard.key for heard in harness.published(topics.SLA)} == {TICKET}


async def test_the_same_messages_twice_change_nothing() -> None:
    harness = SlaHarness()
    harness.receive(COMPLAINT, ROUTED)
    await harness.work()
    said, state = harness.everything(), harness.state

    harness.receive(COMPLAINT, ROUTED)
    await harness.work()

    assert harness.everything() == said
    assert harness.state == state


async def test_a_message_of_another_id_about_a_known_version_changes_nothing() -> None:
    harness = SlaHarness()
    harness.receive(COMPLAINT, ROUTED)
    await harness.work()
    said = harness.everything()

    harness.publish(topics.TICKETS, event(ROUTED, id="0c4b7b9e-55b5-5d5f-8a51-3d2f3f3a7c11", at=ROUTED.at))
    await harness.work()

    assert harness.everything() == said


@pytest.mark.parametrize("last", [Step.LOADED, Step.SAVED, Step.PUBLISHED])
async def test_a_crash_at_any_step_still_publishes_everything_once_per_id(last: Step) -> None:
    calm, harness = SlaHarness(), SlaHarness()
    for one in (calm, harness):
        one.receive(COMPLAINT, ROUTED, answered(2, "2026-04-14 09:00"))
    await calm.work()

    harness.restart(observe=dies_after(last))
    with pytest.raises(Crashed):
        await harness.work()
    harness.restart()
    await harness.work()

    assert {heard.id: heard for heard in harness.everything()} == {heard.id: heard for heard in calm.everything()}


async def test_a_malformed_record_becomes_a_dead_letter_and_the_next_is_handled() -> None:
    harness = SlaHarness()
    harness.write(topics.TICKETS, b"{", key=TICKET)
    harness.receive(COMPLAINT)

    await harness.work()

    assert [dict(record.headers)["dlq-reason"] for record in harness.broker.topic(DEAD)] == [b"malformed"]
    assert harness.names(topics.SLA) == ["verify started"]


async def test_a_replayed_dead_letter_takes_its_place_in_the_history() -> None:
    harness = SlaHarness()
    harness.receive(COMPLAINT, ROUTED, routed(3, "2026-04-08 09:00", "dlh"))
    await harness.work()
    missed = event(declined(2, "2026-04-07 15:00"), at=at("2026-04-07 15:00"))
    record = Record(topics.TICKETS, 0, 7, TICKET.encode(), encode(missed), HEADERS, missed.time)
    letter = dead_letter("sla", record, "bug", "KeyError at rule.py:1", harness.clock.now())

    harness.write(topics.replay_topic("sla"), letter.value, key=TICKET, headers=dict(letter.headers))
    await harness.work()

    assert [step.version for step in harness.state.history] == [1, 2, 3]
    assert {(data.stopped_at, data.why) for data in harness.data(topics.SLA) if isinstance(data, ClockStopped)} == {
        (at("2026-04-08 09:00"), "reassigned"),
        (at("2026-04-07 15:00"), "declined"),
    }


async def test_an_event_that_moves_no_clock_leaves_no_document() -> None:
    harness = SlaHarness()
    harness.receive(fact(TicketAcknowledged, 2, "2026-04-06 10:00", agency="dishub"))

    await harness.work()

    assert harness.store.documents == {}


async def test_the_id_of_a_breach_follows_from_ticket_clock_and_round_alone() -> None:
    swept, read_late = SlaHarness(), SlaHarness()
    for harness in (swept, read_late):
        harness.receive(COMPLAINT, ROUTED)
        await harness.work()
    await swept.wait_until("2026-04-14 09:00")
    read_late.receive(answered(2, "2026-04-14 09:00", final=False))
    await read_late.work()

    ids = {heard.id for harness in (swept, read_late) for heard in harness.published(topics.BREACHES)[:1]}

    assert ids == {occasion_id(TICKET, f"{ClockBreached.TYPE}|respond|1|breached")}
