"""What a runner decides on documents that it remembers holds only if they are the latest."""

from collections.abc import Collection

import pytest

from shared import topics
from shared.delivery.documents.cache import CachedStore
from shared.delivery.documents.document import Document
from shared.events import ResumeTicket, UnmergeTicket
from shared.values import replace
from tests.builders import TICKET, accepted, event
from tests.fakes.counter import Count, Counter
from tests.fakes.handler_harness import HandlerHarness
from tests.fakes.memory import MemoryStore

pytestmark = pytest.mark.unit

FIRST = event(accepted())


class Asked(MemoryStore[Count]):
    """A collection that notes what it is asked for."""

    ids: tuple[str, ...] = ()

    async def load(self, ids: Collection[str]) -> dict[str, Document[Count]]:
        self.ids = (*self.ids, *ids)
        return await super().load(ids)

    async def change(self, state: Count) -> None:
        """Change the ticket as another process would."""
        await self.save([replace(self.documents[TICKET], state=state)])


async def remembering() -> tuple[HandlerHarness, Asked]:
    """Return a service that remembers the ticket, and its collection."""
    store = Asked()
    harness = HandlerHarness(Counter(), store)
    harness.runner.store = CachedStore(store, harness.clock)
    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()
    assert store.ids == (TICKET,)
    return harness, store


async def test_the_next_event_of_a_ticket_loads_nothing() -> None:
    harness, store = await remembering()

    harness.publish(topics.UPDATES, event(ResumeTicket(ticket_id=TICKET)))
    await harness.work()

    assert store.ids == (TICKET,)
    assert store.documents[TICKET].state == Count(2)


async def test_an_event_is_decided_again_if_others_have_changed_its_ticket() -> None:
    harness, store = await remembering()
    await store.change(Count(5))

    harness.publish(topics.UPDATES, event(ResumeTicket(ticket_id=TICKET)))
    await harness.work()

    assert store.documents[TICKET].state == Count(6)
    assert [fact.version for fact in harness.data(topics.TICKETS)] == [1, 6]


async def test_what_leaves_no_trace_is_decided_on_what_the_database_has() -> None:
    harness, store = await remembering()
    decided_on = []
    decide = harness.handler.decide

    def noting(state: Count | None, *rest: object) -> object:
        decided_on.append(state)
        return decide(state, *rest)

    harness.handler.decide = noting
    await store.change(Count(5))

    harness.publish(topics.UPDATES, event(UnmergeTicket(ticket_id=TICKET)))
    await harness.work()

    assert decided_on == [Count(1), Count(5)]
    assert store.documents[TICKET].state == Count(5)


async def test_that_an_event_was_applied_before_is_looked_up() -> None:
    harness, store = await remembering()

    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()

    assert store.ids == (TICKET, TICKET)


async def test_nothing_that_a_lost_document_held_is_said() -> None:
    """It may have been said long ago, and its ticket may have gone on since."""
    harness, store = await remembering()
    harness.runner.published.clear()
    said = len(harness.broker.topic(topics.TICKETS))
    stored = store.documents[TICKET]
    await store.save([replace(stored, applied=dict.fromkeys(stored.applied), state=Count(5))])

    harness.publish(topics.UPDATES, event(ResumeTicket(ticket_id=TICKET)))
    await harness.work()

    assert [fact.version for fact in harness.data(topics.TICKETS)[said:]] == [6]
