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
from tests.fakes.bench import Crashed, Workbench, dies_after
from tests.fakes.counter import Count, Counter, progressed
from tests.fakes.memory import MemoryStore

pytestmark = pytest.mark.unit

OTHER = "0b1a5d0e-0f43-5f2b-8d0c-000000000002"
FIRST = event(accepted())
SECOND = event(ResumeTicket(ticket_id=TICKET))
LETTERS = topics.dead_letter_topic("routing")


def heard(bench: Workbench) -> list[int]:
    """Return the versions on the topic of tickets in order, each where it stands first."""
    return list(dict.fromkeys(fact.version for fact in bench.data(topics.TICKETS)))


@pytest.mark.expects_errors
@pytest.mark.parametrize("method", ["key_of", "decide", "due_at", "encode"])
async def test_a_bug_costs_one_record_and_the_next_is_handled(method: str) -> None:
    bench = Workbench(Counter(breaks=method))
    bench.say(topics.UPDATES, event(AcknowledgeTicket(ticket_id=TICKET)))
    await bench.work()

    bench.handler.breaks = None
    bench.say(topics.UPDATES, SECOND)
    await bench.work()

    (letter,) = bench.broker.topic(LETTERS)
    assert dict(letter.headers)["dlq-reason"] == b"bug"
    assert heard(bench) == [1]


@pytest.mark.expects_errors
async def test_replaying_an_unknown_event_is_a_bug() -> None:
    bench = Workbench(Counter())
    bench.say(topics.UPDATES, event(ProgressTicket(ticket_id=TICKET, note="unknown")))

    await bench.work()

    assert len(bench.broker.topic(LETTERS)) == 1


@pytest.mark.expects_errors
async def test_a_bug_in_refusing_costs_the_record() -> None:
    bench = Workbench(Counter(breaks="refuse"))
    bench.write(topics.UPDATES, b"no JSON")

    await bench.work()

    (letter,) = bench.broker.topic(LETTERS)
    assert (letter.value, dict(letter.headers)["dlq-reason"]) == (b"no JSON", b"bug")


async def test_an_unreadable_record_becomes_a_dead_letter_and_the_next_is_handled() -> None:
    bench = Workbench(Counter())
    bench.write(topics.ACCEPTED, b"no JSON", key=TICKET)
    bench.say(topics.ACCEPTED, FIRST)

    await bench.work()

    (letter,) = bench.broker.topic(LETTERS)
    assert (letter.key, letter.value) == (TICKET.encode(), b"no JSON")
    assert heard(bench) == [1]


async def test_a_refusal_is_idempotent() -> None:
    bench = Workbench(Counter(refuses=True))
    bench.write(topics.UPDATES, b"no JSON")
    bench.restart(dies_after(Step.PUBLISHED))
    with pytest.raises(Crashed):
        await bench.work()

    bench.clock.at += timedelta(hours=1)
    bench.restart()
    await bench.work()

    first, again = bench.broker.topic(topics.TRIAGE)
    assert first.value == again.value


async def test_one_id_that_an_outsider_uses_for_two_tickets_leads_to_two_ids() -> None:
    bench = Workbench(Counter())
    bench.say(topics.UPDATES, event(ResumeTicket(ticket_id=TICKET), id=SECOND.id))
    bench.say(topics.UPDATES, event(ResumeTicket(ticket_id=OTHER), id=SECOND.id))

    await bench.work()

    kind = progressed(TICKET, 1, FIRST.time).TYPE
    assert {fact.id for fact in bench.heard(topics.TICKETS)} == {
        event_id(outside_cause_id(SECOND.id, TICKET), kind, 0),
        event_id(outside_cause_id(SECOND.id, OTHER), kind, 0),
    }


async def test_an_outsider_cannot_take_the_id_that_an_event_of_ours_will_have() -> None:
    bench = Workbench(Counter())
    bench.say(topics.UPDATES, event(ResumeTicket(ticket_id=TICKET), id=FIRST.id))

    await bench.work()
    bench.say(topics.ACCEPTED, FIRST)
    await bench.work()

    assert len(bench.heard(topics.TICKETS)) == 2


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
    bench = Workbench(Counter(), RivalStore())
    bench.say(topics.ACCEPTED, FIRST)

    await bench.work()

    assert heard(bench) == [11]


async def test_repeatedly_lost_saves_count_as_an_outage() -> None:
    store = RivalStore()
    store.rivals = 100
    bench = Workbench(Counter(), store)
    bench.say(topics.ACCEPTED, FIRST)

    with pytest.raises(TransientError, match="20 times"):
        await bench.runner.attempt(bench.broker.unread("routing", (topics.ACCEPTED,)))


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
    bench = Workbench(Counter(), FlakyStore())
    bench.say(topics.ACCEPTED, FIRST)

    await bench.work()

    assert heard(bench) == [1]
    assert bench.runner.vitals.troubles == {}


def buggy(records: int) -> Workbench:
    """Return a bench at which every acknowledgement meets a bug, with so many of them on their topic."""
    bench = Workbench(Counter(breaks="decide"))
    bench.restart(bug_share=BugShare(window_records=10, share_max=0.5))
    for _ in range(records):
        bench.say(topics.UPDATES, event(AcknowledgeTicket(ticket_id=TICKET)))
    return bench


@pytest.mark.expects_errors
async def test_one_bug_more_than_the_share_stops_before_anything_is_published() -> None:
    bench = buggy(6)

    with pytest.raises(TooManyBugs, match="6 of the last 10 records met a bug of ours, the last: ZeroDivisionError"):
        await bench.work()

    assert bench.broker.topic(LETTERS) == []
    assert len(bench.broker.unread("routing", (topics.UPDATES,)).records) == 6


@pytest.mark.expects_errors
async def test_bugs_are_counted_across_batches() -> None:
    bench = buggy(5)
    await bench.work()
    bench.say(topics.UPDATES, event(AcknowledgeTicket(ticket_id=TICKET)))

    with pytest.raises(TooManyBugs):
        await bench.work()

    assert len(bench.broker.topic(LETTERS)) == 5


@pytest.mark.expects_errors
async def test_a_bug_at_nine_records_in_ten_stops_the_consumer_too() -> None:
    bench = buggy(0)
    for _ in range(3):
        bench.say(topics.UPDATES, SECOND)
        for _ in range(9):
            bench.say(topics.UPDATES, event(AcknowledgeTicket(ticket_id=TICKET)))

    with pytest.raises(TooManyBugs):
        await bench.work()


@pytest.mark.expects_errors
async def test_bugs_that_lie_further_back_than_the_window_do_not_count() -> None:
    bench = buggy(5)
    for number in range(5):
        bench.say(topics.UPDATES, event(ResumeTicket(ticket_id=TICKET), id=f"{number}" * 8 + OTHER[8:]))
    for _ in range(5):
        bench.say(topics.UPDATES, event(AcknowledgeTicket(ticket_id=TICKET)))

    await bench.work()

    assert len(bench.broker.topic(LETTERS)) == 10


async def test_malformed_records_of_outsiders_never_stop_the_consumer() -> None:
    bench = buggy(0)
    for _ in range(1200):
        bench.write(topics.UPDATES, b"no JSON")
    bench.say(topics.ACCEPTED, FIRST)

    await bench.work()

    assert len(bench.broker.topic(LETTERS)) == 1200
    assert heard(bench) == [1]


@pytest.mark.expects_errors
async def test_an_answer_applied_elsewhere_after_a_bug_here_is_not_published() -> None:
    bench = Workbench(Counter(breaks="decide"))
    bench.say(topics.UPDATES, event(AcknowledgeTicket(ticket_id=TICKET)))
    here = bench.runner
    here.observe = dies_after(Step.PUBLISHED)
    with pytest.raises(Crashed):
        await bench.work()
    bench.handler.breaks = None
    bench.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await bench.work()

    bench.runner, here.observe = here, unobserved
    await bench.work()

    assert heard(bench) == [1]
