"""Documents that are left alone, on a real database: undecodable bytes, marks, counts, and what it all costs."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from pydantic import TypeAdapter

from shared.adapters.mongo.client import connect
from shared.adapters.mongo.quarantine import QuarantineWatch
from shared.adapters.mongo.store import DOCUMENT_BYTES_MAX, MongoStore
from shared.adapters.mongo.writes import Row, new_save_id
from shared.delivery.documents.codec import SCHEMA_VERSION
from shared.delivery.documents.document import Answer, Document, Quarantined, QuarantineReason
from shared.delivery.outgoing import Outgoing
from shared.process.release import RELEASE
from tests.contract.notes import Note, note
from tests.fakes.handler_harness import NOON
from tests.servers.addresses import Namespace

pytestmark = [pytest.mark.connected, pytest.mark.without_topics]

NOTES = TypeAdapter(Note)


@pytest.fixture
async def store(namespace: Namespace) -> AsyncIterator[MongoStore[Note]]:
    client = connect(namespace.mongo)
    made = MongoStore(client[f"{namespace.prefix}aside"][secrets.token_hex(4)], NOTES)
    await made.prepare()
    yield made
    made.close()


async def broken(store: MongoStore[Note], *ids: str) -> None:
    """Save documents that are due, and spoil their states."""
    await store.save([note(id, due_at=NOON) for id in ids])
    await store.collection.update_many({"_id": {"$in": list(ids)}}, {"$set": {"state": {}}})


async def test_a_document_that_the_driver_cannot_decode_is_quarantined_and_others_go_on(
    store: MongoStore[Note],
) -> None:
    raw = bson.encode(store.codec.encode(note("a", state=Note("a", text="Jalan"), due_at=NOON)))
    await store.collection.insert_one(RawBSONDocument(raw.replace(b"Jalan", b"\xff\xfeJal"[:5])))
    await store.save([note("b", due_at=NOON)])

    due = await store.due_before(NOON, 1)
    loaded = await store.load(["a", "b"])

    assert due == [note("b", due_at=NOON).saved()]
    assert loaded == {
        "a": Quarantined("a", QuarantineReason.UNREADABLE, "InvalidBSON"), "b": note("b", due_at=NOON).saved(),
    }  # fmt: skip
    assert "text" in ((await store.quarantine.stored("a")) or {})["state"]


async def test_a_document_the_database_cannot_hold_is_quarantined(store: MongoStore[Note]) -> None:
    lost = await store.save([note("a", state=Note("a", text="\ud800")), note("b")])

    quarantine = (await store.load(["a"]))["a"]
    assert lost == {"a"}
    assert isinstance(quarantine, Quarantined)
    assert quarantine.reason is QuarantineReason.UNSTORABLE


async def test_a_mark_holds_its_reason_instant_and_release(store: MongoStore[Note]) -> None:
    await broken(store, "a")
    await store.load(["a"])

    raw: dict[str, Any] = (await store.quarantine.stored("a")) or {}

    mark = raw["aside"]
    assert (mark["reason"], mark["release"], raw["rev"]) == ("document_unreadable", RELEASE, 2)
    assert mark["error"].startswith("ValidationError: state.number (missing)")
    assert abs(datetime.now(UTC) - mark["at"]) < timedelta(minutes=5)


async def test_documents_that_just_fit_still_hold_the_mark(store: MongoStore[Note]) -> None:
    empty = store.encoded(note("a", state=Note("a", text="")), new_save_id())
    assert isinstance(empty, Row)
    fits = note("a", state=Note("a", text="x" * (DOCUMENT_BYTES_MAX - len(empty.raw.raw))))
    assert await store.save([fits]) == await store.save([fits.saved()]) == set()

    too_large = replace(fits.saved().saved(), state=Note("a", text=f"{fits.state.text}x"))
    lost = await store.save([too_large])

    assert lost == {"a"}
    assert (await store.quarantine.counts())[QuarantineReason.TOO_LARGE] == 1


async def test_a_full_document_of_0_1_0_is_quarantined_without_a_mark(store: MongoStore[Note]) -> None:
    state = {"number": "a", "text": ""}
    full_up: dict[str, Any] = {"_id": "a", "rev": 1, "slot": 0, "state": state, "applied": [], "answers": []}
    state["text"] = "x" * (16 * 1024 * 1024 - len(bson.encode(full_up)))
    await store.collection.insert_one(full_up)
    loaded = (await store.load(["a"]))["a"]

    lost = await store.save([loaded, note("b")])

    again = (await store.load(["a"]))["a"]
    assert (lost, "aside" in ((await store.quarantine.stored("a")) or {})) == ({"a"}, False)
    assert isinstance(again, Quarantined)
    assert again.reason is QuarantineReason.TOO_LARGE


async def test_a_document_taken_back_is_read_again(store: MongoStore[Note]) -> None:
    await broken(store, "a", "b")
    await store.load(["a", "b"])
    await store.collection.update_one({"_id": "a"}, {"$set": {"state": {"number": "a"}}})

    taken = await store.quarantine.release(["a", "b", "nobody"])

    loaded = await store.load(["a", "b"])
    assert taken == 2
    assert loaded["a"] == note("a", revision=3, due_at=NOON)
    assert isinstance(loaded["b"], Quarantined)


async def test_every_kept_answer_of_a_document_taken_back_is_pending_until_it_is_published(
    store: MongoStore[Note],
) -> None:
    said = Outgoing("e", "tickets.events", "a", b"{}")
    answered = note("a").apply("cause", Answer("complaints.accepted", 0, 1, (said,)), note("a").state)
    await store.save([answered])
    await store.quarantine.mark(Quarantined("a", QuarantineReason.TOO_LARGE, ""), 1)

    await store.quarantine.release(["a"])

    [loaded] = (await store.load(["a"])).values()
    assert isinstance(loaded, Document)
    assert (loaded.pending, loaded.pending_at is not None) == ((said,), True)
    assert await store.mark_published([loaded]) == set()
    [again] = (await store.load(["a"])).values()
    assert isinstance(again, Document)
    assert (again.pending, again.pending_at) == ((), None)


async def test_a_quarantined_document_is_shown_with_its_answers_legible(store: MongoStore[Note]) -> None:
    said = Outgoing("e", "tickets.events", "a", b"{}")
    await store.save([note("a").apply("cause", Answer("complaints.accepted", 0, 1, (said,)), note("a").state)])

    shown = (await store.quarantine.stored("a")) or {}
    await store.collection.update_one({"_id": "a"}, {"$set": {"answers": b"spoiled"}})
    spoiled = (await store.quarantine.stored("a")) or {}

    assert [event["value"] for answer in shown["answers"] for event in answer["out"]] == [b"{}"]
    assert spoiled["answers"] == b"spoiled"
    assert isinstance((await store.load(["a"]))["a"], Quarantined)


async def test_a_watch_that_has_just_started_counts_what_others_quarantined(store: MongoStore[Note]) -> None:
    watch = QuarantineWatch("sla", store.quarantine)
    await watch.look()
    at_first = watch.remark()
    await broken(store, "a", "b")
    await store.save([note("c"), note("d")])
    await store.load(["a", "b"])
    await store.collection.update_one({"_id": "c"}, {"$set": {"v": SCHEMA_VERSION + 1, "by": "9.0.0"}})

    started = QuarantineWatch("sla", store.quarantine)
    await started.look()

    assert at_first == ""
    assert started.remark() == "2 document_unreadable, 1 document_newer: `tindak documents list sla`"


async def test_quarantined_documents_are_listed_longest_first_then_newer_ones(store: MongoStore[Note]) -> None:
    await store.save([note("n")])
    await store.collection.update_one({"_id": "n"}, {"$set": {"v": SCHEMA_VERSION + 1, "by": "9.0.0"}})
    for id in ("b", "a"):
        await broken(store, id)
        await store.load([id])

    listed = await store.quarantine.listed()

    assert [(each.id, each.reason, each.release) for each in listed] == [
        ("b", "document_unreadable", RELEASE), ("a", "document_unreadable", RELEASE), ("n", "document_newer", "9.0.0"),
    ]  # fmt: skip


async def test_reading_alone_marks_nothing(store: MongoStore[Note]) -> None:
    await broken(store, "a", "b")
    looking = MongoStore(store.collection, NOTES, marks=False)

    assert await looking.due_before(NOON, 1) == []
    assert sum((await store.quarantine.counts()).values()) == 0


async def test_counts_and_searches_go_along_their_indexes(store: MongoStore[Note]) -> None:
    """What is left alone costs nobody a look at the whole collection."""
    store.shards.partitions_total = 24
    await store.save([note(f"{number:03}", due_at=NOON) for number in range(300)])
    await broken(store, "a")
    await store.load(["a"])
    due = {"due_at": {"$lte": NOON}, "slot": {"$in": [1, 2]}, **store.quarantine.live()}

    async def examined(query: dict[str, Any]) -> int:
        command = {"explain": {"find": store.collection.name, "filter": query}, "verbosity": "executionStats"}
        answer = await store.collection.database.command(command)
        found: int = answer["executionStats"]["totalDocsExamined"]
        return found

    assert await examined({"aside.at": {"$exists": True}}) == 1
    assert await examined({"v": {"$gt": SCHEMA_VERSION}}) == 0
    assert await examined(due) < 60
