"""What a service does not hear is passed over: committed, and without any trace."""

import pytest

from shared import topics
from shared.delivery.dead_letters import dead_letter
from shared.delivery.ports import Cut, Record
from shared.delivery.reading import is_heard
from shared.delivery.vitals import Step
from shared.events import ClockMet, ClockPaused, ComplaintAccepted, SlaClock, TicketAcknowledged
from shared.events.envelope import HEADERS, encode
from shared.values import replace
from tests.builders import NOON, TICKET, TRACKING, accepted, event
from tests.fakes.counter import Count, Counter, progressed
from tests.fakes.handler_harness import Crashed, HandlerHarness, dies_after

pytestmark = pytest.mark.unit

SEEN = TicketAcknowledged(
    ticket_id=TICKET, tracking_id=TRACKING, state="acknowledged", version=2, at=NOON, agency="dishub"
)
MET = ClockMet(
    ticket_id=TICKET, tracking_id=TRACKING, clock=SlaClock.VERIFY, met_at=NOON, due_at=NOON, lateness_seconds=0
)
PAUSED = ClockPaused(ticket_id=TICKET, tracking_id=TRACKING, clock=SlaClock.RESOLVE, paused_at=NOON)
UNHEARD = event(MET, source="/tindak/sla")
VALUE = encode(UNHEARD)
RECORD = Record(topics.SLA, 0, 7, TICKET.encode(), VALUE, HEADERS, NOON)


def deaf() -> HandlerHarness:
    """Return the counter on two topics of ours, of which it hears no end of a clock."""
    return HandlerHarness(Counter(topics=(topics.TICKETS, topics.SLA), deaf_to=frozenset({MET.TYPE})))


def say(harness: HandlerHarness, *numbers: int) -> None:
    """Let the clock of the ticket end, under an id for each number."""
    for number in numbers:
        harness.publish(topics.SLA, replace(UNHEARD, id=f"0b1a5d0e-0f43-5f2b-8d0c-{number:012d}"))


def hears(kind: str) -> bool:
    return kind != MET.TYPE


def test_only_what_is_surely_of_ours_and_of_that_topic_is_passed_over() -> None:
    replay = topics.replay_topic("notify")
    letter = dead_letter("notify", RECORD, "bug", "ZeroDivisionError", NOON)
    doubtful = (
        replace(RECORD, value=None),
        replace(RECORD, value=b" " + VALUE),
        replace(RECORD, value=VALUE.replace(b"/tindak/sla", b"/agencies/dlh")),
        replace(RECORD, value=VALUE[:60]),
        replace(RECORD, topic=topics.ACCEPTED),
        replace(RECORD, topic=topics.UPDATES),
        replace(RECORD, topic=replay, headers=letter.headers),
        replace(RECORD, unreadable="CorruptRecordException"),
        replace(RECORD, cuts=(Cut("value", 1, "00"),)),
    )

    assert not is_heard(RECORD, hears)
    assert is_heard(RECORD, lambda _: True)
    assert [is_heard(each, hears) for each in doubtful] == [True] * len(doubtful)


async def test_what_is_not_heard_is_committed_and_leaves_no_trace() -> None:
    harness = deaf()
    steps: list[Step] = []
    harness.restart(steps.append)
    say(harness, 1, 2)

    await harness.work()

    assert steps == [Step.COMMITTED]
    assert (harness.store.documents, harness.broker.unread("routing", harness.handler.topics).records) == ({}, [])
    assert [log for (topic, _), log in harness.broker.logs.items() if topic != topics.SLA and log] == []


async def test_a_type_that_has_no_place_on_the_topic_is_a_dead_letter_though_nobody_hears_it() -> None:
    harness = deaf()
    harness.handler.deaf_to = frozenset({ComplaintAccepted.TYPE})
    harness.publish(topics.TICKETS, event(accepted(), source="/tindak/intake"))

    await harness.work()

    assert len(harness.broker.topic(topics.dead_letter_topic("routing"))) == 1


async def test_what_lies_around_it_is_said_once() -> None:
    harness = deaf()
    harness.handler.topics = (topics.SLA, topics.ACCEPTED)
    for number, data in enumerate((PAUSED, MET, PAUSED, MET)):
        harness.publish(topics.SLA, event(data, id=f"0b1a5d0e-0f43-5f2b-8d0c-{number:012d}", source="/tindak/sla"))
    await harness.work()

    harness.publish(topics.ACCEPTED, event(accepted()))  # whatever loads the ticket publishes what it holds
    await harness.work()

    assert [fact.version for fact in harness.data(topics.TICKETS)] == [1, 2, 3]


@pytest.mark.parametrize("step", [Step.SAVED, Step.PUBLISHED])
async def test_a_crash_among_them_loses_nothing(step: Step) -> None:
    harness = deaf()
    harness.restart(dies_after(step))
    say(harness, 1)
    harness.publish(topics.TICKETS, event(SEEN, source="/tindak/routing"))
    say(harness, 2)
    with pytest.raises(Crashed):
        await harness.work()
    harness.restart()
    harness.handler.deaf_to |= {progressed(TICKET, 1, NOON).TYPE}

    await harness.work()

    assert harness.store.documents[TICKET].state == Count(1)
    assert {fact.version for fact in harness.data(topics.TICKETS) if fact.TYPE != SEEN.TYPE} == {1}
