from datetime import timedelta

import pytest

from shared import topics
from shared.delivery.dead_letters import dead_letter
from shared.delivery.vitals import Step
from shared.events import ConfirmTicket, EventData, ProgressTicket, ResumeTicket, UnmergeTicket, WithdrawTicket
from shared.events.envelope import encode
from shared.ids import outside_cause_id
from tests.builders import TICKET, accepted, event
from tests.fakes.bench import Crashed, Workbench, dies_after
from tests.fakes.counter import Count, Counter, progressed

pytestmark = pytest.mark.unit

OTHER = "0b1a5d0e-0f43-5f2b-8d0c-000000000002"
FIRST = event(accepted())
SECOND = event(ResumeTicket(ticket_id=TICKET))
LETTERS = topics.dead_letter_topic("routing")


def heard(bench: Workbench) -> list[int]:
    """Return the versions on the topic of tickets in order, each where it stands first."""
    return list(dict.fromkeys(fact.version for fact in bench.data(topics.TICKETS)))


async def test_an_event_is_followed_by_its_fact() -> None:
    bench = Workbench(Counter())
    bench.say(topics.ACCEPTED, FIRST)

    await bench.work()

    assert bench.data(topics.TICKETS) == [progressed(TICKET, 1, FIRST.time)]
    assert bench.store.documents[TICKET].state == Count(1)


async def test_a_duplicate_event_changes_nothing() -> None:
    bench = Workbench(Counter())
    bench.say(topics.ACCEPTED, FIRST)
    bench.say(topics.ACCEPTED, FIRST)
    await bench.work()
    document = bench.store.documents[TICKET]

    bench.say(topics.ACCEPTED, FIRST)
    await bench.work()

    assert bench.store.documents[TICKET] == document
    assert heard(bench) == [1]


@pytest.mark.parametrize(
    ("ignored", "is_traced"),
    [(ConfirmTicket(ticket_id=TICKET), True), (UnmergeTicket(ticket_id=TICKET), False)],
)
async def test_an_ignored_event_is_remembered_only_with_a_state(ignored: EventData, is_traced: bool) -> None:
    bench = Workbench(Counter())
    bench.say(topics.ACCEPTED, FIRST)
    await bench.work()
    before = bench.store.documents[TICKET]
    second = event(ignored)

    bench.say(topics.UPDATES, second)
    await bench.work()

    document = bench.store.documents[TICKET]
    assert document.state == before.state
    assert heard(bench) == [1]
    assert (len(document.applied) > len(before.applied)) is is_traced
    assert (document.revision > before.revision) is is_traced


async def test_a_copy_of_an_event_elsewhere_is_not_answered_again() -> None:
    """Two services that hear each other would answer each other's copies for ever."""
    bench = Workbench(Counter())
    bench.say(topics.UPDATES, SECOND)
    await bench.work()

    bench.restart()
    bench.say(topics.UPDATES, SECOND)
    await bench.work()

    assert len(bench.broker.topic(topics.TICKETS)) == 1


@pytest.mark.parametrize("step", [Step.LOADED, Step.SAVED, Step.PUBLISHED])
async def test_a_crash_between_two_steps_leads_to_the_same_bytes(step: Step) -> None:
    bench = Workbench(Counter())
    bench.say(topics.ACCEPTED, FIRST)
    bench.restart(dies_after(step))
    with pytest.raises(Crashed):
        await bench.work()

    bench.clock.at += timedelta(hours=1)
    bench.restart()
    await bench.work()

    assert len({record.value for record in bench.broker.topic(topics.TICKETS)}) == 1
    assert bench.store.documents[TICKET].state == Count(1)


async def test_unpublished_events_of_a_dead_process_are_published_before_what_follows() -> None:
    bench = Workbench(Counter())
    bench.say(topics.ACCEPTED, FIRST)
    bench.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await bench.work()
    bench.say(topics.UPDATES, SECOND)
    survivor = bench.broker.unread("routing", (topics.UPDATES,))

    bench.restart()
    await bench.runner.handle(survivor)

    assert heard(bench) == [1, 2]


async def test_unpublished_events_of_the_sweep_are_published_before_what_follows() -> None:
    bench = Workbench(Counter(counts_again_at=FIRST.time))
    bench.say(topics.ACCEPTED, FIRST)
    await bench.work()
    bench.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await bench.sweep()
    bench.say(topics.UPDATES, SECOND)

    bench.restart()
    await bench.work()

    assert [fact.version for fact in bench.data(topics.SLA)] == [1]


async def test_published_answers_are_dropped_at_the_next_event_of_any_topic() -> None:
    bench = Workbench(Counter())
    bench.say(topics.ACCEPTED, FIRST)
    await bench.work()

    bench.say(topics.UPDATES, SECOND)
    await bench.work()

    applied = bench.store.documents[TICKET].applied
    assert applied[FIRST.id] is None
    assert applied[outside_cause_id(SECOND.id, TICKET)] is not None


async def test_an_answer_is_kept_when_only_another_partition_has_moved_on() -> None:
    bench = Workbench(Counter())
    bench.say(topics.ACCEPTED, FIRST)
    await bench.work()

    bench.restart()
    bench.say(topics.UPDATES, SECOND)
    await bench.work()

    assert bench.store.documents[TICKET].applied[FIRST.id] is not None


async def test_a_service_that_replays_answers_keeps_them() -> None:
    bench = Workbench(Counter(keeps_answers=True))
    bench.say(topics.UPDATES, SECOND)
    await bench.work()

    bench.say(topics.UPDATES, event(ProgressTicket(ticket_id=TICKET, note=SECOND.id)))
    await bench.work()

    first, again = bench.broker.topic(topics.TICKETS)
    assert first.value == again.value
    assert list(bench.store.documents[TICKET].applied) == [outside_cause_id(SECOND.id, TICKET)]


async def test_an_untracked_answer_is_idempotent() -> None:
    bench = Workbench(Counter())
    bench.say(topics.UPDATES, event(WithdrawTicket(ticket_id=TICKET)))
    bench.restart(dies_after(Step.PUBLISHED))
    with pytest.raises(Crashed):
        await bench.work()

    bench.clock.at += timedelta(hours=1)
    bench.restart()
    await bench.work()

    first, again = bench.broker.topic(topics.TRIAGE)
    assert first.value == again.value
    assert bench.store.documents == {}


@pytest.mark.parametrize("value", [encode(event(WithdrawTicket(ticket_id=TICKET))), b"no JSON"])
async def test_an_untracked_answer_to_a_replay_is_that_to_the_record_itself(value: bytes) -> None:
    """It may have been answered before it became a dead letter, and it may be replayed twice."""
    bench = Workbench(Counter(refuses=True, topics=(topics.UPDATES, topics.replay_topic("routing"))))
    bench.write(topics.UPDATES, value, key=TICKET)
    await bench.work()
    (record,) = bench.broker.topic(topics.UPDATES)
    letter = dead_letter("routing", record, "bug", "ZeroDivisionError", bench.clock.now())

    bench.clock.at += timedelta(hours=1)
    for _ in range(2):
        bench.write(topics.replay_topic("routing"), value, TICKET, dict(letter.headers))
    await bench.work()

    answers = bench.broker.topic(topics.TRIAGE)
    assert len(answers) > 1
    assert {answer.value for answer in answers} == {answers[0].value}
