"""What a document in quarantine has not published goes out once it is taken back, in order and under the same ids."""

from copy import deepcopy

import pytest

from shared import topics
from shared.delivery.documents.codec import DocumentCodec
from shared.delivery.documents.document import Quarantined, QuarantineReason
from shared.delivery.ports import Obstacle
from shared.delivery.vitals import Step
from tests.builders import TICKET, accepted, event
from tests.fakes.handler_harness import Crashed, dies_after
from tests.fakes.stored import StoredMemoryStore
from tests.unit.delivery.quarantine import (
    COUNTS,
    FIRST,
    LETTERS,
    OTHER,
    broken,
    counted,
    harness_with,
    letters,
    replay,
    resumed,
)

pytestmark = pytest.mark.unit


async def test_an_unpublished_answer_of_a_quarantined_document_is_published_by_the_replay() -> None:
    harness, store = broken()
    store.raws.clear()
    harness.publish(topics.ACCEPTED, FIRST)
    harness.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await harness.work()
    mark = {"reason": "document_too_large", "error": ""}
    store.raws[TICKET]["aside"] = mark
    harness.restart()
    await harness.work()

    del store.raws[TICKET]["aside"]
    replay(harness)
    harness.publish(topics.UPDATES, resumed(TICKET, 1))
    await harness.work()

    assert (len(letters(harness)), counted(harness)) == (1, {TICKET: [1, 2]})


async def test_an_unpublished_answer_outlives_what_is_handled_between_quarantine_and_replay() -> None:
    harness, store = broken()
    harness.broker.partitions_max = 1
    store.raws.clear()
    harness.publish(topics.ACCEPTED, FIRST)
    harness.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await harness.work()
    store.mark(Quarantined(TICKET, QuarantineReason.TOO_LARGE, ""))
    harness.restart()
    await harness.work()

    store.take_back(TICKET)
    harness.publish(topics.ACCEPTED, event(accepted(ticket_id=OTHER)))  # by its offset, all before it looks published
    harness.publish(topics.UPDATES, resumed(TICKET, 1))
    await harness.work()

    assert counted(harness) == {OTHER: [1], TICKET: [1, 2]}
    await harness.relay.relay()
    assert "skipped_at" not in store.raws[TICKET]


async def test_an_unpublished_answer_outlives_the_release_that_could_not_read_its_document() -> None:
    older = harness_with(StoredMemoryStore.of(COUNTS))
    older.broker.partitions_max = 1
    raws = older.store.raws  # type: ignore[attr-defined]
    older.publish(topics.ACCEPTED, FIRST)
    older.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await older.work()
    raws[TICKET]["v"] = 2
    older.restart()
    await older.work()

    older.store = StoredMemoryStore(DocumentCodec(COUNTS, schema_version=2), raws=raws)  # type: ignore[assignment]
    older.restart()
    older.publish(topics.ACCEPTED, event(accepted(ticket_id=OTHER)))
    older.publish(topics.UPDATES, resumed(TICKET, 1))
    await older.work()

    assert counted(older) == {OTHER: [1], TICKET: [1, 2]}


async def test_an_answer_that_a_late_process_saved_after_the_quarantine_goes_out_with_the_replay() -> None:
    harness, store = broken()
    store.raws.clear()
    harness.publish(topics.ACCEPTED, FIRST)
    harness.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await harness.work()
    saved_late = deepcopy(store.raws[TICKET])
    store.raws[TICKET]["aside"] = {"reason": "document_too_large", "error": ""}
    harness.publish(topics.UPDATES, resumed(TICKET, 1))
    harness.restart()
    await harness.work()

    store.raws[TICKET] = saved_late
    replay(harness, *harness.broker.topic(LETTERS)[1:])
    await harness.work()

    assert counted(harness) == {TICKET: [1, 2]}


async def test_what_is_held_back_never_overtakes_what_a_document_in_quarantine_keeps() -> None:
    harness, store = broken()
    store.raws.clear()
    harness.broker.refused[topics.TICKETS] = Obstacle.MISSING
    harness.publish(topics.ACCEPTED, FIRST)
    await harness.work()

    def grow(step: Step) -> None:
        if step is Step.PUBLISHED:
            store.mark(Quarantined(TICKET, QuarantineReason.TOO_LARGE, ""))

    harness.restart(grow)
    harness.publish(topics.UPDATES, resumed(TICKET, 1))
    await harness.work()
    harness.restart()
    harness.broker.refused.clear()
    harness.clock.at += harness.relay.after
    await harness.relay.relay()
    in_quarantine = counted(harness)
    store.take_back(TICKET)
    harness.publish(topics.UPDATES, resumed(TICKET, 2))
    await harness.work()

    assert (in_quarantine, counted(harness)) == ({}, {TICKET: [1, 2, 3]})
