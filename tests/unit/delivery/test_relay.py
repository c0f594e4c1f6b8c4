"""What documents hold unpublished goes out in order, and what a topic holds back keeps nothing else waiting."""

from datetime import timedelta
from typing import Any

import pytest

from shared import topics
from shared.delivery.documents.document import Document
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import HeldBack
from shared.delivery.relay import RELAY_AFTER, Relay
from shared.delivery.vitals import Step
from tests.fakes.counter import Count, Counter
from tests.fakes.handler_harness import NOON, Crashed, HandlerHarness, dies_after
from tests.unit.delivery.withholding import FIRST, relayed, versions, withheld

pytestmark = pytest.mark.unit


def waiting(*ids: str, topic: str, since: timedelta = timedelta()) -> dict[str, Document[Count]]:
    """Return documents with one event pending each."""
    return {
        id: Document(id, 1, Count(1), pending=(Outgoing(id, topic, id, b"{}"),), pending_at=NOON - RELAY_AFTER + since)
        for id in ids
    }


async def test_many_held_documents_keep_none_of_the_others_waiting() -> None:
    harness = withheld("gone")
    harness.relay.documents_max = 10
    held = [f"held {number}" for number in range(30)]
    harness.store.documents = waiting(*held, topic="gone") | waiting(
        "free", topic=topics.SLA, since=timedelta(milliseconds=1)
    )
    harness.clock.at += timedelta(milliseconds=1)

    found = [await harness.relay.relay() for _ in range(5)]

    assert found == [10, 10, 10, 1, 0]
    assert len(harness.broker.topic(topics.SLA)) == 1
    assert {harness.store.documents[id].revision for id in held} == {1}


async def test_a_document_keeps_only_what_is_still_held_back() -> None:
    harness = withheld("gone")
    both = Outgoing("1", topics.SLA, "t", b"{}"), Outgoing("2", "gone", "t", b"{}")
    harness.store.documents = {"t": Document("t", 1, Count(1), pending=both, pending_at=NOON)}

    await relayed(harness)

    assert len(harness.broker.topic(topics.SLA)) == 1
    assert harness.store.documents["t"] == Document("t", 2, Count(1), pending=both[1:], pending_at=NOON + RELAY_AFTER)


async def test_events_published_beside_a_held_back_one_are_not_repeated() -> None:
    harness = withheld(topics.SLA, counts_again_at=NOON)
    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()
    await harness.sweep()
    harness.restart()  # knows nothing of what is published

    for _ in range(3):
        await relayed(harness)

    assert versions(harness) == [1, 1]


async def test_of_two_relays_one_marks_the_document_published() -> None:
    harness = HandlerHarness(Counter())
    harness.store.documents = waiting("t", topic=topics.SLA)
    (document,) = harness.store.documents.values()
    other: Relay[Count] = Relay(harness.store, harness.broker, harness.clock)

    await harness.relay.relay()
    stale = await other.publish([document])

    assert stale == [document]
    assert harness.store.documents == {"t": Document("t", 2, Count(1))}


async def test_the_sweep_publishes_first_what_a_dead_process_left_unpublished() -> None:
    said: list[str] = []

    class Noting:
        def __init__(self, harness: HandlerHarness) -> None:
            self.broker = harness.broker

        async def publish(self, events: Any) -> HeldBack:
            said.extend(event.topic for event in events)
            return await self.broker.publish(events)

    harness = HandlerHarness(Counter(counts_again_at=NOON))
    harness.publish(topics.ACCEPTED, FIRST)
    harness.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await harness.work()
    harness.restart()
    harness.loop.outbox.publisher = Noting(harness)

    await harness.sweep()

    assert said == [topics.TICKETS, topics.SLA]


async def test_the_sweep_does_not_repeat_what_its_process_has_published() -> None:
    harness = HandlerHarness(Counter(counts_again_at=NOON))
    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()

    await harness.sweep()

    assert (len(harness.broker.topic(topics.TICKETS)), len(harness.broker.topic(topics.SLA))) == (1, 1)


async def test_the_sweep_does_not_repeat_what_its_group_has_committed() -> None:
    harness = HandlerHarness(Counter(counts_again_at=NOON))
    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()
    committed = {(topic, partition): offset for (_, topic, partition), offset in harness.broker.committed.items()}

    harness.restart()
    harness.runner.published.learn(committed)
    await harness.sweep()

    assert (len(harness.broker.topic(topics.TICKETS)), len(harness.broker.topic(topics.SLA))) == (1, 1)
