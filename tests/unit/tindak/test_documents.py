"""Which dead letters wait for a document, and how much of a stored document is shown."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.delivery.dead_letters import dead_letter
from shared.delivery.ports import Record
from tests.builders import NOON, TICKET
from tindak.ops.dead_letters import DeadLetter, by_document, letters_in
from tindak.ops.documents import masked, plain

pytestmark = pytest.mark.unit

READ = Record("tickets.updates", 3, 17, b"key", b"{}", (), NOON)
STORED = {
    "_id": TICKET, "rev": 3, "by": "0.2.0", "due_at": NOON,
    "aside": {"reason": "document_unreadable", "error": "KeyError: 'x'"},
    "state": {
        "kind": "filed", "name": "Siti", "numbers": [1, True, None], "notes": ["Siti", {"id": "d1", "to": "Siti"}],
    },
    "pending": [{"id": "e1", "topic": "sla.events", "key": "k", "value": b"Siti"}],
}  # fmt: skip


def letter(record: Record = READ, document: str | None = TICKET) -> Record:
    """Return the dead letter that routing makes of *record*."""
    out = dead_letter("routing", record, "document_unreadable", "KeyError: 'state'", NOON, document)
    return Record(out.topic, 0, 0, b"key", out.value, out.headers, record.timestamp)


def replay(dead: Record) -> Record:
    out = DeadLetter(dead).replay()
    return Record(out.topic, 0, 0, b"key", out.value, out.headers, dead.timestamp)


def later(offset: int) -> Record:
    return replace(READ, offset=offset, timestamp=NOON + timedelta(seconds=offset))


def waiting(*records: Record) -> list[tuple[str, int]]:
    """Return id and attempts of the letters that wait for the ticket's document."""
    return [(each.id, each.attempts) for each in by_document(letters_in(records)).get(TICKET, [])]


def test_letters_wait_in_the_order_in_which_they_came() -> None:
    assert waiting(letter(later(1)), letter(later(2)), letter(later(3))) == [
        ("tickets.updates/3/1", 1), ("tickets.updates/3/2", 1), ("tickets.updates/3/3", 1),
    ]  # fmt: skip


def test_a_letter_for_no_document_waits_for_none() -> None:
    assert by_document(letters_in([letter(document=None)])) == {}


def test_a_letter_written_twice_waits_once() -> None:
    assert waiting(letter(), letter()) == [("tickets.updates/3/17", 1)]


def test_a_replayed_letter_waits_no_more() -> None:
    assert waiting(letter(), letter(later(20)), replay(letter())) == [("tickets.updates/3/20", 1)]


def test_a_letter_that_came_back_waits_again_at_its_old_place() -> None:
    first, second = letter(), letter(later(20))
    back = letter(replay(first))

    assert waiting(first, second, replay(first), back) == [("tickets.updates/3/17", 2), ("tickets.updates/3/20", 1)]
    assert waiting(first, second, replay(first), back, replay(back)) == [("tickets.updates/3/20", 1)]


def test_a_dropped_letter_waits_no_more() -> None:
    note = DeadLetter(letter()).drop("answered by phone")
    dropped = Record(note.topic, 0, 1, b"key", note.value, note.headers, NOON)

    assert waiting(letter(), dropped) == []


def test_a_letter_whose_attempts_cannot_be_read_counts_as_the_first() -> None:
    odd = replace(letter(), headers=(("dlq-document", TICKET.encode()), ("dlq-attempts", b"\xb2")))

    assert [each.attempts for each in by_document(letters_in([odd]))[TICKET]] == [1]


def test_a_stored_document_is_shown_without_what_may_name_a_person() -> None:
    assert masked(STORED) == {
        "_id": TICKET, "rev": 3, "by": "0.2.0", "due_at": NOON.isoformat(),
        "aside": {"reason": "document_unreadable", "error": "KeyError: 'x'"},
        "state": {
            "kind": "filed", "name": "text of 4 characters", "numbers": [1, True, None],
            "notes": ["text of 4 characters", {"id": "d1", "to": "text of 4 characters"}],
        },
        "pending": [{"id": "e1", "topic": "sla.events", "key": "text of 1 characters", "value": "4 bytes"}],
    }  # fmt: skip


def test_all_of_a_stored_document_is_shown_to_who_asks_for_it() -> None:
    assert plain(STORED) == STORED | {
        "due_at": NOON.isoformat(), "pending": [{"id": "e1", "topic": "sla.events", "key": "k", "value": "Siti"}],
    }  # fmt: skip
