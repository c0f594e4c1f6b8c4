"""What every store promises of documents that it cannot work with, and of fields that it does not know."""

from dataclasses import replace
from datetime import timedelta
from unittest.mock import ANY

import pytest

from shared.delivery.documents.codec import SCHEMA_VERSION, Raw
from shared.delivery.documents.compression import answers_in
from shared.delivery.documents.document import Quarantined, QuarantineReason
from shared.process.release import RELEASE
from shared.sharding import shard_of
from shared.topics import PARTITIONS
from tests.contract.notes import Note, note, outgoing
from tests.contract.shelves import Shelf
from tests.fakes.handler_harness import NOON

MIB = 1024 * 1024
NEWER = {"v": SCHEMA_VERSION + 1, "by": "9.0.0"}


def of_0_1_0(id: str) -> Raw:
    """Return a document as release 0.1.0 stored it."""
    return {
        "_id": id, "rev": 3, "slot": shard_of(id, PARTITIONS), "state": {"number": id, "text": "old", "at": None},
        "applied": ["x", "y"], "answers": [{"id": "y", "t": "tickets.updates", "p": 1, "o": 7, "out": []}],
        "due_at": NOON,
    }  # fmt: skip


async def saved(shelf: Shelf, id: str) -> None:
    """Save a document that is due and pending at noon."""
    await shelf.store.save([note(id, due_at=NOON, pending=(outgoing(id),), pending_at=NOON)])


async def found(shelf: Shelf) -> list[list[str]]:
    """Return the ids of what is due, and of what is pending; one of each at a time is enough to be crowded out."""
    return [
        [each.id for each in await search(NOON, 1)] for search in (shelf.store.due_before, shelf.store.pending_before)
    ]


@pytest.mark.parametrize(
    "broken",
    [
        {"state": {"kind": "unheard of"}},
        {"state": "no object"},
        {"applied": None},
        {"answers": [{"id": "x"}]},
        {"pending": "no list"},
        {"due_at": "2026-03-02"},
        {"rev": "first"},
        {"rev": 0},
    ],
    ids=str,
)
async def test_a_document_of_a_bad_shape_is_quarantined_and_others_go_on(shelf: Shelf, broken: Raw) -> None:
    await saved(shelf, "a")
    await saved(shelf, "b")
    await shelf.change("a", **broken)

    loaded = await shelf.store.load(["a", "b"])

    quarantine, other = loaded["a"], loaded["b"]
    assert isinstance(quarantine, Quarantined)
    assert (quarantine.id, quarantine.reason) == ("a", QuarantineReason.UNREADABLE)
    assert "unheard" not in quarantine.error
    assert other == note("b", revision=1, due_at=NOON, pending=(outgoing("b"),), pending_at=NOON)
    assert await found(shelf) == [["b"], ["b"]]


async def test_a_bad_document_that_is_due_crowds_out_no_other(shelf: Shelf) -> None:
    for id in ("a", "b", "c"):
        await saved(shelf, id)
    await shelf.change("a", state={}, due_at=NOON - timedelta(hours=1), pending_at=NOON - timedelta(hours=1))

    assert await shelf.store.due_before(NOON, 1) != []
    assert {each.id for each in await shelf.store.due_before(NOON, 2)} == {"b", "c"}
    assert {each.id for each in await shelf.store.pending_before(NOON, 2)} == {"b", "c"}


async def test_a_quarantine_mark_lasts_until_released(shelf: Shelf) -> None:
    await saved(shelf, "a")
    good = (await shelf.raw("a"))["state"]
    await shelf.change("a", state={})
    first = (await shelf.store.load(["a"]))["a"]
    await shelf.change("a", state=good)

    again = (await shelf.store.load(["a"]))["a"]

    assert again == first
    assert (await shelf.raw("a"))["rev"] == 2


async def test_a_save_of_a_document_quarantined_meanwhile_loses(shelf: Shelf) -> None:
    await saved(shelf, "a")
    stale = note("a", revision=1)
    await shelf.change("a", state={})
    await shelf.store.load(["a"])

    lost = await shelf.store.save([stale]) | await shelf.store.mark_published([stale])

    assert lost == {"a"}
    assert isinstance((await shelf.store.load(["a"]))["a"], Quarantined)


async def test_a_document_of_a_newer_release_is_left_as_it_is(shelf: Shelf) -> None:
    await saved(shelf, "a")
    await saved(shelf, "b")
    await shelf.change("a", **NEWER, state={"kind": "unheard of"})
    before = await shelf.raw("a")

    loaded = (await shelf.store.load(["a"]))["a"]

    assert isinstance(loaded, Quarantined)
    assert loaded.reason is QuarantineReason.NEWER
    assert await found(shelf) == [["b"], ["b"]]
    assert await shelf.raw("a") == before | {"skipped_at": ANY}


async def test_a_document_that_has_grown_too_large_is_quarantined_and_the_others_are_saved(shelf: Shelf) -> None:
    await saved(shelf, "a")
    await saved(shelf, "b")
    grown = [note(id, revision=1, state=Note(id, text=text)) for id, text in {"a": "x" * 17 * MIB, "b": "fits"}.items()]

    lost = await shelf.store.save([*grown, note("c")])

    loaded = await shelf.store.load(["a", "b", "c"])
    assert lost == {"a"}
    assert isinstance(quarantine := loaded["a"], Quarantined)
    assert quarantine.reason is QuarantineReason.TOO_LARGE
    assert (loaded["b"], loaded["c"]) == (grown[1].saved(), note("c").saved())
    assert (await shelf.raw("a"))["state"] == {"number": "a", "text": "Jalan berlubang", "at": None}


async def test_a_new_document_that_is_too_large_keeps_later_events_waiting(shelf: Shelf) -> None:
    large = note("a", state=Note("a", text="x" * 17 * MIB))

    lost = await shelf.store.save([large, note("b")])

    assert lost == {"a"}
    assert isinstance((await shelf.store.load(["a"]))["a"], Quarantined)
    assert await shelf.store.save([note("a")]) == {"a"}


async def test_a_document_of_release_0_1_0_is_read_and_saved(shelf: Shelf) -> None:
    await shelf.put(of_0_1_0("a"))
    loaded = (await shelf.store.load(["a"]))["a"]

    lost = await shelf.store.save([replace(loaded, state=Note("a", text="new"))])

    raw = await shelf.raw("a")
    assert lost == set()
    assert {name: raw[name] for name in ("rev", "v", "by", "state", "applied", "due_at")} == {
        "rev": 4, "v": 1, "by": RELEASE, "state": {"number": "a", "text": "new", "at": None}, "applied": ["x", "y"],
        "due_at": NOON,
    }  # fmt: skip


async def test_fields_of_another_release_survive_every_later_save(shelf: Shelf) -> None:
    foreign = of_0_1_0("a") | {"by": "9.0.0", "v": 1, "tags": ["x"]}
    foreign["state"] |= {"mood": {"now": "angry"}}
    foreign["answers"][0] |= {"sent_by": 2}
    await shelf.put(foreign)

    for text in ("first", "second"):
        loaded = (await shelf.store.load(["a"]))["a"]
        assert await shelf.store.save([replace(loaded, state=Note("a", text=text))]) == set()

    raw = await shelf.raw("a")
    assert raw["tags"] == ["x"]
    assert raw["state"] == {"number": "a", "text": "second", "at": None, "mood": {"now": "angry"}}
    assert answers_in(raw) == [{"id": "y", "t": "tickets.updates", "p": 1, "o": 7, "out": [], "sent_by": 2}]
    assert (raw["rev"], raw["by"]) == (5, RELEASE)


async def test_fields_of_another_release_survive_a_mark(shelf: Shelf) -> None:
    await saved(shelf, "a")
    await shelf.change("a", tags=["x"])
    loaded = (await shelf.store.load(["a"]))["a"]

    lost = await shelf.store.mark_published([loaded])

    assert (lost, (await shelf.raw("a"))["tags"]) == (set(), ["x"])
