"""A document as it is stored: as release 0.1.0 stored it, with a version and a release beside it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import cramjam
import pytest
from pydantic import TypeAdapter

from shared.delivery.documents.codec import FIELDS, DocumentCodec, Raw
from shared.delivery.documents.compression import compressed, decompressed
from shared.delivery.documents.document import Answer, Document, Quarantined, QuarantineReason
from shared.delivery.outgoing import Outgoing
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit


@dataclass(frozen=True)
class Item:
    id: str
    done: bool = False


@dataclass(frozen=True)
class Basket:
    items: tuple[Item, ...] = ()
    at: datetime | None = None


CODEC = DocumentCodec(TypeAdapter(Basket), release="2", schema_version=3)
BESIDE_0_1_0 = DocumentCodec(TypeAdapter(Basket), release="2", schema_version=3, compresses_outbox=False)
SAID = Outgoing("e1", "tickets.events", "t", b"\xff")
FULL = Document(
    "t", 4, Basket((Item("a"),), NOON), {"x": None, "y": Answer("updates", 1, 7, (SAID,))}, (SAID,),
    NOON, NOON + timedelta(hours=1), NOON + timedelta(days=1),
)  # fmt: skip
STORED_EVENT = {"id": "e1", "topic": "tickets.events", "key": "t", "value": b"\xff"}
AS_0_1_0_STORED_IT: Raw = {
    "_id": "t", "rev": 5, "applied": ["x", "y"],
    "state": {"items": [{"id": "a", "done": False}], "at": "2026-03-02T05:00:00Z"},
    "answers": [{"id": "y", "t": "updates", "p": 1, "o": 7, "out": [STORED_EVENT]}],
    "pending": [STORED_EVENT], "pending_at": NOON, "due_at": NOON + timedelta(hours=1),
}  # fmt: skip


SPOILED = (
    b"", b"Siti", b"\xff\xff\xff\x7fSiti", b"\x00\x00\x00\x70Siti", compressed([])[:-1],
    bytes(cramjam.lz4.compress_block(b"Siti")),
    bytes(cramjam.lz4.compress_block(bson.encode({"other": []}))),
)  # fmt: skip


def decoded(raw: Raw, codec: DocumentCodec[Basket] = CODEC) -> Document[Basket]:
    found = codec.decode(raw)
    assert isinstance(found, Document)
    return found


def test_a_document_is_stored_as_0_1_0_did_with_version_and_release_beside_it() -> None:
    raw = BESIDE_0_1_0.encode(FULL)

    assert raw == AS_0_1_0_STORED_IT | {"v": 3, "by": "2", "expires_once_told_at": NOON + timedelta(days=1)}
    assert raw.keys() < FIELDS


def test_answers_alone_are_stored_compressed() -> None:
    raw, legible = CODEC.encode(FULL), BESIDE_0_1_0.encode(FULL)

    assert isinstance(raw["answers"], bytes)
    assert raw | {"answers": decompressed(raw["answers"])} == legible
    assert CODEC.decode(raw) == BESIDE_0_1_0.decode(raw) == CODEC.decode(legible) == FULL.saved()
    nothing_kept = replace(FULL, applied={"x": None})
    assert CODEC.encode(nothing_kept) == BESIDE_0_1_0.encode(nothing_kept)


def test_compressed_answers_take_less_than_half_where_they_say_the_same_twice() -> None:
    said = tuple(Outgoing(f"e{number}", "tickets.events", "t", b'{"data":"Lampu mati"}' * 20) for number in range(2))

    answers = CODEC.legible(replace(FULL, applied={"y": Answer("updates", 1, 7, said)}))["answers"]

    assert len(compressed(answers)) < len(bson.encode({"answers": answers})) / 2


def test_what_compresses_best_is_read_back() -> None:
    answers = [{"value": bytes(5_000_000)}]

    assert decompressed(compressed(answers)) == answers


def test_a_document_may_expire_only_once_nothing_is_pending() -> None:
    told = CODEC.encode(FULL.published())

    assert (told["expires_at"], "expires_once_told_at" in told) == (FULL.expires_at, False)
    assert CODEC.decode(told) == FULL.published().saved()


def test_a_stored_document_is_read_as_it_was() -> None:
    assert CODEC.decode(CODEC.encode(FULL)) == FULL.saved()


def test_a_document_of_0_1_0_is_read_as_the_first_version_without_unknown_fields() -> None:
    read = decoded(AS_0_1_0_STORED_IT)

    assert read == replace(FULL, revision=5, expires_at=None)
    assert DocumentCodec(TypeAdapter(Basket), schema_version=1).decode(AS_0_1_0_STORED_IT) == read


@pytest.mark.parametrize(
    "unknown",
    [
        {"x": 1},
        {"state": {"items": [], "at": None, "x": 1}},
        {"state": {"items": [{"id": "a", "done": False, "x": 1}], "at": None}},
        {"answers": [{"id": "y", "t": "updates", "p": 1, "o": 7, "out": [], "x": 1}]},
        {"answers": [{"id": "y", "t": "updates", "p": 1, "o": 7, "out": [{**STORED_EVENT, "x": 1}]}]},
        {"pending": [{**STORED_EVENT, "x": 1}]},
    ],
)  # fmt: skip
def test_unknown_fields_are_noticed_wherever_they_are_whoever_stored_them(unknown: Raw) -> None:
    raw = CODEC.legible(FULL) | unknown

    assert CODEC.legible(decoded(raw)) == raw | {"rev": 6}
    assert CODEC.encode(decoded(CODEC.encode(decoded(raw)))) == CODEC.encode(decoded(raw)) | {"rev": 7}


def test_unknown_fields_survive_a_save_by_this_release_and_the_next_one_by_it() -> None:
    raw = CODEC.encode(FULL) | {"by": "3", "x": 1}
    raw["state"] = raw["state"] | {"y": {"z": 2}, "items": [{"id": "a", "done": False, "w": 3}]}

    once = CODEC.encode(replace(decoded(raw), state=Basket((Item("b"), Item("a", done=True)))))
    twice = CODEC.encode(replace(decoded(once), due_at=None))

    assert (twice["x"], twice["by"], "due_at" in twice) == (1, "2", False)
    assert twice["state"] == {
        "items": [{"id": "b", "done": False}, {"id": "a", "done": True, "w": 3}], "at": None, "y": {"z": 2},
    }  # fmt: skip


def test_fields_that_this_release_has_dropped_itself_do_not_come_back() -> None:
    raw = CODEC.encode(FULL) | {"by": "3", "x": 1}

    after = CODEC.encode(replace(decoded(raw), pending=(), pending_at=None, due_at=None, expires_at=None))

    assert after.keys() & {"pending", "pending_at", "due_at", "expires_at"} == set()
    assert after["x"] == 1


@pytest.mark.parametrize(("version", "is_read"), [(2, True), (3, True), (4, False)])
def test_a_document_is_read_up_to_the_version_that_this_release_knows(version: int, is_read: bool) -> None:
    found = CODEC.decode(CODEC.encode(FULL) | {"v": version})

    newer = Quarantined("t", QuarantineReason.NEWER, "schema version 4; release 2 knows 3")
    assert found == (FULL.saved() if is_read else newer)


def test_a_quarantined_document_carries_its_reason() -> None:
    mark = {"reason": "document_too_large", "error": "17 MB", "at": datetime(2026, 3, 2, tzinfo=UTC), "release": "1"}

    assert CODEC.decode(CODEC.encode(FULL) | {"aside": mark}) == Quarantined("t", QuarantineReason.TOO_LARGE, "17 MB")


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        ({"state": {"items": [{"done": "Siti"}]}}, "ValidationError: state.items.0.id (missing); state.items.0.done"),
        ({"state": "Siti"}, "ValidationError: state (dataclass_type)"),
        ({"answers": [{"id": "y"}]}, "KeyError: 't'"),
        ({"applied": None}, "TypeError"),
        ({"answers": None}, "TypeError"),
        *(({"answers": spoiled}, "ValueError: its answers are not compressed") for spoiled in SPOILED),
        ({"pending": [1]}, "TypeError"),
        ({"rev": None}, "TypeError: its revision is none"),
        ({"rev": 0}, "TypeError: its revision is none"),
        ({"due_at": "Siti"}, "TypeError: due_at is no instant"),
        ({"aside": "Siti"}, "TypeError"),
        ({"aside": {"reason": "bored", "error": ""}}, "ValueError"),
    ],
)
def test_an_unreadable_document_is_described_by_place_without_its_content(broken: dict[str, Any], error: str) -> None:
    found = CODEC.decode(CODEC.encode(FULL) | broken)

    assert isinstance(found, Quarantined)
    assert (found.id, found.reason, found.error[: len(error)]) == ("t", QuarantineReason.UNREADABLE, error)
    assert "Siti" not in found.error
