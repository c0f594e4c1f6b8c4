from datetime import timedelta

import pytest

from shared import topics
from shared.delivery.documents.document import Document
from shared.delivery.relay import RELAY_AFTER
from shared.delivery.time_loop import POSTPONED_FOR
from shared.delivery.vitals import Step
from shared.events import ResumeTicket
from tests.builders import TICKET, event, ticket_id
from tests.fakes.counter import Count, Counter
from tests.fakes.handler_harness import NOON, Crashed, HandlerHarness, dies_after
from tests.fakes.memory import MemoryStore

pytestmark = pytest.mark.unit

SECOND = timedelta(seconds=1)
OTHER = ticket_id("web", "2")


def waiting(due_in: timedelta = timedelta(), store: MemoryStore[Count] | None = None) -> HandlerHarness:
    """Return a service with one ticket that is due so long after noon."""
    harness = HandlerHarness(Counter(), store)
    due_at = NOON + due_in
    harness.store.documents[TICKET] = Document(TICKET, 1, Count(1, due_at), due_at=due_at)
    return harness


def moved(harness: HandlerHarness) -> list[int]:
    return [fact.version for fact in harness.data(topics.SLA)]


@pytest.mark.parametrize(("due_in", "expected"), [(-SECOND, [1]), (timedelta(), [1]), (SECOND, [])])
async def test_a_document_ticks_from_the_instant_it_is_due(due_in: timedelta, expected: list[int]) -> None:
    harness = waiting(due_in)

    await harness.sweep()

    assert moved(harness) == expected


async def test_a_ticked_document_is_saved_published_and_marked() -> None:
    harness = waiting()

    await harness.sweep()

    assert harness.store.documents[TICKET] == Document(TICKET, 3, Count(1))


async def test_a_document_no_longer_due_when_loaded_does_not_change() -> None:
    class LateStore(MemoryStore[Count]):
        async def due_before(self, at: object, limit: int, share: object = None) -> list[Document[Count]]:
            return [self.documents[TICKET]]

    harness = waiting(SECOND, LateStore())

    found = await harness.loop.sweep()

    assert (found, moved(harness), harness.store.documents[TICKET].revision) == (1, [], 1)


async def test_of_two_replicas_that_sweep_one_wins() -> None:
    harness = waiting()
    (loaded,) = (await harness.store.load([TICKET])).values()
    rival = harness.loop.ticked(loaded, NOON)
    await harness.sweep()

    won = await harness.loop.save_and_publish(rival)

    assert (won, moved(harness)) == ([], [1])


async def test_the_relay_publishes_what_a_dead_process_saved() -> None:
    harness = waiting()
    harness.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await harness.sweep()
    harness.restart()
    harness.clock.at += RELAY_AFTER - SECOND
    too_early = await harness.relay.relay()

    harness.clock.at += SECOND
    found = await harness.relay.relay()

    assert (too_early, found, moved(harness)) == (0, 1, [1])
    assert harness.store.documents[TICKET].pending == ()


async def test_a_crash_before_the_mark_repeats_the_same_bytes() -> None:
    harness = waiting()
    harness.restart(dies_after(Step.PUBLISHED))
    with pytest.raises(Crashed):
        await harness.sweep()
    harness.restart()
    harness.clock.at += RELAY_AFTER

    await harness.relay.relay()

    first, again = harness.broker.topic(topics.SLA)
    assert first.value == again.value


async def test_a_document_changed_before_its_mark_remains_pending() -> None:
    harness = waiting()
    (loaded,) = (await harness.store.load([TICKET])).values()
    (after,) = harness.loop.ticked(loaded, NOON)
    await harness.store.save([after])
    harness.publish(topics.UPDATES, event(ResumeTicket(ticket_id=TICKET)))
    await harness.work()

    told = await harness.loop.outbox.publish([after.saved()])

    assert told == [after.saved()]
    assert harness.store.documents[TICKET].pending == after.pending


@pytest.mark.expects_errors
@pytest.mark.parametrize("method", ["tick", "due_at"])
async def test_a_bug_postpones_one_ticket_and_the_others_move(method: str) -> None:
    harness = waiting()
    harness.handler.breaks = method

    await harness.sweep()

    document = harness.store.documents[TICKET]
    assert (document.state, document.due_at) == (Count(1, NOON), NOON + POSTPONED_FOR)


async def test_one_sweep_takes_no_more_than_its_limit() -> None:
    harness = waiting()
    harness.loop.documents_max = 1
    harness.store.documents[OTHER] = Document(OTHER, 1, Count(2, NOON), due_at=NOON)

    assert [await harness.loop.sweep() for _ in range(3)] == [1, 1, 0]
