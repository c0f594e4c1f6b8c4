from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from shared import topics
from shared.delivery.ports import TransientError
from shared.delivery.vitals import Step
from shared.events import Applied, Arrival, Decision, Event, Fact, ResumeTicket
from tests.builders import TICKET, accepted, event
from tests.fakes.counter import Count, Counter, progressed
from tests.fakes.handler_harness import Crashed, HandlerHarness, dies_after

pytestmark = pytest.mark.unit

FIRST = event(accepted())
SECOND = event(ResumeTicket(ticket_id=TICKET))


@dataclass
class Seer(Counter):
    """Counts by what it looked up: a hundred for every event that waits; the first look-ups fail as they are told."""

    seen: int = 0
    fails: list[Exception] = field(default_factory=list)
    looks: list[list[tuple[Count | None, Event]]] = field(default_factory=list)

    async def prefetch(self, waiting: Sequence[tuple[Count | None, Event]]) -> "Seer":
        self.looks.append(list(waiting))
        if self.fails:
            raise self.fails.pop(0)
        return replace(self, seen=100 * len(waiting))

    def decide(self, state: Count | None, event: Event, arrival: Arrival) -> Decision[Count]:
        count = Count((state.heard if state else 0) + 1 + self.seen)
        return Applied(count, (Fact(progressed(TICKET, count.heard, event.time), topics.TICKETS, TICKET),))


def harness(*fails: Exception) -> HandlerHarness:
    return HandlerHarness(Seer(fails=list(fails)))


async def test_rules_decide_a_batch_with_what_was_looked_up_for_it() -> None:
    desk = harness()
    desk.publish(topics.ACCEPTED, FIRST)
    desk.publish(topics.UPDATES, SECOND)

    await desk.work()

    assert desk.handler.looks == [[(None, FIRST), (None, SECOND)]]
    assert [fact.version for fact in desk.data(topics.TICKETS)] == [201, 402]


async def test_the_next_batch_knows_nothing_of_the_last_one() -> None:
    desk = harness()
    desk.publish(topics.ACCEPTED, FIRST)
    await desk.work()

    desk.publish(topics.UPDATES, SECOND)
    await desk.work()

    assert desk.handler.looks[1:] == [[(Count(101), SECOND)]]
    assert desk.store.documents[TICKET].state == Count(202)


async def test_events_applied_before_are_not_prefetched() -> None:
    desk = harness()
    desk.publish(topics.ACCEPTED, FIRST)
    desk.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await desk.work()

    desk.restart()
    await desk.work()

    assert desk.handler.looks == [[(None, FIRST)]]
    assert [fact.version for fact in desk.data(topics.TICKETS)] == [101]


async def test_an_outage_while_looking_up_is_tried_again() -> None:
    desk = harness(TransientError("no primary"))
    desk.publish(topics.ACCEPTED, FIRST)

    await desk.work()

    assert len(desk.handler.looks) == 2
    assert desk.store.documents[TICKET].state == Count(101)


@pytest.mark.expects_errors
async def test_a_bug_while_looking_up_costs_the_knowledge_and_no_record() -> None:
    desk = harness(ZeroDivisionError())
    desk.publish(topics.ACCEPTED, FIRST)

    await desk.work()

    assert desk.store.documents[TICKET].state == Count(1)
    assert desk.broker.topic(topics.dead_letter_topic("routing")) == []


async def test_a_lost_save_looks_up_again() -> None:
    desk = harness()
    desk.publish(topics.ACCEPTED, FIRST)
    await desk.work()
    desk.publish(topics.UPDATES, SECOND)
    faster = desk.store.documents[TICKET]
    load = desk.store.load
    loads = iter((0, 1))

    async def overtaken(ids: Sequence[str]) -> dict[str, object]:
        found = await load(ids)
        if next(loads) == 0:
            moved = replace(faster, state=Count(500), due_at=desk.clock.at + timedelta(days=1))
            await desk.store.save([moved])
        return found  # type: ignore[return-value]  # the fake's own type, seen through a patch

    desk.store.load = overtaken  # type: ignore[method-assign,assignment]

    await desk.work()

    assert [state for ((state, _),) in desk.handler.looks] == [None, Count(101), Count(500)]
    assert desk.store.documents[TICKET].state == Count(601)
