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
from tests.fakes.bench import NOON, Crashed, Workbench, dies_after
from tests.fakes.counter import Count, Counter
from tests.unit.delivery.withholding import FIRST, relayed, versions, withheld

pytestmark = pytest.mark.unit


def waiting(*ids: str, topic: str, since: timedelta = timedelta()) -> dict[str, Document[Count]]:
    """Return documents with one event pending each."""
    return {
        id: Document(id, 1, Count(1), pending=(Outgoing(id, topic, id, b"{}"),), pending_at=NOON - RELAY_AFTER + since)
        for id in ids
    }


async def test_many_held_documents_keep_none_of_the_others_waiting() -> None:
    bench = withheld("gone")
    bench.relay.documents_max = 10
    held = [f"held {number}" for number in range(30)]
    bench.store.documents = waiting(*held, topic="gone") | waiting(
        "free", topic=topics.SLA, since=timedelta(milliseconds=1)
    )
    bench.clock.at += timedelta(milliseconds=1)

    found = [await bench.relay.relay() for _ in range(5)]

    assert found == [10, 10, 10, 1, 0]
    assert len(bench.broker.topic(topics.SLA)) == 1
    assert {bench.store.documents[id].revision for id in held} == {1}


async def test_a_document_keeps_only_what_is_still_held_back() -> None:
    bench = withheld("gone")
    both = Outgoing("1", topics.SLA, "t", b"{}"), Outgoing("2", "gone", "t", b"{}")
    bench.store.documents = {"t": Document("t", 1, Count(1), pending=both, pending_at=NOON)}

    await relayed(bench)

    assert len(bench.broker.topic(topics.SLA)) == 1
    assert bench.store.documents["t"] == Document("t", 2, Count(1), pending=both[1:], pending_at=NOON + RELAY_AFTER)


async def test_events_published_beside_a_held_back_one_are_not_repeated() -> None:
    bench = withheld(topics.SLA, counts_again_at=NOON)
    bench.say(topics.ACCEPTED, FIRST)
    await bench.work()
    await bench.sweep()
    bench.restart()  # knows nothing of what is published

    for _ in range(3):
        await relayed(bench)

    assert versions(bench) == [1, 1]


async def test_of_two_relays_one_marks_the_document_published() -> None:
    bench = Workbench(Counter())
    bench.store.documents = waiting("t", topic=topics.SLA)
    (document,) = bench.store.documents.values()
    other: Relay[Count] = Relay(bench.store, bench.broker, bench.clock)

    await bench.relay.relay()
    stale = await other.publish([document])

    assert stale == [document]
    assert bench.store.documents == {"t": Document("t", 2, Count(1))}


async def test_the_sweep_publishes_first_what_a_dead_process_left_unpublished() -> None:
    said: list[str] = []

    class Noting:
        def __init__(self, bench: Workbench) -> None:
            self.broker = bench.broker

        async def publish(self, events: Any) -> HeldBack:
            said.extend(event.topic for event in events)
            return await self.broker.publish(events)

    bench = Workbench(Counter(counts_again_at=NOON))
    bench.say(topics.ACCEPTED, FIRST)
    bench.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await bench.work()
    bench.restart()
    bench.loop.outbox.publisher = Noting(bench)

    await bench.sweep()

    assert said == [topics.TICKETS, topics.SLA]


async def test_the_sweep_does_not_repeat_what_its_process_has_published() -> None:
    bench = Workbench(Counter(counts_again_at=NOON))
    bench.say(topics.ACCEPTED, FIRST)
    await bench.work()

    await bench.sweep()

    assert (len(bench.broker.topic(topics.TICKETS)), len(bench.broker.topic(topics.SLA))) == (1, 1)


async def test_the_sweep_does_not_repeat_what_its_group_has_committed() -> None:
    bench = Workbench(Counter(counts_again_at=NOON))
    bench.say(topics.ACCEPTED, FIRST)
    await bench.work()
    committed = {(topic, partition): offset for (_, topic, partition), offset in bench.broker.committed.items()}

    bench.restart()
    bench.runner.published.learn(committed)
    await bench.sweep()

    assert (len(bench.broker.topic(topics.TICKETS)), len(bench.broker.topic(topics.SLA))) == (1, 1)
