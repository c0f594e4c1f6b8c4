"""What is no event still tells who sent it and what it is about, as far as each of these is valid by itself."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import UnreadableEvent
from shared.events.parsing import IN_ATTRIBUTES, IN_DATA, hints_in
from shared.topics import VALUE_BYTES_MAX
from tests.builders import TICKET
from tests.unit.events.lines import DATA, ENVELOPE, line, read

pytestmark = pytest.mark.unit

ENVELOPE_TELLS = {"source": "/channels/web", "event_id": ENVELOPE["id"]}
REPORT_TELLS = {**ENVELOPE_TELLS, "channel": "web", "source_id": "1"}
UPDATE = {
    **ENVELOPE, "source": "/agencies/dishub", "type": "tindak.ticket.acknowledge.v1", "subject": TICKET,
    "data": {"ticket_id": TICKET, "note": "Diterima."},
}  # fmt: skip
UPDATE_TELLS = {"source": "/agencies/dishub", "event_id": ENVELOPE["id"], "ticket_id": TICKET}


def hints(value: bytes | None, headers: Mapping[str, bytes] | None = None) -> Mapping[str, str]:
    with pytest.raises(UnreadableEvent) as refusal:
        read(value, headers)
    return refusal.value.hints


def update(**changes: Any) -> bytes:
    whole = {name: value for name, value in (UPDATE | changes).items() if value is not None}
    return json.dumps(whole).encode()


def with_key(key: str) -> bytes:
    return line().replace(b'"body"', key.encode() + b', "body"')


@pytest.mark.parametrize(
    "value",
    [
        line(body=5),
        line({"specversion": "0.3"}),
        line({"type": "com.example.order"}),
        line(location={"$where": "sleep(9e9)"}),
        line(location={"latitude": float("nan")}),
        with_key('"title": "a", "title": "b"'),
        with_key('"a": "\\ud83d"'),
        with_key('"a": ' + "[" * 40 + "]" * 40),
        with_key('"a": ' + "9" * 10_000),
        with_key('"a": "caf\xe9"').replace(b"\xc3\xa9", b"\xe9"),
        b"\xef\xbb\xbf" + line(),
    ],
    ids=["type", "version", "kind", "operator", "NaN", "twice", "surrogate", "deep", "digits", "Latin-1", "BOM"],
)  # fmt: skip
def test_a_malformed_report_is_identified_by_its_source_id(value: bytes) -> None:
    assert hints(value) == REPORT_TELLS


def test_a_report_without_an_envelope_is_identified() -> None:
    assert hints(json.dumps(DATA).encode()) == {"channel": "web", "source_id": "1"}


@pytest.mark.parametrize("source_id", [None, 5, "", "x" * 129, "a\0b", "\u202e", ["1"]])
def test_a_source_id_that_is_none_is_no_hint(source_id: object) -> None:
    value = json.dumps({**ENVELOPE, "data": {**DATA, "source_id": source_id}}).encode()

    assert hints(value) == {**ENVELOPE_TELLS, "channel": "web"}


@pytest.mark.parametrize("source_id", ['"1", "source_id": "2"', '"\\udc00"', '"a\\ud83d"'])
def test_a_source_id_that_two_readers_may_read_differently_is_no_hint(source_id: str) -> None:
    value = line().replace(b'"source_id": "1"', b'"source_id": ' + source_id.encode())

    assert hints(value) == {**ENVELOPE_TELLS, "channel": "web"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"data": {"ticket_id": TICKET, "note": 5}}, UPDATE_TELLS),
        ({"data": {"ticket_id": "4711"}}, UPDATE_TELLS),
        ({"data": "Diterima."}, UPDATE_TELLS),
        ({"specversion": None, "subject": None}, UPDATE_TELLS),
        ({"data": {"ticket_id": TICKET.upper(), "note": 5}, "subject": "x"}, UPDATE_TELLS),
        ({"id": "4711"}, {"source": "/agencies/dishub", "ticket_id": TICKET}),
        ({"source": "dishub", "specversion": "2"}, {"event_id": ENVELOPE["id"], "ticket_id": TICKET}),
        ({"data": [], "subject": None}, {"source": "/agencies/dishub", "event_id": ENVELOPE["id"]}),
    ],
)
def test_a_malformed_update_is_identified_by_sender_and_ticket(
    changes: Mapping[str, Any], told: Mapping[str, str]
) -> None:
    assert hints(update(**changes)) == told


@pytest.mark.parametrize(
    "source",
    [
        "/tindak/sla", "/agencies/", "/agencies/Dinas Perhubungan", "/agencies/" + "x" * 65, "/agencies/dishub\n",
        "/officers/siti@example.org", "/officers/Siti Rahma", 7,
    ],
)  # fmt: skip
def test_a_sender_that_is_none_is_no_hint(source: object) -> None:
    assert "source" not in hints(update(source=source, specversion=None))


BINARY = {"ce_id": ENVELOPE["id"].encode(), "ce_source": b"/agencies/dishub", "ce_subject": TICKET.encode()}


@pytest.mark.parametrize(
    ("headers", "value", "told"),
    [
        ({"ce_specversion": b"1.0"}, b"{", UPDATE_TELLS),
        ({"ce_specversion": b"1.0"}, None, UPDATE_TELLS),
        ({"ce_specversion": b"1.0"}, b" " * (VALUE_BYTES_MAX + 1), UPDATE_TELLS),
        ({"ce_specversion": b"1.0", "ce_time": b"\xff"}, b"{}", UPDATE_TELLS),
        ({}, json.dumps({"ticket_id": TICKET, "source": "/agencies/dlh"}).encode(), UPDATE_TELLS),
        ({"ce_source": b"/agencies/\xff"}, b"{", {"event_id": ENVELOPE["id"], "ticket_id": TICKET}),
    ],
    ids=["no JSON", "no value", "too long", "header not UTF-8", "no version", "source not UTF-8"],
)
def test_attributes_in_headers_are_read_whatever_the_value_is(
    headers: Mapping[str, bytes], value: bytes | None, told: Mapping[str, str]
) -> None:
    assert hints(value, BINARY | headers) == told


@pytest.mark.parametrize("value", [None, b"not JSON", line()[:-5], b"[" * 100_000, b" " * VALUE_BYTES_MAX + line()])
def test_an_unreadable_value_gives_no_hint(value: bytes | None) -> None:
    assert hints(value) == {}


@given(st.binary(max_size=300), st.dictionaries(st.sampled_from(["ce_id", "ce_source", "ce_subject"]), st.binary()))
def test_every_hint_is_a_valid_value(value: bytes, headers: Mapping[str, bytes]) -> None:
    kinds = {name: kind for name, (_, kind) in IN_ATTRIBUTES.items()} | dict(IN_DATA)

    for name, hint in hints_in(value, headers).items():
        assert kinds[name].validate_python(hint) == hint
