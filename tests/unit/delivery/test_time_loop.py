from datetime import timedelta

import pytest

from shared import topics
from shared.delivery.documents.document import Document
from shared.delivery.relay import RELAY_AFTER
from shared.delivery.time_loop import POSTPONED_FOR
from shared.delivery.vitals import Step
from shared.events import ResumeTicket
from shared.ids import ticket_id
from tests.builders import TICKET, event
from tests.fakes.bench import NOON, Crashed, Workbench, dies_after
from tests.fakes.counter import Count, Counter
from tests.fakes.memory import MemoryStore

pytestmark = pytest.mark.unit

SECOND = timedelta(seconds=1)
OTHER = ticket_id("web", "2")


def waiting(due_in: timedelta = timedelta(), store: MemoryStore[Count] | None = None) -> Workbench:
    """Return a service with one ticket that is due so long after noon."""
    bench = Workbench(Counter(), store)
    due_at = NOON + due_in
    bench.store.documents[TICKET] = Document(TICKET, 1, Count(1, due_at), due_at=due_at)
    return bench


def moved(bench: Workbench) -> list[int]:
    return [fact.version for fact in bench.data(topics.SLA)]


@pytest.mark.parametrize(("due_in", "expected"), [(-SECOND, [1]), (timedelta(), [1]), (SECOND, [])])
async def test_a_document_ticks_from_the_instant_it_is_due(due_in: timedelta, expected: list[int]) -> None:
    bench = waiting(due_in)

    await bench.sweep()

    assert moved(bench) == expected


async def test_a_ticked_document_is_saved_published_and_marked() -> None:
    bench = waiting()

    await bench.sweep()

    assert bench.store.documents[TICKET] == Document(TICKET, 3, Count(1))


async def test_a_document_no_longer_due_when_loaded_does_not_change() -> None:
    class LateStore(MemoryStore[Count]):
        async def due_before(self, at: object, limit: int, share: object = None) -> list[Document[Count]]:
            return [self.documents[TICKET]]

    bench = waiting(SECOND, LateStore())

    found = await bench.loop.sweep()

    assert (found, moved(bench), bench.store.documents[TICKET].revision) == (1, [], 1)


async def test_of_two_replicas_that_sweep_one_wins() -> None:
    bench = waiting()
    (loaded,) = (await bench.store.load([TICKET])).values()
    rival = bench.loop.ticked(loaded, NOON)
    await bench.sweep()

    won = await bench.loop.save_and_publish(rival)

    assert (won, moved(bench)) == ([], [1])


async def test_the_relay_publishes_what_a_dead_process_saved() -> None:
    bench = waiting()
    bench.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await bench.sweep()
    bench.restart()
    bench.clock.at += RELAY_AFTER - SECOND
    too_early = await bench.relay.relay()

    bench.clock.at += SECOND
    found = await bench.relay.relay()

    assert (too_early, found, moved(bench)) == (0, 1, [1])
    assert bench.store.documents[TICKET].pending == ()


async def test_a_crash_before_the_mark_repeats_the_same_bytes() -> None:
    bench = waiting()
    bench.restart(dies_after(Step.PUBLISHED))
    with pytest.raises(Crashed):
        await bench.sweep()
    bench.restart()
    bench.clock.at += RELAY_AFTER

    await bench.relay.relay()

    first, again = bench.broker.topic(topics.SLA)
    assert first.value == again.value


async def test_a_document_changed_before_its_mark_remains_pending() -> None:
    bench = waiting()
    (loaded,) = (await bench.store.load([TICKET])).values()
    (after,) = bench.loop.ticked(loaded, NOON)
    await bench.store.save([after])
    bench.say(topics.UPDATES, event(ResumeTicket(ticket_id=TICKET)))
    await bench.work()

    told = await bench.loop.outbox.publish([after.saved()])

    assert told == [after.saved()]
    assert bench.store.documents[TICKET].pending == after.pending


@pytest.mark.expects_errors
@pytest.mark.parametrize("method", ["tick", "due_at"])
async def test_a_bug_postpones_one_ticket_and_the_others_move(method: str) -> None:
    bench = waiting()
    bench.handler.breaks = method

    await bench.sweep()

    document = bench.store.documents[TICKET]
    assert (document.state, document.due_at) == (Count(1, NOON), NOON + POSTPONED_FOR)


async def test_one_sweep_takes_no_more_than_its_limit() -> None:
    bench = waiting()
    bench.loop.documents_max = 1
    bench.store.documents[OTHER] = Document(OTHER, 1, Count(2, NOON), due_at=NOON)

    assert [await bench.loop.sweep() for _ in range(3)] == [1, 1, 0]
