"""What a topic does not take stays pending in a document, in order, and goes out once the topic takes it."""

from typing import Any

import pytest

from shared import topics
from shared.delivery.documents.document import Document
from shared.delivery.ports import Obstacle, TransientError
from shared.delivery.relay import RELAY_AFTER
from shared.delivery.runner import BatchRunner
from shared.delivery.vitals import Step
from shared.events import AcknowledgeTicket, ProgressTicket, ResumeTicket, WithdrawTicket
from shared.ids import record_id, ticket_id
from tests.builders import TICKET, event
from tests.fakes.bench import NOON, Crashed, Workbench, dies_after
from tests.fakes.counter import Count, Counter
from tests.fakes.memory import MemoryStore
from tests.unit.delivery.withholding import FIRST, relayed, versions, withheld

pytestmark = pytest.mark.unit

SECOND = event(ResumeTicket(ticket_id=TICKET))
OTHER = ticket_id("web", "2")
LETTERS = topics.dead_letter_topic("routing")


def pending(bench: Workbench, document: str = TICKET) -> list[str]:
    return [event.topic for event in bench.store.documents[document].pending]


def unread(bench: Workbench) -> int:
    return len(bench.broker.unread("routing", bench.handler.topics).records)


@pytest.mark.parametrize("why", [Obstacle.MISSING, Obstacle.FORBIDDEN])
async def test_an_event_refused_by_its_topic_is_kept_pending_and_the_batch_is_committed(why: Obstacle) -> None:
    bench = withheld(why=why)
    bench.say(topics.ACCEPTED, FIRST)

    await bench.work()

    assert (pending(bench), bench.store.documents[TICKET].pending_at, unread(bench)) == ([topics.TICKETS], NOON, 0)


async def test_other_topics_flow_while_one_is_missing() -> None:
    bench = withheld()
    bench.say(topics.ACCEPTED, FIRST)
    bench.say(topics.UPDATES, event(WithdrawTicket(ticket_id=OTHER)))

    await bench.work()

    assert (versions(bench), versions(bench, topics.TRIAGE)) == ([], [0])


async def test_held_back_events_go_out_once_and_in_order_when_the_topic_appears() -> None:
    bench = withheld()
    for told in (FIRST, SECOND, event(AcknowledgeTicket(ticket_id=TICKET))):
        bench.say(topics.ACCEPTED if told is FIRST else topics.UPDATES, told)
        await bench.work()
    before = await relayed(bench), versions(bench)

    bench.broker.refused.clear()
    await relayed(bench)
    await relayed(bench)

    assert (before, versions(bench)) == ((1, []), [1, 2, 3])
    assert bench.store.documents[TICKET].pending == ()


async def test_later_events_of_a_ticket_follow_its_held_back_ones() -> None:
    bench = withheld()
    bench.say(topics.ACCEPTED, FIRST)
    await bench.work()
    bench.broker.refused.clear()

    bench.say(topics.UPDATES, SECOND)
    await bench.work()
    await relayed(bench)

    assert list(dict.fromkeys(versions(bench))) == [1, 2]
    assert bench.store.documents[TICKET].pending == ()


@pytest.mark.parametrize("died_before_it", [False, True])
async def test_a_crash_between_publishing_and_keeping_pending_loses_and_doubles_nothing(died_before_it: bool) -> None:
    bench = withheld()
    bench.say(topics.ACCEPTED, FIRST)
    bench.restart(dies_after(Step.PUBLISHED if died_before_it else Step.COMMITTED))
    with pytest.raises(Crashed):
        await bench.work()

    bench.restart()
    await bench.work()
    unpublished = pending(bench)
    bench.broker.refused.clear()
    await relayed(bench)

    assert (unpublished, versions(bench)) == ([topics.TICKETS], [1])


async def test_two_replicas_that_handle_one_record_keep_its_answer_pending_once() -> None:
    bench = withheld()
    bench.say(topics.ACCEPTED, FIRST)
    batch = bench.broker.unread("routing", bench.handler.topics)
    other = BatchRunner(bench.handler, bench.store, bench.broker, bench.clock)

    await bench.runner.handle(batch)
    await other.handle(batch)

    assert pending(bench) == [topics.TICKETS]


async def test_a_lost_save_of_pending_events_is_tried_again() -> None:
    class Overtaken(MemoryStore[Count]):
        """Somebody changes the ticket just before it is to keep something."""

        async def save(self, documents: Any) -> set[str]:
            if any(document.pending for document in documents) and self.documents[TICKET].revision == 1:
                await super().save([self.documents[TICKET]])
            return await super().save(documents)

    bench = Workbench(Counter(), Overtaken())
    bench.broker.refused[topics.TICKETS] = Obstacle.MISSING
    bench.say(topics.ACCEPTED, FIRST)

    await bench.work()

    assert (pending(bench), bench.store.documents[TICKET].revision) == ([topics.TICKETS], 3)


async def test_unpublished_events_of_a_dead_process_become_pending_if_held_back() -> None:
    bench = withheld()
    bench.say(topics.ACCEPTED, FIRST)
    bench.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await bench.work()

    bench.restart()
    await bench.work()

    assert (pending(bench), unread(bench)) == ([topics.TICKETS], 0)


async def test_an_answer_of_no_ticket_waits_in_an_outbox_document_that_goes_once_published() -> None:
    bench = withheld(topics.TRIAGE, refuses=True)
    bench.write(topics.UPDATES, b"no event")
    (record,) = bench.broker.topic(topics.UPDATES)
    own = record_id(record.topic, record.partition, record.offset)
    await bench.work()
    unpublished = pending(bench, own)

    bench.broker.refused.clear()
    await relayed(bench)

    assert (unpublished, versions(bench, topics.TRIAGE)) == ([topics.TRIAGE], [0])
    assert bench.store.documents == {own: Document(own, 2, expires_at=NOON + RELAY_AFTER)}


async def test_an_untracked_answer_is_kept_pending_in_the_ticket_if_there_is_one() -> None:
    bench = withheld(topics.TRIAGE)
    bench.say(topics.ACCEPTED, FIRST)
    bench.say(topics.UPDATES, event(WithdrawTicket(ticket_id=TICKET)))
    bench.say(topics.UPDATES, event(WithdrawTicket(ticket_id=OTHER)))

    await bench.work()

    waiting = {id: pending(bench, id) for id in bench.store.documents}
    assert waiting.pop(TICKET) == [topics.TRIAGE]
    assert list(waiting.values()) == [[topics.TRIAGE]]
    assert OTHER not in waiting


async def test_a_replayed_answer_is_kept_pending_too() -> None:
    bench = Workbench(Counter(keeps_answers=True))
    bench.say(topics.UPDATES, SECOND)
    await bench.work()
    bench.broker.refused[topics.TICKETS] = Obstacle.MISSING

    bench.say(topics.UPDATES, event(ProgressTicket(ticket_id=TICKET, note=SECOND.id)))
    await bench.work()

    assert pending(bench) == [topics.TICKETS]


async def test_without_its_dead_letter_topic_a_service_commits_nothing() -> None:
    bench = withheld(LETTERS)
    bench.write(topics.UPDATES, b"no event")
    batch = bench.broker.unread("routing", bench.handler.topics)

    with pytest.raises(TransientError, match=f"{LETTERS} is missing or forbidden"):
        await bench.runner.attempt(batch)

    assert (unread(bench), bench.store.documents) == (1, {})


async def test_a_dead_letter_that_is_too_large_is_kept_pending_with_its_headers() -> None:
    bench = Workbench(Counter())
    bench.broker.value_bytes_max[LETTERS] = 7
    bench.write(topics.UPDATES, b"no event", headers={"x": b"1"})

    await bench.work()

    (document,) = bench.store.documents.values()
    assert (document.state, unread(bench)) == (None, 0)
    assert dict(document.pending[0].headers).keys() >= {"x", "dlq-reason"}


async def test_an_event_that_is_too_large_keeps_none_of_its_ticket_back() -> None:
    bench = Workbench(Counter())
    bench.broker.value_bytes_max[topics.TICKETS] = 10
    bench.say(topics.ACCEPTED, FIRST)
    await bench.work()
    bench.broker.value_bytes_max[topics.TICKETS] = 100_000

    bench.say(topics.UPDATES, SECOND)
    await bench.work()

    assert set(versions(bench)) == {1, 2}
