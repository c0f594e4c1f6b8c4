"""Outsiders write with any client and any slip of the pen: what is legal is taken."""

import contextlib
import json
import sys
import tracemalloc
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import Event, UnreadableEvent
from shared.events.envelope import encode
from shared.topics import VALUE_BYTES_MAX
from tests.builders import TICKET, accepted, event, submitted
from tests.fakes.handler_harness import NOON
from tests.unit.events.lines import DATA, ENVELOPE, ID, PLAIN, TRACE, line, read

pytestmark = pytest.mark.unit


def test_an_event_takes_little_more_memory_than_it_is_long() -> None:
    """Outboxes are remembered by the thousand."""
    said = event(accepted(body="x" * 1000))
    encode(said)
    tracemalloc.start()
    encoded = [encode(said) for _ in range(100)]
    taken_bytes = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    assert taken_bytes < 1.1 * 100 * sys.getsizeof(encoded[0])


def test_event_of_ours_has_exactly_these_bytes() -> None:
    """Consumers elsewhere were written against them."""
    said = Event(
        id=ID, source="/tindak/intake", time=NOON, subject=TICKET, key=TICKET, cause_id=ID, traceparent=TRACE,
        data=accepted(title="Jalan berlubang", body="Dalam."),
    )  # fmt: skip

    assert encode(said).decode() == (
        '{"specversion":"1.0","id":"7c9e6679-7425-40de-944b-e07fc1f90ae7","source":"/tindak/intake",'
        '"type":"tindak.complaint.accepted.v1","time":"2026-03-02T05:00:00Z",'
        '"subject":"5d4c7603-0b90-8078-b901-fed353d55ab2","datacontenttype":"application/json",'
        '"partitionkey":"5d4c7603-0b90-8078-b901-fed353d55ab2",'
        '"causationid":"7c9e6679-7425-40de-944b-e07fc1f90ae7",'
        f'"traceparent":"{TRACE}",'
        '"data":{"ticket_id":"5d4c7603-0b90-8078-b901-fed353d55ab2","tracking_id":"HMFR-D1JN8-HF","channel":"web",'
        '"source_id":"1","submitted_at":"2026-03-02T05:00:00Z","accepted_at":"2026-03-02T05:00:00Z",'
        '"title":"Jalan berlubang","body":"Dalam.","attachments":[],"anonymous":false,"confidential":false,'
        '"missing":[],"flags":[]}}'
    )


@pytest.mark.parametrize("from_outside", [True, False])
def test_encoded_event_reads_back_as_it_was(from_outside: bool) -> None:
    said = Event(ID, "/tindak/intake", NOON, accepted(), subject=TICKET, key=TICKET, cause_id=ID, traceparent=TRACE)

    assert read(encode(said), from_outside=from_outside) == said


def test_plain_json_line_without_headers_is_read() -> None:
    assert read(line()) == PLAIN


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ID.upper()},
        {"id": f"urn:uuid:{ID}"},
        {"time": "2026-03-02T12:00:00+07:00"},
        {"time": "2026-03-02t05:00:00z"},
        {"time": "2026-03-02T05:00:00.000000000Z"},
        {"datacontenttype": "application/json; charset=utf-8", "dataschema": "https://example.org/1", "comexample": 5},
        {"subject": 7, "partitionkey": [], "causationid": {}, "traceparent": False},
    ],
)
def test_sloppy_but_legal_envelope_is_read_the_same(changes: Mapping[str, Any]) -> None:
    assert read(line(changes)) == PLAIN


@pytest.mark.parametrize("changes", [{"time": None}, {"time": None, "data": {**DATA, "new_field": {"a": [1]}}}])
def test_missing_time_from_outside_is_the_records_own(changes: Mapping[str, Any]) -> None:
    assert read(line(changes)).time == NOON + timedelta(seconds=1)


def test_null_time_from_outside_counts_as_missing() -> None:
    value = json.dumps({**ENVELOPE, "time": None}).encode()

    assert read(value).time == NOON + timedelta(seconds=1)


def test_missing_time_within_is_a_fault() -> None:
    with pytest.raises(UnreadableEvent, match="time is not RFC 3339"):
        read(line({"time": None}), from_outside=False)


def test_time_of_another_zone_becomes_utc() -> None:
    read_at = read(line({"time": "2026-03-02T12:00:00+07:00"})).time

    assert (read_at, read_at.tzinfo) == (NOON, UTC)


def test_white_space_around_the_object_is_ignored() -> None:
    assert read(b"\n " + line() + b" \r\n") == PLAIN


def test_binary_mode_reads_as_structured_mode() -> None:
    headers = {f"ce_{name}": str(value).encode() for name, value in ENVELOPE.items() if name != "data"}

    assert read(json.dumps(DATA).encode(), {**headers, "content-type": b"application/json"}) == PLAIN


def test_binary_mode_without_time_gets_the_records_own() -> None:
    headers = {f"ce_{name}": str(ENVELOPE[name]).encode() for name in ("specversion", "id", "source", "type")}

    assert read(json.dumps(DATA).encode(), headers).time == NOON + timedelta(seconds=1)


def test_our_own_topics_refuse_binary_mode() -> None:
    headers = {f"ce_{name}": str(value).encode() for name, value in ENVELOPE.items() if name != "data"}

    with pytest.raises(UnreadableEvent):
        read(json.dumps(DATA).encode(), headers, from_outside=False)


def test_valid_trace_context_is_carried_on() -> None:
    assert read(line({"traceparent": TRACE})).traceparent == TRACE


@pytest.mark.parametrize(
    "trace",
    [
        "x" * 100_000, TRACE.upper(), f"{TRACE}\n", "",
        f"00-{'3674015203910007' * 2}-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-0000081234567890-01",
    ],
)  # fmt: skip
def test_forged_trace_context_counts_as_absent(trace: str) -> None:
    """It is copied into every event that follows."""
    assert read(line({"traceparent": trace})).traceparent is None


def test_a_surrogate_pair_is_one_character() -> None:
    value = line().replace(b"Jalan berlubang.", b"Jalan berlubang \\ud83d\\ude21.")

    assert read(value).data == submitted(title=None, body="Jalan berlubang 😡.")


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u202a\u202b\u202c\u202d\u202e"
       "\u2066\u2067\u2068\u2069"), min_size=1, max_size=500))  # fmt: skip
def test_any_visible_text_comes_through(body: str) -> None:
    said = event(submitted(body=body))

    assert read(encode(said)) == said


def test_depth_of_exactly_the_limit_is_read() -> None:
    nested: Any = 1
    for _ in range(30):  # the envelope and its data are two levels more
        nested = [nested]

    assert read(line(extra=nested)) == PLAIN


@pytest.mark.parametrize("extra", ["[{" * 100, [[]] * 100, [{}] * 100])
def test_brackets_side_by_side_or_within_a_text_make_nothing_deep(extra: Any) -> None:
    assert read(line(extra=extra)) == PLAIN


@pytest.mark.parametrize("name", ["in_$", "a$b", ""])
def test_name_that_only_holds_a_dollar_is_taken(name: str) -> None:
    assert read(line({name: {name: 1}})) == PLAIN


def test_value_of_exactly_the_limit_is_read() -> None:
    value = line()

    assert read(value + b" " * (VALUE_BYTES_MAX - len(value))) == PLAIN


def test_instants_are_written_in_utc() -> None:
    wib = datetime(2026, 3, 2, 12, 0, tzinfo=timezone(timedelta(hours=7)))

    assert b'"time":"2026-03-02T05:00:00Z"' in encode(Event(ID, "/tindak/intake", wib, accepted()))


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 2**70, 1e308, "", " ", "x", "\ud800", "2026-03-02", [], [1], [[]], {}, {"a": 1}, {"uri": 1}]
)
ATTRIBUTES = st.sampled_from([*ENVELOPE, "subject", "traceparent"])
FIELDS = st.sampled_from([*DATA, "title", "location", "reporter", "attachments", "occurred_on", "anonymous"])


@given(st.dictionaries(ATTRIBUTES, ODD, max_size=2), st.dictionaries(FIELDS, ODD, max_size=2))
def test_any_json_in_any_field_is_read_or_refused(changes: dict[str, Any], data: dict[str, Any]) -> None:
    """Nothing but `UnreadableEvent` may come out, and what is read can be written again."""
    value = json.dumps({**ENVELOPE, "data": {**DATA, **data}, **changes}).encode()

    found = None
    with contextlib.suppress(UnreadableEvent):
        found = read(value)

    assert found is None or read(encode(found)) == found


def test_garbage_on_a_topic_of_ours_is_unreadable() -> None:
    with pytest.raises(UnreadableEvent, match="Not JSON"):
        read(b"{", from_outside=False)
