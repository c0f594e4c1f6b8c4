"""What our own services wrote is read quickly, and means what it means when it is read with care."""

import json
import random
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from shared.events import Event, Location, UnreadableEvent
from shared.events.catalogue import CATALOGUE, DATA_BY_TYPE, Entry
from shared.events.envelope import decode, decode_own, encode, encode_data, type_of_own
from shared.topics import VALUE_BYTES_MAX
from shared.values import replace
from tests.builders import accepted, event
from tests.contract.golden import read

pytestmark = pytest.mark.unit

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ENTRIES = {entry.data.TYPE: entry for entry in CATALOGUE}
COMPLAINT = event(accepted(), source="/tindak/intake")
VALUE = encode(COMPLAINT)
ODD = 'a"b\\c/\x01\x1f\x7f\u2028\ud7ff\ue000é😀\n\t<>&'
NUMBERS = (0.0, -0.0, 1.0, -6.3, 0.1 + 0.2, 1e-7, 5e-324)
BITES = b'{}[]",:\\0123456789.eE+-tfnul\x00\x1f\x7f \n\xc3\xa9\xed\xa0\x80\xffTZ'


def example(kind: str) -> Event:
    """Return the golden example of a type, as one of our own services would say it."""
    promise = read(kind)
    assert promise is not None
    written = json.dumps(promise["example"] | {"source": "/tindak/example"})
    return decode(written.encode(), {}, from_outside=False)


def with_care(value: bytes) -> Event | str:
    """Return what *value* is when it is read with care, or what is wrong with it."""
    try:
        return decode(value, {}, from_outside=False)
    except UnreadableEvent as fault:
        return str(fault)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_every_type_is_read_quickly_with_the_same_meaning(entry: Entry) -> None:
    full = replace(example(entry.data.TYPE), traceparent=TRACE)
    spare = replace(full, subject=None, key=None, cause_id=None, traceparent=None)

    for each in (full, spare, replace(full, key="elsewhere é")):
        value = encode(each)
        assert (decode_own(value), type_of_own(value)) == (with_care(value), each.type)
        assert decode_own(value) == each


@pytest.mark.parametrize("kind", DATA_BY_TYPE)
def test_data_is_written_as_it_always_was(kind: str) -> None:
    data = example(kind).data

    assert encode_data(data) == orjson.dumps(data.model_dump(mode="json", exclude_none=True))


@pytest.mark.parametrize("number", NUMBERS)
def test_odd_texts_and_numbers_are_written_as_they_always_were(number: float) -> None:
    place = Location(latitude=number, longitude=number / 3)
    data = accepted().model_copy(update={"title": ODD, "location": place})

    assert encode_data(data) == orjson.dumps(data.model_dump(mode="json", exclude_none=True))


def edited(before: str, after: str) -> bytes:
    value = VALUE.decode().replace(before, after, 1).encode()
    assert value != VALUE
    return value


@pytest.mark.parametrize(
    "value",
    [
        b"",
        VALUE[:-1],
        VALUE + b" ",
        VALUE[:-1] + b"]",
        VALUE[:-1] + b',"data":{}}',
        edited('"specversion":"1.0"', '"specversion": "1.0"'),
        edited('"specversion":"1.0"', '"specversion":"1.1"'),
        edited(COMPLAINT.id, COMPLAINT.id.upper()),
        edited("/tindak/intake", "/channels/web"),
        edited("/tindak/intake", "/tindak\\u002fintake"),
        edited("complaint.accepted.v1", "complaint.accepted.v9"),
        edited('"subject":"', '"subject":"\\u0061'),
        edited('"datacontenttype"', '"unknown":1,"datacontenttype"'),
        edited("2026-03-02T05:00:00Z", "2026-13-02T05:00:00Z"),
        edited("2026-03-02T05:00:00Z", "2026-03-02T12:00:00+07:00"),
        edited('"channel":"web"', '"channel":7'),
        edited('"channel":"web"', '"channel":NaN'),
        encode(replace(COMPLAINT, data=accepted(body="x" * VALUE_BYTES_MAX))),
        encode(replace(COMPLAINT, traceparent="00-1-2-3")),
        VALUE.replace(b"web", b"\xff\xfe"),
    ],
)
def test_whatever_is_spelled_otherwise_is_left_to_be_read_with_care(value: bytes) -> None:
    assert decode_own(value) is None


def replaced(value: bytearray, choice: random.Random) -> None:
    value[choice.randrange(len(value))] = choice.choice(BITES)


def dropped(value: bytearray, choice: random.Random) -> None:
    at = choice.randrange(len(value))
    del value[at : at + choice.choice((1, 2, 5))]


def doubled(value: bytearray, choice: random.Random) -> None:
    at, there = choice.randrange(len(value)), choice.randrange(len(value))
    value[at:at] = value[there : there + choice.randrange(1, 30)]


DAMAGE: tuple[Callable[[bytearray, random.Random], Any], ...] = (replaced, dropped, doubled)


@pytest.mark.parametrize("seed", range(20))
def test_damaged_bytes_are_never_read_as_anything_else(seed: int) -> None:
    choice = random.Random(seed)
    values = [encode(example(kind)) for kind in DATA_BY_TYPE]
    read_quickly = 0
    for _ in range(500):
        value = bytearray(choice.choice(values))
        choice.choice(DAMAGE)(value, choice)
        found = decode_own(bytes(value))
        if found is not None:
            read_quickly += 1
            assert found == with_care(bytes(value))

    assert read_quickly > 10
