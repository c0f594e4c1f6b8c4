import gzip
import hashlib
import struct
from datetime import UTC, datetime, timedelta

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.kafka.compression import CODECS, NotUnpackable, unpacked
from shared.adapters.kafka.record_batches import (
    AT_ONCE_BYTES_MAX,
    EPOCH,
    HEADER,
    HEADERS_MAX,
    KEPT_BYTES_MAX,
    RECORDS_MAX,
    instant,
    missing_bytes,
    split,
    unpack,
    unreadable,
)
from shared.delivery.ports import Cut, Record
from shared.events.envelope import HEADERS
from shared.topics import ADDRESS_BYTES_MAX
from tests.fakes.batches import NAME, NOT_UTF8, batch, built, claiming, plain, renamed, resealed

pytestmark = pytest.mark.unit

SENT_AT = datetime.fromtimestamp(1_700_000_000, UTC)
GZIP = 1
NAMES = {code: name for code, (name, _) in CODECS.items()}


def record(
    offset: int, value: bytes | None, key: bytes | None = None, headers: tuple[tuple[str, bytes], ...] = ()
) -> Record:
    return Record("t", 3, offset, key, value, headers, SENT_AT + timedelta(milliseconds=offset))


@pytest.mark.parametrize("codec", CODECS, ids=NAMES.get)
def test_every_codec_gives_the_same_records(codec: int) -> None:
    sent = built(
        (b"k", b"one", [("Trace", b"1"), ("empty", None)]), (None, b"two" * 1000, ()), (b"k", None, ()), codec=codec
    )

    found = unpack(batch(sent), "t", 3)

    assert found == [
        record(0, b"one", b"k", (("trace", b"1"), ("empty", b""))), record(1, b"two" * 1000), record(2, None, b"k"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["content-type", "Content-Type", "content-types"])
@pytest.mark.parametrize("more", [[], [("empty", None)], [HEADERS[0]]])
def test_headers_like_our_own_are_kept_in_lower_case(name: str, more: list[tuple[str, bytes | None]]) -> None:
    kind = HEADERS[0][1]

    (found,) = unpack(batch(built((b"k", b"one", [(name, kind), *more]))), "t", 3)

    assert found.headers == ((name.lower(), kind), *((each, content or b"") for each, content in more))


def test_several_batches_follow_one_another() -> None:
    first, second = plain(b"1", b"2", base_offset=5), plain(b"3", codec=GZIP, base_offset=7)

    found = list(split(first + second + plain(b"cut off")[:40]))

    assert [(each.base_offset, each.next_offset) for each in found] == [(5, 7), (7, 8)]
    assert [each.offset for found_in in found for each in unpack(found_in, "t", 3)] == [5, 6, 7]


def test_an_incomplete_batch_states_its_length() -> None:
    whole = plain(b"x" * 100)

    assert missing_bytes(whole[:90]) == len(whole)
    assert (missing_bytes(whole), missing_bytes(b"")) == (0, 0)


def test_a_header_whose_name_is_no_utf8_costs_nothing() -> None:
    sent = renamed(built((None, b"one", [(NAME, b"1")]), (None, b"two", ())))

    found = unpack(batch(sent), "t", 3)

    name = NOT_UTF8.decode(errors="backslashreplace")
    assert found == [record(0, b"one", None, ((name, b"1"),)), record(1, b"two")]


def test_a_broken_record_costs_itself_alone() -> None:
    sent = bytearray(plain(b"one", b"two", b"three"))
    at = sent.index(b"two")
    sent[at - 1] = 0xFE  # the value claims 127 bytes, more than the record has

    first, broken, third = unpack(batch(resealed(sent)), "t", 3)

    assert (first, third) == (record(0, b"one"), record(2, b"three"))
    assert (broken.offset, broken.next_offset, broken.unreadable) == (1, 2, "record is broken")


def test_inseparable_records_become_one_unreadable_record() -> None:
    sent = bytearray(plain(b"one", b"two", b"three"))
    sent[sent.index(b"two") - 6] = 0xFD  # a length below zero

    first, rest = unpack(batch(resealed(sent)), "t", 3)

    assert first == record(0, b"one")
    assert (rest.offset, rest.next_offset, rest.unreadable) == (1, 3, "records cannot be told apart")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (plain(b"x")[:-1] + b"y", "CRC does not match"),
        (claiming(plain(b"x"), 5), "compression codec 5 is not known"),
        *((claiming(plain(b"x" * 99), code), NAMES[code]) for code in (1, 2, 3, 4)),
        (plain(b"x" * 33 * 1024 * 1024, codec=1), "gzip: more than 33554432 bytes come out"),
        (plain(b"x" * 33 * 1024 * 1024, codec=2), "snappy: more than 33554432 bytes come out"),
        (plain(b"x" * 33 * 1024 * 1024, codec=3), "lz4: DecompressionError"),
        (plain(b"x" * 33 * 1024 * 1024, codec=4), "zstd: DecompressionError"),
    ],
)  # fmt: skip
def test_an_undecodable_batch_carries_its_reason(data: bytes, why: str) -> None:
    with pytest.raises(NotUnpackable, match=why):
        unpack(batch(data), "t", 3)


def test_a_batch_that_cannot_be_unpacked_is_one_record_with_its_bytes() -> None:
    data = plain(b"1", b"2", b"3", base_offset=40)

    stands = unreadable(batch(data), "t", 3, "gzip: error")

    assert (stands.offset, stands.next_offset, stands.value, stands.unreadable) == (40, 43, data, "gzip: error")


@pytest.mark.parametrize(("length", "is_cut"), [(KEPT_BYTES_MAX, False), (KEPT_BYTES_MAX + 1, True)])
def test_a_value_is_cut_only_above_the_limit(length: int, is_cut: bool) -> None:
    value = b"x" * length

    (found,) = unpack(batch(plain(value, codec=GZIP)), "t", 3)

    cut = Cut("value", length, hashlib.sha256(value).hexdigest())
    assert found.cuts == ((cut,) if is_cut else ())
    assert found.value == (value[: 64 * 1024] if is_cut else value)


def test_a_huge_key_and_huge_headers_are_cut() -> None:
    key, content = b"k" * (ADDRESS_BYTES_MAX + 1), b"h" * ADDRESS_BYTES_MAX

    (found,) = unpack(batch(built((key, b"v", [("small", b"1"), ("huge", content)]))), "t", 3)

    whole = b"small1huge" + content
    assert found.cuts == (
        Cut("key", len(key), hashlib.sha256(key).hexdigest()),
        Cut("headers", len(whole), hashlib.sha256(whole).hexdigest()),
    )
    assert (found.key, found.headers, found.value) == (key[:1024], (("small", b"1"),), b"v")


def test_parsing_one_by_one_equals_parsing_at_once() -> None:
    few = [(b"k", b"one", [("Trace", b"1"), ("empty", None)]), (None, None, ()), (None, b"", [("x", b"")])]
    many = [*few, *[(None, b"x" * AT_ONCE_BYTES_MAX, ())] * 2]

    assert unpack(batch(built(*many, codec=GZIP)), "t", 3)[:3] == unpack(batch(built(*few)), "t", 3)


@pytest.mark.parametrize("more", [0, 1, AT_ONCE_BYTES_MAX])
def test_a_record_with_more_headers_than_anybody_sends_stands_unread(more: int) -> None:
    headers = [("", None)] * (HEADERS_MAX + more)

    found, beside = unpack(batch(built((None, b"v", headers), (None, b"beside", ()), codec=GZIP)), "t", 3)

    assert (len(found.headers), found.unreadable) == (
        (0, f"more than {HEADERS_MAX} headers") if more else (HEADERS_MAX, None)
    )
    assert beside == record(1, b"beside")


def test_a_batch_of_more_records_than_events_would_fit_is_not_unpacked() -> None:
    data = plain(*[b""] * (RECORDS_MAX + 1), codec=GZIP)

    with pytest.raises(NotUnpackable, match="more than 100000 records come out"):
        unpack(batch(data), "t", 3)


@given(st.binary(max_size=300), st.sampled_from(sorted(CODECS)))
def test_any_packed_bytes_are_unpacked_or_refused_with_a_reason(packed: bytes, codec: int) -> None:
    try:
        plain_bytes = unpacked(codec, packed, 1000)
    except NotUnpackable:
        return

    assert len(plain_bytes) <= 1000


@given(st.data())
def test_each_offset_of_a_broken_batch_appears_once(data: st.DataObject) -> None:
    sent = bytearray(plain(b"one", b"two", b"three", base_offset=7))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(HEADER.size, len(sent) - 1))
        sent[at] = data.draw(st.integers(0, 255))

    try:
        found = unpack(batch(resealed(sent)), "t", 3)
    except NotUnpackable:
        return  # it stands as one

    places = [offset for each in found for offset in range(each.offset, each.next_offset)]
    assert places == [7, 8, 9]


def test_a_stream_of_several_gzip_members_is_read_whole() -> None:
    assert unpacked(GZIP, gzip.compress(b"one") + gzip.compress(b"two")) == b"onetwo"
    assert unpacked(GZIP, gzip.compress(b"x" * 700) * 30_000) == b"x" * 21_000_000


def test_a_stream_that_ends_within_a_member_is_not_unpacked() -> None:
    with pytest.raises(NotUnpackable, match="gzip: EOFError"):
        unpacked(GZIP, gzip.compress(b"one") + gzip.compress(b"two")[:-3])


def test_java_frames_snappy_in_blocks() -> None:
    blocks = [bytes(cramjam.snappy.compress_raw(part)) for part in (b"one", b"two")]
    framed = b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1) + b"".join(struct.pack(">i", len(b)) + b for b in blocks)

    assert unpacked(2, framed) == b"onetwo"


@pytest.mark.parametrize(
    ("timestamp_ms", "at"),
    [
        (0, EPOCH),
        (1_772_427_600_250, datetime(2026, 3, 2, 5, 0, 0, 250_000, UTC)),
        (253_402_300_799_000, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (253_402_300_800_000, EPOCH),
        (2**63 - 1, EPOCH),
        (-(2**63), EPOCH),
    ],
)
def test_a_timestamp_that_no_calendar_holds_is_the_epoch(timestamp_ms: int, at: datetime) -> None:
    assert instant(timestamp_ms) == at
