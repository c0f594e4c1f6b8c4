"""What a document in quarantine has not published goes out once it is taken back, in order and under the same ids."""

import pytest

from shared import topics
from shared.delivery.documents.codec import DocumentCodec
from shared.delivery.documents.document import Quarantined, QuarantineReason
from shared.delivery.ports import Obstacle
from shared.delivery.vitals import Step
from tests.builders import TICKET, accepted, event
from tests.fakes.bench import Crashed, dies_after
from tests.fakes.stored import StoredMemoryStore
from tests.unit.delivery.quarantine import COUNTS, FIRST, OTHER, bench_with, broken, counted, letters, replay, resumed

pytestmark = pytest.mark.unit


async def test_an_unpublished_answer_of_a_quarantined_document_is_published_by_the_replay() -> None:
    bench, store = broken()
    store.raws.clear()
    bench.say(topics.ACCEPTED, FIRST)
    bench.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await bench.work()
    mark = {"reason": "document_too_large", "error": ""}
    store.raws[TICKET]["aside"] = mark
    bench.restart()
    await bench.work()

    del store.raws[TICKET]["aside"]
    replay(bench)
    bench.say(topics.UPDATES, resumed(TICKET, 1))
    await bench.work()

    assert (len(letters(bench)), counted(bench)) == (1, {TICKET: [1, 2]})


async def test_an_unpublished_answer_outlives_what_is_handled_between_quarantine_and_replay() -> None:
    bench, store = broken()
    bench.broker.partitions_max = 1
    store.raws.clear()
    bench.say(topics.ACCEPTED, FIRST)
    bench.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await bench.work()
    store.mark(Quarantined(TICKET, QuarantineReason.TOO_LARGE, ""))
    bench.restart()
    await bench.work()

    store.take_back(TICKET)
    bench.say(topics.ACCEPTED, event(accepted(ticket_id=OTHER)))  # by its offset, all before it looks published
    bench.say(topics.UPDATES, resumed(TICKET, 1))
    await bench.work()

    assert counted(bench) == {OTHER: [1], TICKET: [1, 2]}
    await bench.relay.relay()
    assert "skipped_at" not in store.raws[TICKET]


async def test_an_unpublished_answer_outlives_the_release_that_could_not_read_its_document() -> None:
    older = bench_with(StoredMemoryStore.of(COUNTS))
    older.broker.partitions_max = 1
    raws = older.store.raws  # type: ignore[attr-defined]
    older.say(topics.ACCEPTED, FIRST)
    older.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await older.work()
    raws[TICKET]["v"] = 2
    older.restart()
    await older.work()

    older.store = StoredMemoryStore(DocumentCodec(COUNTS, schema_version=2), raws=raws)  # type: ignore[assignment]
    older.restart()
    older.say(topics.ACCEPTED, event(accepted(ticket_id=OTHER)))
    older.say(topics.UPDATES, resumed(TICKET, 1))
    await older.work()

    assert counted(older) == {OTHER: [1], TICKET: [1, 2]}


async def test_what_is_held_back_never_overtakes_what_a_document_in_quarantine_keeps() -> None:
    bench, store = broken()
    store.raws.clear()
    bench.broker.refused[topics.TICKETS] = Obstacle.MISSING
    bench.say(topics.ACCEPTED, FIRST)
    await bench.work()

    def grow(step: Step) -> None:
        if step is Step.PUBLISHED:
            store.mark(Quarantined(TICKET, QuarantineReason.TOO_LARGE, ""))

    bench.restart(grow)
    bench.say(topics.UPDATES, resumed(TICKET, 1))
    await bench.work()
    bench.restart()
    bench.broker.refused.clear()
    bench.clock.at += bench.relay.after
    await bench.relay.relay()
    in_quarantine = counted(bench)
    store.take_back(TICKET)
    bench.say(topics.UPDATES, resumed(TICKET, 2))
    await bench.work()

    assert (in_quarantine, counted(bench)) == ({}, {TICKET: [1, 2, 3]})
