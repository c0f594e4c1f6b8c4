"""What cannot be taken is refused by name, in both languages, and never quoted."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import Reason, UnreadableEvent
from shared.events.faults import named
from shared.topics import VALUE_BYTES_MAX
from tests.unit.events.lines import DATA, ENVELOPE, line, read

pytestmark = pytest.mark.unit


def faults(value: bytes | None, headers: Mapping[str, bytes] | None = None) -> list[tuple[str, str | None]]:
    """Return code and field of everything that is wrong with a record."""
    with pytest.raises(UnreadableEvent) as refusal:
        read(value, headers)
    return [(reason.code, reason.field) for reason in refusal.value.reasons]


def the_fault(value: bytes | None, headers: Mapping[str, bytes] | None = None) -> Reason:
    """Return the only thing that is wrong with a record."""
    with pytest.raises(UnreadableEvent) as refusal:
        read(value, headers)
    (reason,) = refusal.value.reasons
    return reason


@pytest.mark.parametrize(
    ("value", "code", "said"),
    [
        (None, "malformed", "no value"),
        (b"", "malformed", "Not JSON: Expecting value, line 1 column 1"),
        (b"Jalan rusak", "malformed", "Not JSON"),
        (b'{"specversion": "1.0",}', "malformed", "line 1 column"),
        (b"\xff\xfe{}", "malformed", "Not UTF-8 (at byte 0)"),
        (b"\xef\xbb\xbf{}", "malformed", "BOM"),
        (b"[]", "malformed", "not a JSON object"),
        (b"null", "malformed", "not a JSON object"),
        (b'{"a": NaN}', "malformed", "NaN is not JSON"),
        (b'{"a": -Infinity}', "malformed", "-Infinity is not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "malformed", "too many digits"),
        (b'{"a": 1, "a": 2}', "malformed", "The key 'a' stands twice"),
        (b'{"data": {"b": {"c": 1, "c": 1}}}', "malformed", "The key 'c' stands twice"),
        (b'{"a": "\\ud83d"}', "malformed", "half of a Unicode surrogate pair"),
        (b'{"\\udE21": 1}', "malformed", "half of a Unicode surrogate pair"),
        (b'{"a": ' * 33 + b"1" + b"}" * 33, "malformed", "deeper than 32"),
        (b"[" * 100_000, "malformed", "deeper than 32"),
        (b'{"data": {"$where": "sleep(1000)"}}', "schema_violation", "'$where' is not allowed"),
        (b'{"a\\u0000b": 1}', "schema_violation", "is not allowed as a field name"),
        (b" " * (VALUE_BYTES_MAX + 1), "too_long", f"{VALUE_BYTES_MAX + 1} bytes"),
        (b"x" * 10_000_000, "too_long", "10000000 bytes"),
    ],
)
def test_unreadable_value_is_refused_by_name(value: bytes | None, code: str, said: str) -> None:
    fault = the_fault(value)

    assert fault.code == code
    assert said in fault.message_en


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"specversion": None}, ["specversion"]),
        ({"specversion": "0.3"}, ["specversion"]),
        ({"specversion": 1.0}, ["specversion"]),
        ({"id": None}, ["id"]),
        ({"id": ""}, ["id"]),
        ({"id": "4711"}, ["id"]),
        ({"source": None}, ["source"]),
        ({"type": None}, ["type"]),
        ({"type": "tindak.complaint.submited.v1"}, ["type"]),
        ({"type": ["tindak.complaint.submitted.v1"]}, ["type"]),
        ({"time": "yesterday"}, ["time"]),
        ({"time": "2026-03-02T05:00:00"}, ["time"]),
        ({"time": 1772427600}, ["time"]),
        ({"time": "0001-01-01T00:00:00+07:00"}, ["time"]),
        ({"data": None}, ["data"]),
        ({"data": "Jalan rusak"}, ["data"]),
        ({"id": "4711", "time": "now", "data": {**DATA, "body": 5}}, ["id", "time", "body"]),
    ],
)
def test_every_wrong_attribute_is_named(changes: Mapping[str, Any], fields: list[str]) -> None:
    assert faults(line(changes)) == [("schema_violation", field) for field in fields]


def test_header_that_is_not_utf8_is_named() -> None:
    fault = the_fault(json.dumps(DATA).encode(), {"ce_specversion": b"1.0", "ce_id": b"\xff"})

    assert (fault.code, fault.message_en) == ("malformed", "Header ce_id is not UTF-8.")


@pytest.mark.parametrize(
    ("data", "code", "message_id", "message_en"),
    [
        ({"body": None}, "schema_violation", "body harus berupa teks.", "body must be text."),
        ({"channel": ""}, "schema_violation", "channel tidak boleh kosong.", "channel must not be empty."),
        ({"title": "x" * 201}, "too_long", "title lebih dari 200 karakter.", "title is longer than 200 characters."),
        ({"body": "x" * 8001}, "too_long", "body lebih dari 8000 karakter.", "body is longer than 8000 characters."),
        ({"body": "a\u202eb"}, "schema_violation", "body memuat karakter tersembunyi U+202E.",
         "body holds the hidden character U+202E."),
        ({"title": "a\0b"}, "schema_violation", "title memuat karakter tersembunyi U+0000.",
         "title holds the hidden character U+0000."),
        ({"submitted_at": "2026-03-02T05:00:00"}, "schema_violation",
         "submitted_at harus menyebut zona waktu, misalnya +07:00.",
         "submitted_at must name its time zone, such as +07:00."),
        ({"submitted_at": "kemarin"}, "schema_violation", "submitted_at bukan waktu menurut RFC 3339.",
         "submitted_at is not an instant as in RFC 3339."),
        ({"occurred_on": "31-02-2026"}, "schema_violation", "occurred_on bukan tanggal berbentuk 2026-03-31.",
         "occurred_on is not a date such as 2026-03-31."),
        ({"classification": "rant"}, "schema_violation",
         "classification harus salah satu dari 'complaint_supervisory', 'complaint', 'information_request' atau "
         "'aspiration'.",
         "classification must be one of 'complaint_supervisory', 'complaint', 'information_request' or 'aspiration'."),
        ({"anonymous": "maybe"}, "schema_violation", "anonymous harus true atau false.",
         "anonymous must be true or false."),
        ({"location": {"latitude": 91}}, "schema_violation", "location.latitude harus paling banyak 90.0.",
         "location.latitude must be at most 90.0."),
        ({"location": "Ciputat"}, "schema_violation", "location harus berupa objek JSON.",
         "location must be a JSON object."),
        ({"attachments": [{"uri": "a", "media_type": "image/png"}] * 11}, "too_long",
         "attachments lebih dari 10 butir.", "attachments is longer than 10 items."),
        ({"attachments": [{"uri": "a", "media_type": "b", "sha256": "AB"}]}, "schema_violation",
         "attachments.0.sha256 tidak sesuai pola ^[0-9a-f]{64}$.",
         "attachments.0.sha256 does not match the pattern ^[0-9a-f]{64}$."),
    ],
)  # fmt: skip
def test_wrong_data_is_named_in_both_languages(
    data: Mapping[str, Any], code: str, message_id: str, message_en: str
) -> None:
    value = json.dumps({**ENVELOPE, "data": {**DATA, **data}}).encode()

    fault = the_fault(value)

    assert (fault.code, fault.message_id, fault.message_en) == (code, message_id, message_en)


def test_fault_without_a_sentence_of_its_own_is_still_named() -> None:
    """`ticket_id` of a command is checked by a function, whose words are not ours to translate."""
    value = line({"type": "tindak.ticket.withdraw.v1", "data": {"ticket_id": "4711"}})

    fault = the_fault(value)

    assert fault.message_id == "ticket_id tidak sah."
    assert fault.message_en == "ticket_id is not valid: badly formed hexadecimal UUID string."


def test_missing_data_field_is_required() -> None:
    value = json.dumps({**ENVELOPE, "data": {"channel": "web"}}).encode()

    assert faults(value) == [("schema_violation", field) for field in ("source_id", "submitted_at", "body")]


def test_at_most_twenty_faults_are_reported() -> None:
    """A record of 256 KiB can hold a hundred thousand; their list must fit into a record itself."""
    assert len(faults(line(attachments=[{}] * 10, submitted_at="x", title=5))) == 20


def test_long_names_are_cut_before_they_are_quoted() -> None:
    fault = the_fault(b'{"$' + b"x" * 100_000 + b'": 1}')

    assert len(fault.message_en) < 120


def test_refusal_never_quotes_the_refused_value() -> None:
    number = "081234567890"

    with pytest.raises(UnreadableEvent) as refusal:
        read(line(channel=[number], source_id="", submitted_at=number, body=5, classification=number, anonymous=number))

    assert number not in str(refusal.value)
    assert number not in "".join(reason.model_dump_json() for reason in refusal.value.reasons)


@given(st.binary(max_size=300))
def test_no_bytes_at_all_are_more_than_unreadable(value: bytes) -> None:
    with pytest.raises(UnreadableEvent):
        read(value)


def test_a_fault_is_printed_as_sentences_without_its_code() -> None:
    """A dead letter names the code beside it: nobody should read it twice."""
    with pytest.raises(UnreadableEvent) as refusal:
        read(line(body=5, channel=""))

    assert str(refusal.value) == "channel must not be empty. body must be text."


@pytest.mark.parametrize(
    "name", ["Nama saya Zubaidah", "Zubaidah", "081234567890", "siti@warga.example", "a b", "x" * 80]
)
def test_a_name_that_is_none_of_a_machine_is_not_quoted(name: str) -> None:
    assert named(name) == "'…'"


@pytest.mark.parametrize("name", ["time", "$where", "tindak.ticket.progres.v1", "0.3", "com.example.order"])
def test_a_technical_name_is_quoted(name: str) -> None:
    assert named(name) == f"'{name}'"
