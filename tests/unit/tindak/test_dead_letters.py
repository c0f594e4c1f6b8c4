"""A dead letter as it is listed, shown and given back to its service."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.delivery.dead_letters import dead_letter
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from shared.delivery.reading import Unreadable, read
from tests.builders import NOON
from tindak.console import Failure
from tindak.ops.dead_letters import DeadLetter, Letter, State, letters_in
from tindak.ops.dlq import chosen, value_of

pytestmark = pytest.mark.unit

REFUSED = Record("complaints.submitted", 3, 17, b"web/1", b"{broken", (("traceparent", b"00-1-2-01"),), NOON)
HEADERS_AT_FIRST = {
    "dlq-service": b"intake", "dlq-topic": b"complaints.submitted", "dlq-partition": b"3", "dlq-offset": b"17",
    "dlq-timestamp": NOON.isoformat().encode(), "dlq-reason": b"bug", "dlq-error": b"KeyError at domain.py:9",
    "dlq-attempts": b"1", "dlq-at": NOON.isoformat().encode(),
}  # fmt: skip


def letter(record: Record = REFUSED, service: str = "intake") -> DeadLetter:
    """Return the dead letter that *service* makes of *record*."""
    out = dead_letter(service, record, "bug", "KeyError at domain.py:9", NOON)
    key = None if out.key is None else out.key.encode(errors="surrogateescape")
    return DeadLetter(Record(out.topic, 0, 0, key, out.value, out.headers, NOON))


def replayed(dead: DeadLetter, offset: int = 5) -> Record:
    """Return the record that its service reads after a replay."""
    out = dead.replay()
    key = None if out.key is None else out.key.encode(errors="surrogateescape")
    return Record(out.topic, 1, offset, key, out.value, out.headers, NOON)


def test_dead_letter_is_named_by_where_it_lay() -> None:
    assert (letter().id, letter().service, letter().reason) == ("complaints.submitted/3/17", "intake", "bug")


def test_summary_holds_everything_but_the_value() -> None:
    assert letter().summary() == {
        "id": "complaints.submitted/3/17", "service": "intake", "topic": "complaints.submitted", "partition": "3",
        "offset": "17", "timestamp": NOON.isoformat(), "reason": "bug", "error": "KeyError at domain.py:9",
        "attempts": "1", "at": NOON.isoformat(), "sender": None, "key": "web/1", "value_bytes": 7,
    }  # fmt: skip


def test_replay_keeps_key_value_and_headers_and_adds_its_position() -> None:
    record = replayed(letter())

    assert (record.topic, record.key, record.value, dict(record.headers)) == (
        "intake.replays", b"web/1", b"{broken",
        HEADERS_AT_FIRST | {"traceparent": b"00-1-2-01", "replayed-from": b"complaints.submitted/3/17"},
    )  # fmt: skip


def test_replay_keeps_a_key_that_is_no_text() -> None:
    assert replayed(letter(replace(REFUSED, key=b"\xff\x00"))).key == b"\xff\x00"


def test_replay_of_a_record_with_neither_key_nor_value_has_an_empty_key() -> None:
    record = replayed(letter(replace(REFUSED, key=None, value=None)))

    assert (record.key, record.value) == (b"", None)


def test_letter_that_failed_again_keeps_its_name_and_counts() -> None:
    again = letter(replayed(letter()))

    assert (again.id, again.summary()["attempts"]) == ("complaints.submitted/3/17", "2")
    assert again.line().endswith("bug (attempt 2): KeyError at domain.py:9")


def test_service_reads_a_replay_as_on_its_first_topic() -> None:
    reading = read(0, replayed(letter(replayed(letter()))), NOON)

    assert isinstance(reading, Unreadable)
    assert reading.arrival.topic == "complaints.submitted"


def test_line_holds_time_place_and_reason() -> None:
    assert letter().line() == (
        "2 Mar 2026 12:00:00 WIB  intake  complaints.submitted/3/17  sender unknown  bug: KeyError at domain.py:9"
    )


def test_line_names_the_sender_if_the_envelope_does() -> None:
    sent = replace(REFUSED, value=b'{"source": "/channels/web", "data": 7')
    whole = replace(REFUSED, value=b'{"source": "/channels/web", "data": 7}')

    assert [letter(record).sender for record in (sent, whole)] == [None, "/channels/web"]
    assert "  from /channels/web  bug: " in letter(whole).line()


def test_time_falls_back_to_the_brokers() -> None:
    odd = replace(letter().record, headers=(("dlq-at", b"yesterday"),))

    assert DeadLetter(odd).at == NOON


def test_value_of_intake_is_shown_only_when_asked_for() -> None:
    hidden, shown = value_of(letter(), reveal=False), value_of(letter(), reveal=True)

    assert hidden == {"value_hidden": "The value may hold an identity; --reveal shows it."}
    assert shown == {"value": "{broken"}


def test_value_of_other_services_is_shown() -> None:
    dead = letter(replace(REFUSED, value=b'{"a":1}'), service="routing")

    assert value_of(dead, reveal=False) == {"value": '{\n "a": 1\n}'}


def test_value_that_is_no_text_is_shown_in_base64() -> None:
    assert value_of(letter(replace(REFUSED, value=b"\xff"), service="sla"), reveal=False) == {"value_base64": "/w=="}


def test_absent_letter_is_refused_with_what_to_do() -> None:
    with pytest.raises(Failure, match=r"intake has no dead letter x/0/1; `tindak dlq list intake` shows"):
        chosen(letters_in([letter().record]), "intake", ["x/0/1"])


def test_letter_of_two_services_is_chosen_for_both() -> None:
    both = letters_in([letter().record, letter(service="sla").record])

    assert [each.last.service for each in chosen(both, None, [letter().id, letter().id])] == ["intake", "sla"]


def written(out: Outgoing, seconds: int) -> Record:
    """Return what is published as its topic holds it, so many seconds after noon."""
    key = None if out.key is None else out.key.encode(errors="surrogateescape")
    return Record(out.topic, 0, seconds, key, out.value, out.headers, NOON + timedelta(seconds=seconds))


def one(*records: Record) -> Letter:
    """Return the only letter in these records."""
    (found,) = letters_in(records)
    return found


def test_letter_is_open_until_it_is_replayed_and_again_when_it_comes_back() -> None:
    first = letter()
    replay = written(first.replay(), 60)
    back = letter(replay)

    told = [first.record, replay, back.record]
    assert [one(*told[:count]).state for count in (1, 2, 3)] == [State.OPEN, State.REPLAYED, State.OPEN]


def test_letter_that_came_back_is_one_with_its_history() -> None:
    first = letter()
    replay = written(first.replay(), 60)
    back = letter(replay)

    found = one(first.record, first.record, replay, back.record, back.record)

    assert [(each["at"], each["what"]) for each in found.summary()["history"]] == [
        (NOON.isoformat(), "bug: KeyError at domain.py:9"),
        ((NOON + timedelta(seconds=60)).isoformat(), "replayed"),
        (NOON.isoformat(), "bug (attempt 2): KeyError at domain.py:9"),
    ]
    assert found.line().startswith("open      2 Mar 2026 12:00:00 WIB  intake  ")


def test_note_holds_the_reason_and_no_content() -> None:
    note = written(letter().drop("salah ketik"), 60)

    found = one(letter().record, note)

    assert (found.state, note.value, note.key) == (State.DROPPED, None, b"web/1")
    assert found.line().endswith("bug: KeyError at domain.py:9; dropped: salah ketik")
    assert dict(note.headers) == HEADERS_AT_FIRST | {"dlq-dropped": b"salah ketik"}


def test_dropped_letter_may_be_replayed_all_the_same() -> None:
    dead = letter()

    assert one(dead.record, written(dead.drop("x"), 60), written(dead.replay(), 90)).state is State.REPLAYED


def test_note_on_a_letter_that_the_broker_no_longer_holds_is_none() -> None:
    assert letters_in([written(letter().drop("x"), 60)]) == []
