"""A document that cannot be read or saved costs its own ticket's events, which wait; everything else goes on."""

from typing import Any

import pytest

from shared import topics
from shared.delivery.documents.codec import DocumentCodec
from shared.delivery.documents.document import Document
from shared.delivery.guard import BugShare
from shared.delivery.outgoing import Outgoing
from shared.ids import event_id
from tests.builders import TICKET
from tests.fakes.counter import Count
from tests.fakes.handler_harness import NOON, HandlerHarness
from tests.fakes.stored import SKIPPED_AT, StoredMemoryStore
from tests.unit.delivery.quarantine import (
    COUNTS,
    FIRST,
    OTHER,
    broken,
    counted,
    harness_with,
    letters,
    replay,
    resumed,
    waits,
)

pytestmark = pytest.mark.unit


async def test_events_of_a_document_that_cannot_be_read_wait_and_others_are_handled() -> None:
    harness, _ = broken()
    harness.publish(topics.UPDATES, resumed(TICKET, 1))
    harness.publish(topics.UPDATES, resumed(OTHER, 2))
    harness.publish(topics.UPDATES, resumed(TICKET, 3))

    await harness.work()

    assert letters(harness) == [waits(), waits()]
    assert counted(harness) == {OTHER: [1]}


async def test_quarantined_documents_never_count_as_bugs() -> None:
    harness, _ = broken()
    harness.restart(bug_share=BugShare(window_records=10, share_max=0.5))
    for number in range(30):
        harness.publish(topics.UPDATES, resumed(TICKET, number))

    await harness.work()

    assert len(letters(harness)) == 30


async def test_events_of_a_document_of_a_newer_release_wait_and_it_does_not_change() -> None:
    harness, store = broken()
    store.raws[TICKET]["v"] = 99
    before = dict(store.raws[TICKET])
    harness.publish(topics.UPDATES, resumed(TICKET, 1))

    await harness.work()

    assert letters(harness) == [waits("document_newer")]
    assert store.raws[TICKET] == before | {"skipped_at": SKIPPED_AT}


async def test_a_document_that_has_grown_too_large_keeps_its_last_state_and_later_events_wait_in_order() -> None:
    store = StoredMemoryStore.of(COUNTS, bytes_max=2000)
    harness = harness_with(store)
    for number in range(40):
        harness.publish(topics.UPDATES, resumed(TICKET, number))
        harness.publish(topics.UPDATES, resumed(OTHER, 100 + number % 2))
        await harness.work()

    said = counted(harness)
    assert said[OTHER] == [1, 2]
    assert said[TICKET] == list(range(1, len(said[TICKET]) + 1))
    assert letters(harness) == [waits("document_too_large")] * (40 - len(said[TICKET]))
    assert store.raws[TICKET]["state"]["heard"] == len(said[TICKET])


async def test_once_it_can_be_read_its_dead_letters_are_handled_in_their_order() -> None:
    harness, store = broken()
    for number in range(3):
        harness.publish(topics.UPDATES, resumed(TICKET, number))
    await harness.work()
    store.raws[TICKET] |= {"state": {"heard": 1, "due_at": None}}
    del store.raws[TICKET]["aside"]

    replay(harness)
    await harness.work()

    assert counted(harness) == {TICKET: [2, 3, 4]}
    assert len(letters(harness)) == 3


async def test_a_document_that_still_cannot_be_read_is_quarantined_again() -> None:
    harness, store = broken()
    harness.publish(topics.UPDATES, resumed(TICKET, 1))
    await harness.work()
    del store.raws[TICKET]["aside"]

    replay(harness)
    await harness.work()

    assert letters(harness) == [waits(), waits(attempts="2")]
    assert "aside" in store.raws[TICKET]


def due(ids: tuple[str, ...], **options: Any) -> tuple[HandlerHarness, StoredMemoryStore[Count]]:
    """Return a service with documents that are due."""
    store = StoredMemoryStore.of(COUNTS, **options)
    for id_ in ids:
        store.raws[id_] = store.codec.encode(Document(id_, state=Count(1, NOON), due_at=NOON))
    return harness_with(store), store


async def test_the_sweep_goes_on_past_an_unreadable_document() -> None:
    harness, store = due((TICKET, OTHER))
    store.raws[TICKET]["state"] = {}

    await harness.sweep()

    assert len(harness.published(topics.SLA)) == 1
    assert store.raws[TICKET]["aside"]["reason"] == "document_unreadable"


async def test_the_sweep_goes_on_past_a_document_that_has_grown_too_large() -> None:
    harness, store = due((TICKET, OTHER), bytes_max=1200)
    store.raws[TICKET]["applied"] = [event_id(FIRST.id, "x", number) for number in range(20)]

    await harness.sweep()

    assert len(harness.published(topics.SLA)) == 1
    assert store.raws[TICKET]["aside"]["reason"] == "document_too_large"
    assert store.documents.keys() == {OTHER}


async def test_the_relay_skips_quarantined_documents() -> None:
    harness, store = due(())
    for id_ in (TICKET, OTHER):
        pending = (Outgoing(id_, topics.SLA, id_, b"{}"),)
        store.raws[id_] = store.codec.encode(Document(id_, state=Count(1), pending=pending, pending_at=NOON))
    store.raws[TICKET]["state"] = {}
    harness.clock.at += harness.relay.after

    await harness.relay.relay()

    assert [record.key for record in harness.broker.topic(topics.SLA)] == [OTHER.encode()]


async def test_the_newer_replica_goes_on_with_what_the_older_one_skips() -> None:
    _, older = due((TICKET,))
    older.raws[TICKET]["v"] = 2
    newer = harness_with(StoredMemoryStore(DocumentCodec(COUNTS, schema_version=2), raws=older.raws))

    before = await older.due_before(NOON, 10)
    await newer.sweep()

    assert (before, len(newer.published(topics.SLA))) == ([], 1)


async def test_no_applied_id_is_ever_trimmed() -> None:
    """However many events a ticket has, a repeat of its first one changes nothing."""
    harness = harness_with(StoredMemoryStore.of(COUNTS))
    for number in range(3000):
        harness.publish(topics.UPDATES, resumed(TICKET, number))
    await harness.work()

    harness.publish(topics.UPDATES, resumed(TICKET, 0))
    await harness.work()

    assert counted(harness) == {TICKET: list(range(1, 3001))}
