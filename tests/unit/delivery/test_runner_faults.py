from datetime import timedelta

import pytest

from shared import topics
from shared.delivery.documents.document import Document
from shared.delivery.guard import BugShare, TooManyBugs
from shared.delivery.ports import TransientError
from shared.delivery.vitals import Step, unobserved
from shared.events import AcknowledgeTicket, ProgressTicket, ResumeTicket
from shared.ids import event_id, outside_cause_id
from tests.builders import TICKET, accepted, event
from tests.fakes.counter import Count, Counter, progressed
from tests.fakes.handler_harness import Crashed, HandlerHarness, dies_after
from tests.fakes.memory import MemoryStore

pytestmark = pytest.mark.unit

OTHER = "0b1a5d0e-0f43-5f2b-8d0c-000000000002"
FIRST = event(accepted())
SECOND = event(ResumeTicket(ticket_id=TICKET))
LETTERS = topics.dead_letter_topic("routing")


def heard(harness: HandlerHarness) -> list[int]:
    """Return the versions on the topic of tickets in order, each where it stands first."""
    return list(dict.fromkeys(fact.version for fact in harness.data(topics.TICKETS)))


@pytest.mark.expects_errors
@pytest.mark.parametrize("method", ["key_of", "decide", "due_at", "encode"])
async def test_a_bug_costs_one_record_and_the_next_is_handled(method: str) -> None:
    harness = HandlerHarness(Counter(breaks=method))
    harness.publish(topics.UPDATES, event(AcknowledgeTicket(ticket_id=TICKET)))
    await harness.work()

    harness.handler.breaks = None
    harness.publish(topics.UPDATES, SECOND)
    await harness.work()

    (letter,) = harness.broker.topic(LETTERS)
    assert dict(letter.headers)["dlq-reason"] == b"bug"
    assert heard(harness) == [1]


@pytest.mark.expects_errors
async def test_replaying_an_unknown_event_is_a_bug() -> None:
    harness = HandlerHarness(Counter())
    harness.publish(topics.UPDATES, event(ProgressTicket(ticket_id=TICKET, note="unknown")))

    await harness.work()

    assert len(harness.broker.topic(LETTERS)) == 1


@pytest.mark.expects_errors
async def test_a_bug_in_refusing_costs_the_record() -> None:
    harness = HandlerHarness(Counter(breaks="refuse"))
    harness.write(topics.UPDATES, b"no JSON")

    await harness.work()

    (letter,) = harness.broker.topic(LETTERS)
    assert (letter.value, dict(letter.headers)["dlq-reason"]) == (b"no JSON", b"bug")


async def test_an_unreadable_record_becomes_a_dead_letter_and_the_next_is_handled() -> None:
    harness = HandlerHarness(Counter())
    harness.write(topics.ACCEPTED, b"no JSON", key=TICKET)
    harness.publish(topics.ACCEPTED, FIRST)

    await harness.work()

    (letter,) = harness.broker.topic(LETTERS)
    assert (letter.key, letter.value) == (TICKET.encode(), b"no JSON")
    assert heard(harness) == [1]


async def test_a_refusal_is_idempotent() -> None:
    harness = HandlerHarness(Counter(refuses=True))
    harness.write(topics.UPDATES, b"no JSON")
    harness.restart(dies_after(Step.PUBLISHED))
    with pytest.raises(Crashed):
        await harness.work()

    harness.clock.at += timedelta(hours=1)
    harness.restart()
    await harness.work()

    first, again = harness.broker.topic(topics.TRIAGE)
    assert first.value == again.value


async def test_one_id_that_an_outsider_uses_for_two_tickets_leads_to_two_ids() -> None:
    harness = HandlerHarness(Counter())
    harness.publish(topics.UPDATES, event(ResumeTicket(ticket_id=TICKET), id=SECOND.id))
    harness.publish(topics.UPDATES, event(ResumeTicket(ticket_id=OTHER), id=SECOND.id))

    await harness.work()

    kind = progressed(TICKET, 1, FIRST.time).TYPE
    assert {fact.id for fact in harness.published(topics.TICKETS)} == {
        event_id(outside_cause_id(SECOND.id, TICKET), kind, 0),
        event_id(outside_cause_id(SECOND.id, OTHER), kind, 0),
    }


async def test_an_outsider_cannot_take_the_id_that_an_event_of_ours_will_have() -> None:
    harness = HandlerHarness(Counter())
    harness.publish(topics.UPDATES, event(ResumeTicket(ticket_id=TICKET), id=FIRST.id))

    await harness.work()
    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()

    assert len(harness.published(topics.TICKETS)) == 2


class RivalStore(MemoryStore[Count]):
    """Somebody else changes the document before each of our first saves."""

    rivals = 1

    async def save(self, documents: list[Document[Count]]) -> set[str]:  # type: ignore[override]
        if self.rivals:
            self.rivals -= 1
            for document in documents:
                stored = self.documents.get(document.id, Document(document.id, state=Count(10)))
                self.documents[document.id] = stored.saved()
        return await super().save(documents)


async def test_a_lost_save_is_decided_again() -> None:
    harness = HandlerHarness(Counter(), RivalStore())
    harness.publish(topics.ACCEPTED, FIRST)

    await harness.work()

    assert heard(harness) == [11]


async def test_repeatedly_lost_saves_count_as_an_outage() -> None:
    store = RivalStore()
    store.rivals = 100
    harness = HandlerHarness(Counter(), store)
    harness.publish(topics.ACCEPTED, FIRST)

    with pytest.raises(TransientError, match="20 times"):
        await harness.runner.attempt(harness.broker.unread("routing", (topics.ACCEPTED,)))


class FlakyStore(MemoryStore[Count]):
    """The first save is carried out, but its outcome is not known."""

    outages = 1

    async def save(self, documents: list[Document[Count]]) -> set[str]:  # type: ignore[override]
        lost = await super().save(documents)
        if self.outages:
            self.outages -= 1
            raise TransientError("the primary steps down")
        return lost


async def test_a_save_of_unknown_outcome_is_repeated_in_place() -> None:
    harness = HandlerHarness(Counter(), FlakyStore())
    harness.publish(topics.ACCEPTED, FIRST)

    await harness.work()

    assert heard(harness) == [1]
    assert harness.runner.vitals.troubles == {}


def buggy(records: int) -> HandlerHarness:
    """Return a harness at which every acknowledgement meets a bug, with so many of them on their topic."""
    harness = HandlerHarness(Counter(breaks="decide"))
    harness.restart(bug_share=BugShare(window_records=10, share_max=0.5))
    for _ in range(records):
        harness.publish(topics.UPDATES, event(AcknowledgeTicket(ticket_id=TICKET)))
    return harness


@pytest.mark.expects_errors
async def test_one_bug_more_than_the_share_stops_before_anything_is_published() -> None:
    harness = buggy(6)

    with pytest.raises(TooManyBugs, match="6 of the last 10 records met a bug of ours, the last: ZeroDivisionError"):
        await harness.work()

    assert harness.broker.topic(LETTERS) == []
    assert len(harness.broker.unread("routing", (topics.UPDATES,)).records) == 6


@pytest.mark.expects_errors
async def test_bugs_are_counted_across_batches() -> None:
    harness = buggy(5)
    await harness.work()
    harness.publish(topics.UPDATES, event(AcknowledgeTicket(ticket_id=TICKET)))

    with pytest.raises(TooManyBugs):
        await harness.work()

    assert len(harness.broker.topic(LETTERS)) == 5


@pytest.mark.expects_errors
async def test_a_bug_at_nine_records_in_ten_stops_the_consumer_too() -> None:
    harness = buggy(0)
    for _ in range(3):
        harness.publish(topics.UPDATES, SECOND)
        for _ in range(9):
            harness.publish(topics.UPDATES, event(AcknowledgeTicket(ticket_id=TICKET)))

    with pytest.raises(TooManyBugs):
        await harness.work()


@pytest.mark.expects_errors
async def test_bugs_that_lie_further_back_than_the_window_do_not_count() -> None:
    harness = buggy(5)
    for number in range(5):
        harness.publish(topics.UPDATES, event(ResumeTicket(ticket_id=TICKET), id=f"{number}" * 8 + OTHER[8:]))
    for _ in range(5):
        harness.publish(topics.UPDATES, event(AcknowledgeTicket(ticket_id=TICKET)))

    await harness.work()

    assert len(harness.broker.topic(LETTERS)) == 10


async def test_malformed_records_of_outsiders_never_stop_the_consumer() -> None:
    harness = buggy(0)
    for _ in range(1200):
        harness.write(topics.UPDATES, b"no JSON")
    harness.publish(topics.ACCEPTED, FIRST)

    await harness.work()

    assert len(harness.broker.topic(LETTERS)) == 1200
    assert heard(harness) == [1]


@pytest.mark.expects_errors
async def test_an_answer_applied_elsewhere_after_a_bug_here_is_not_published() -> None:
    harness = HandlerHarness(Counter(breaks="decide"))
    harness.publish(topics.UPDATES, event(AcknowledgeTicket(ticket_id=TICKET)))
    here = harness.runner
    here.observe = dies_after(Step.PUBLISHED)
    with pytest.raises(Crashed):
        await harness.work()
    harness.handler.breaks = None
    harness.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await harness.work()

    harness.runner, here.observe = here, unobserved
    await harness.work()

    assert heard(harness) == [1]
