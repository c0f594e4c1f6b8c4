"""Once promised, a field of an event is never renamed, retyped or removed; a breaking change is a new type."""

import json
from typing import Any

import pytest

from shared.events.catalogue import CATALOGUE, DATA_BY_TYPE, Entry
from shared.events.envelope import decode, encode
from tests.contract.golden import FOLDER, FROM_OUTSIDE, broken_promises, golden, read

pytestmark = pytest.mark.contract

ENTRIES = {entry.data.TYPE: entry for entry in CATALOGUE}
OLD: dict[str, Any] = {
    "said_by": "routing",
    "topics": ["tickets.events"],
    "fields": {"a": "string", "b": "object?", "b.c": "integer", "d": "string of x|y"},
}


def changed(said_by: str = "routing", drop: str = "", **fields: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a promise as it was, and as it would be with these fields."""
    old = OLD | {"said_by": said_by}
    after = {path: text for path, text in (OLD["fields"] | fields).items() if path != drop}
    return old, old | {"fields": after}


def test_every_type_has_its_golden_file_and_every_file_its_type() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(DATA_BY_TYPE)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_an_event_keeps_the_promises_of_its_golden_file(entry: Entry) -> None:
    old, new = read(entry.data.TYPE), golden(entry)

    assert old is not None
    assert broken_promises(old, new) == []
    assert old == new, "the promise holds; write down what was added: python -m tests.contract.golden"


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_an_event_written_earlier_is_read_with_the_same_meaning(entry: Entry) -> None:
    promise = read(entry.data.TYPE)
    assert promise is not None

    event = decode(json.dumps(promise["example"]).encode(), {}, from_outside=entry.published_by in FROM_OUTSIDE)

    assert json.loads(encode(event)) == promise["example"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"drop": "a"}, "a was removed or renamed"),
        ({"drop": "b.c"}, "b.c was removed or renamed"),
        ({"a": "integer"}, "a was string and is integer"),
        ({"a": "string[]"}, "a was string and is string[]"),
        ({"a": "string?"}, "a may now be absent"),
        ({"d": "string of x"}, "d can no longer be y"),
        ({"said_by": "channels", "a": "string of x"}, "a may now only be x"),
        ({"said_by": "channels", "b": "object"}, "b must now be given"),
        ({"said_by": "channels", "e": "string"}, "e is new and must be given"),
    ],
)
def test_a_change_that_others_would_notice_is_found(change: dict[str, str], fault: str) -> None:
    assert broken_promises(*changed(**change)) == [fault]


@pytest.mark.parametrize(
    "change",
    [
        {"e": "string?"},
        {"e": "string"},
        {"d": "string of x|y|z"},
        {"said_by": "channels", "a": "string?"},
        {"said_by": "channels", "e": "object?", "e.f": "string"},
    ],
)
def test_a_change_that_nobody_need_notice_is_fine(change: dict[str, str]) -> None:
    assert broken_promises(*changed(**change)) == []


def test_a_topic_that_no_longer_holds_a_type_is_found() -> None:
    assert broken_promises(OLD, OLD | {"topics": []}) == ["tickets.events no longer holds it"]
