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
from shared.ids import record_id
from tests.builders import TICKET, event, ticket_id
from tests.fakes.counter import Count, Counter
from tests.fakes.handler_harness import NOON, Crashed, HandlerHarness, dies_after
from tests.fakes.memory import MemoryStore
from tests.unit.delivery.withholding import FIRST, relayed, versions, withheld

pytestmark = pytest.mark.unit

SECOND = event(ResumeTicket(ticket_id=TICKET))
OTHER = ticket_id("web", "2")
LETTERS = topics.dead_letter_topic("routing")


def pending(harness: HandlerHarness, document: str = TICKET) -> list[str]:
    return [event.topic for event in harness.store.documents[document].pending]


def unread(harness: HandlerHarness) -> int:
    return len(harness.broker.unread("routing", harness.handler.topics).records)


@pytest.mark.parametrize("why", [Obstacle.MISSING, Obstacle.FORBIDDEN])
async def test_an_event_refused_by_its_topic_is_kept_pending_and_the_batch_is_committed(why: Obstacle) -> None:
    harness = withheld(why=why)
    harness.publish(topics.ACCEPTED, FIRST)

    await harness.work()

    assert (pending(harness), harness.store.documents[TICKET].pending_at, unread(harness)) == (
        [topics.TICKETS],
        NOON,
        0,
    )


async def test_other_topics_flow_while_one_is_missing() -> None:
    harness = withheld()
    harness.publish(topics.ACCEPTED, FIRST)
    harness.publish(topics.UPDATES, event(WithdrawTicket(ticket_id=OTHER)))

    await harness.work()

    assert (versions(harness), versions(harness, topics.TRIAGE)) == ([], [0])


async def test_held_back_events_go_out_once_and_in_order_when_the_topic_appears() -> None:
    harness = withheld()
    for told in (FIRST, SECOND, event(AcknowledgeTicket(ticket_id=TICKET))):
        harness.publish(topics.ACCEPTED if told is FIRST else topics.UPDATES, told)
        await harness.work()
    before = await relayed(harness), versions(harness)

    harness.broker.refused.clear()
    await relayed(harness)
    await relayed(harness)

    assert (before, versions(harness)) == ((1, []), [1, 2, 3])
    assert harness.store.documents[TICKET].pending == ()


async def test_later_events_of_a_ticket_follow_its_held_back_ones() -> None:
    harness = withheld()
    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()
    harness.broker.refused.clear()

    harness.publish(topics.UPDATES, SECOND)
    await harness.work()
    await relayed(harness)

    assert list(dict.fromkeys(versions(harness))) == [1, 2]
    assert harness.store.documents[TICKET].pending == ()


@pytest.mark.parametrize("died_before_it", [False, True])
async def test_a_crash_between_publishing_and_keeping_pending_loses_and_doubles_nothing(died_before_it: bool) -> None:
    harness = withheld()
    harness.publish(topics.ACCEPTED, FIRST)
    harness.restart(dies_after(Step.PUBLISHED if died_before_it else Step.COMMITTED))
    with pytest.raises(Crashed):
        await harness.work()

    harness.restart()
    await harness.work()
    unpublished = pending(harness)
    harness.broker.refused.clear()
    await relayed(harness)

    assert (unpublished, versions(harness)) == ([topics.TICKETS], [1])


async def test_what_is_pending_goes_out_behind_an_answer_that_another_process_has_not_published() -> None:
    """A chain of facts is one for both: who finds the second without the first takes it for tampered with."""
    harness = HandlerHarness(Counter(counts_again_at=NOON))
    harness.publish(topics.ACCEPTED, FIRST)
    harness.publish(topics.UPDATES, event(WithdrawTicket(ticket_id=TICKET)))
    harness.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await harness.runner.handle(harness.broker.unread("routing", [topics.ACCEPTED]))
    with pytest.raises(Crashed):
        await harness.sweep()

    harness.restart()
    await harness.runner.handle(harness.broker.unread("routing", [topics.UPDATES]))

    assert (versions(harness), versions(harness, topics.SLA)) == ([1], [1])


async def test_two_replicas_that_handle_one_record_keep_its_answer_pending_once() -> None:
    harness = withheld()
    harness.publish(topics.ACCEPTED, FIRST)
    batch = harness.broker.unread("routing", harness.handler.topics)
    other = BatchRunner(harness.handler, harness.store, harness.broker, harness.clock)

    await harness.runner.handle(batch)
    await other.handle(batch)

    assert pending(harness) == [topics.TICKETS]


async def test_a_lost_save_of_pending_events_is_tried_again() -> None:
    class Overtaken(MemoryStore[Count]):
        """Somebody changes the ticket just before it is to keep something."""

        async def save(self, documents: Any) -> set[str]:
            if any(document.pending for document in documents) and self.documents[TICKET].revision == 1:
                await super().save([self.documents[TICKET]])
            return await super().save(documents)

    harness = HandlerHarness(Counter(), Overtaken())
    harness.broker.refused[topics.TICKETS] = Obstacle.MISSING
    harness.publish(topics.ACCEPTED, FIRST)

    await harness.work()

    assert (pending(harness), harness.store.documents[TICKET].revision) == ([topics.TICKETS], 3)


async def test_unpublished_events_of_a_dead_process_become_pending_if_held_back() -> None:
    harness = withheld()
    harness.publish(topics.ACCEPTED, FIRST)
    harness.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await harness.work()

    harness.restart()
    await harness.work()

    assert (pending(harness), unread(harness)) == ([topics.TICKETS], 0)


async def test_an_answer_of_no_ticket_waits_in_an_outbox_document_that_goes_once_published() -> None:
    harness = withheld(topics.TRIAGE, refuses=True)
    harness.write(topics.UPDATES, b"no event")
    (record,) = harness.broker.topic(topics.UPDATES)
    own = record_id(record.topic, record.partition, record.offset)
    await harness.work()
    unpublished = pending(harness, own)

    harness.broker.refused.clear()
    await relayed(harness)

    assert (unpublished, versions(harness, topics.TRIAGE)) == ([topics.TRIAGE], [0])
    assert harness.store.documents == {own: Document(own, 2, expires_at=NOON + RELAY_AFTER)}


async def test_an_untracked_answer_is_kept_pending_in_the_ticket_if_there_is_one() -> None:
    harness = withheld(topics.TRIAGE)
    harness.publish(topics.ACCEPTED, FIRST)
    harness.publish(topics.UPDATES, event(WithdrawTicket(ticket_id=TICKET)))
    harness.publish(topics.UPDATES, event(WithdrawTicket(ticket_id=OTHER)))

    await harness.work()

    waiting = {id: pending(harness, id) for id in harness.store.documents}
    assert waiting.pop(TICKET) == [topics.TRIAGE]
    assert list(waiting.values()) == [[topics.TRIAGE]]
    assert OTHER not in waiting


async def test_a_replayed_answer_is_kept_pending_too() -> None:
    harness = HandlerHarness(Counter(keeps_answers=True))
    harness.publish(topics.UPDATES, SECOND)
    await harness.work()
    harness.broker.refused[topics.TICKETS] = Obstacle.MISSING

    harness.publish(topics.UPDATES, event(ProgressTicket(ticket_id=TICKET, note=SECOND.id)))
    await harness.work()

    assert pending(harness) == [topics.TICKETS]


async def test_without_its_dead_letter_topic_a_service_commits_nothing() -> None:
    harness = withheld(LETTERS)
    harness.write(topics.UPDATES, b"no event")
    batch = harness.broker.unread("routing", harness.handler.topics)

    with pytest.raises(TransientError, match=f"{LETTERS} is missing or forbidden"):
        await harness.runner.attempt(batch)

    assert (unread(harness), harness.store.documents) == (1, {})


async def test_a_dead_letter_that_is_too_large_is_kept_pending_with_its_headers() -> None:
    harness = HandlerHarness(Counter())
    harness.broker.value_bytes_max[LETTERS] = 7
    harness.write(topics.UPDATES, b"no event", headers={"x": b"1"})

    await harness.work()

    (document,) = harness.store.documents.values()
    assert (document.state, unread(harness)) == (None, 0)
    assert dict(document.pending[0].headers).keys() >= {"x", "dlq-reason"}


async def test_an_event_that_is_too_large_keeps_none_of_its_ticket_back() -> None:
    harness = HandlerHarness(Counter())
    harness.broker.value_bytes_max[topics.TICKETS] = 10
    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()
    harness.broker.value_bytes_max[topics.TICKETS] = 100_000

    harness.publish(topics.UPDATES, SECOND)
    await harness.work()

    assert set(versions(harness)) == {1, 2}
