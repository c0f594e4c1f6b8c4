from datetime import timedelta

import pytest

from shared import topics
from shared.delivery.dead_letters import dead_letter
from shared.delivery.vitals import Step
from shared.events import ConfirmTicket, EventData, ProgressTicket, ResumeTicket, UnmergeTicket, WithdrawTicket
from shared.events.envelope import encode
from shared.ids import outside_cause_id
from tests.builders import TICKET, accepted, event
from tests.fakes.counter import Count, Counter, progressed
from tests.fakes.handler_harness import Crashed, HandlerHarness, dies_after

pytestmark = pytest.mark.unit

OTHER = "0b1a5d0e-0f43-5f2b-8d0c-000000000002"
FIRST = event(accepted())
SECOND = event(ResumeTicket(ticket_id=TICKET))
LETTERS = topics.dead_letter_topic("routing")


def heard(harness: HandlerHarness) -> list[int]:
    """Return the versions on the topic of tickets in order, each where it stands first."""
    return list(dict.fromkeys(fact.version for fact in harness.data(topics.TICKETS)))


async def test_an_event_is_followed_by_its_fact() -> None:
    harness = HandlerHarness(Counter())
    harness.publish(topics.ACCEPTED, FIRST)

    await harness.work()

    assert harness.data(topics.TICKETS) == [progressed(TICKET, 1, FIRST.time)]
    assert harness.store.documents[TICKET].state == Count(1)


async def test_a_duplicate_event_changes_nothing() -> None:
    harness = HandlerHarness(Counter())
    harness.publish(topics.ACCEPTED, FIRST)
    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()
    document = harness.store.documents[TICKET]

    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()

    assert harness.store.documents[TICKET] == document
    assert heard(harness) == [1]


@pytest.mark.parametrize(
    ("ignored", "is_traced"),
    [(ConfirmTicket(ticket_id=TICKET), True), (UnmergeTicket(ticket_id=TICKET), False)],
)
async def test_an_ignored_event_is_remembered_only_with_a_state(ignored: EventData, is_traced: bool) -> None:
    harness = HandlerHarness(Counter())
    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()
    before = harness.store.documents[TICKET]
    second = event(ignored)

    harness.publish(topics.UPDATES, second)
    await harness.work()

    document = harness.store.documents[TICKET]
    assert document.state == before.state
    assert heard(harness) == [1]
    assert (len(document.applied) > len(before.applied)) is is_traced
    assert (document.revision > before.revision) is is_traced


async def test_a_copy_of_an_event_elsewhere_is_not_answered_again() -> None:
    """Two services that hear each other would answer each other's copies for ever."""
    harness = HandlerHarness(Counter())
    harness.publish(topics.UPDATES, SECOND)
    await harness.work()

    harness.restart()
    harness.publish(topics.UPDATES, SECOND)
    await harness.work()

    assert len(harness.broker.topic(topics.TICKETS)) == 1


@pytest.mark.parametrize("step", [Step.LOADED, Step.SAVED, Step.PUBLISHED])
async def test_a_crash_between_two_steps_leads_to_the_same_bytes(step: Step) -> None:
    harness = HandlerHarness(Counter())
    harness.publish(topics.ACCEPTED, FIRST)
    harness.restart(dies_after(step))
    with pytest.raises(Crashed):
        await harness.work()

    harness.clock.at += timedelta(hours=1)
    harness.restart()
    await harness.work()

    assert len({record.value for record in harness.broker.topic(topics.TICKETS)}) == 1
    assert harness.store.documents[TICKET].state == Count(1)


async def test_unpublished_events_of_a_dead_process_are_published_before_what_follows() -> None:
    harness = HandlerHarness(Counter())
    harness.publish(topics.ACCEPTED, FIRST)
    harness.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await harness.work()
    harness.publish(topics.UPDATES, SECOND)
    survivor = harness.broker.unread("routing", (topics.UPDATES,))

    harness.restart()
    await harness.runner.handle(survivor)

    assert heard(harness) == [1, 2]


async def test_unpublished_events_of_the_sweep_are_published_before_what_follows() -> None:
    harness = HandlerHarness(Counter(counts_again_at=FIRST.time))
    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()
    harness.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await harness.sweep()
    harness.publish(topics.UPDATES, SECOND)

    harness.restart()
    await harness.work()

    assert [fact.version for fact in harness.data(topics.SLA)] == [1]


async def test_published_answers_are_dropped_at_the_next_event_of_any_topic() -> None:
    harness = HandlerHarness(Counter())
    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()

    harness.publish(topics.UPDATES, SECOND)
    await harness.work()

    applied = harness.store.documents[TICKET].applied
    assert applied[FIRST.id] is None
    assert applied[outside_cause_id(SECOND.id, TICKET)] is not None


async def test_an_answer_is_kept_when_only_another_partition_has_moved_on() -> None:
    harness = HandlerHarness(Counter())
    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()

    harness.restart()
    harness.publish(topics.UPDATES, SECOND)
    await harness.work()

    assert harness.store.documents[TICKET].applied[FIRST.id] is not None


async def test_a_service_that_replays_answers_keeps_them() -> None:
    harness = HandlerHarness(Counter(keeps_answers=True))
    harness.publish(topics.UPDATES, SECOND)
    await harness.work()

    harness.publish(topics.UPDATES, event(ProgressTicket(ticket_id=TICKET, note=SECOND.id)))
    await harness.work()

    first, again = harness.broker.topic(topics.TICKETS)
    assert first.value == again.value
    assert list(harness.store.documents[TICKET].applied) == [outside_cause_id(SECOND.id, TICKET)]


async def test_an_untracked_answer_is_idempotent() -> None:
    harness = HandlerHarness(Counter())
    harness.publish(topics.UPDATES, event(WithdrawTicket(ticket_id=TICKET)))
    harness.restart(dies_after(Step.PUBLISHED))
    with pytest.raises(Crashed):
        await harness.work()

    harness.clock.at += timedelta(hours=1)
    harness.restart()
    await harness.work()

    first, again = harness.broker.topic(topics.TRIAGE)
    assert first.value == again.value
    assert harness.store.documents == {}


@pytest.mark.parametrize("value", [encode(event(WithdrawTicket(ticket_id=TICKET))), b"no JSON"])
async def test_an_untracked_answer_to_a_replay_is_that_to_the_record_itself(value: bytes) -> None:
    """It may have been answered before it became a dead letter, and it may be replayed twice."""
    harness = HandlerHarness(Counter(refuses=True, topics=(topics.UPDATES, topics.replay_topic("routing"))))
    harness.write(topics.UPDATES, value, key=TICKET)
    await harness.work()
    (record,) = harness.broker.topic(topics.UPDATES)
    letter = dead_letter("routing", record, "bug", "ZeroDivisionError", harness.clock.now())

    harness.clock.at += timedelta(hours=1)
    for _ in range(2):
        harness.write(topics.replay_topic("routing"), value, TICKET, dict(letter.headers))
    await harness.work()

    answers = harness.broker.topic(topics.TRIAGE)
    assert len(answers) > 1
    assert {answer.value for answer in answers} == {answers[0].value}
