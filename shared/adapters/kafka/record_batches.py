"""Kafka's record batches (magic 2) as records of ours, whatever outsiders have put into them.

aiokafka unpacks without a bound, and gives a whole fetch up for one name of a header that is not UTF-8. Here what is
unpacked is bounded before anything is parsed, and what is wrong with one record costs that record.
"""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch

from shared.adapters.kafka.compression import NotUnpackable, unpacked
from shared.delivery.guard import Bug, guarded
from shared.delivery.ports import Cut, Record
from shared.events.envelope import HEADERS as OUR_HEADERS
from shared.topics import ADDRESS_BYTES_MAX
from shared.values import replace, value

KEPT_BYTES_MAX = 1024 * 1024  # of a value that is kept whole: as much as a topic takes of what is not compressed
CUT_TO_BYTES = {"value": 64 * 1024, "key": 1024, "headers": 16 * 1024}
# An empty record unpacks from a few bits, an empty header from fewer, and each costs hundreds of bytes as an object.
RECORDS_MAX = 100_000  # in a batch; as small as an event can be, so many fill the 32 MiB
HEADERS_MAX = 1_000  # of a record
AT_ONCE_BYTES_MAX = 1024 * 1024  # unpacked; so much is parsed by the library, which bounds nothing
EPOCH = datetime.fromtimestamp(0, UTC)

# https://kafka.apache.org/documentation/#recordbatch
HEADER = struct.Struct(">qiibIhiqqqhii")
LENGTH_OFFSET, CRC_OFFSET, ATTRIBUTES_OFFSET = 12, 17, 21  # length counts from the first, the CRC from the last
CODEC_MASK, LOG_APPEND_TIME, CONTROL = 0x07, 0x08, 0x20
MAGIC = 2

Headers = tuple[tuple[str, bytes], ...]


@value
class RecordBatch:
    """One batch as it lies on a topic.

    Args:
        data: All of it, packed.
        base_offset, next_offset: Of its first record, and behind its last one, also if that was compacted away.
    """

    data: bytes
    base_offset: int
    next_offset: int
    magic: int
    attributes: int
    count: int

    @property
    def is_control(self) -> bool:
        """Return whether it holds a transaction's marker and no record."""
        return bool(self.attributes & CONTROL)


def split(data: bytes) -> Iterator[RecordBatch]:
    """Yield the batches of one partition's answer to a fetch; a last one that is not there in full is left out."""
    at = 0
    while at + HEADER.size <= len(data):
        base, length, _, magic, _, attributes, last, *_, count = HEADER.unpack_from(data, at)
        end = at + LENGTH_OFFSET + length
        if length < HEADER.size - LENGTH_OFFSET or end > len(data):
            return
        yield RecordBatch(data[at:end], base, base + last + 1, magic, attributes, count)
        at = end


def missing_bytes(data: bytes) -> int:
    """Return how many bytes the first batch has in all, if it is not there in full; else 0."""
    if len(data) < LENGTH_OFFSET:
        return HEADER.size if data else 0
    (length,) = struct.unpack_from(">i", data, 8)
    whole_bytes = LENGTH_OFFSET + int(length)
    return whole_bytes if whole_bytes > len(data) else 0


def unpack(batch: RecordBatch, topic: str, partition: int) -> list[Record]:
    """Return the records of *batch* in order; one that cannot be read by itself is marked as unreadable.

    Raises:
        NotUnpackable: The codec is unknown or its data are broken, the CRC is wrong, more than 32 MiB or 100,000
            records come out, or the records do not lie where the batch says.
    """
    if batch.magic != MAGIC:
        raise NotUnpackable(f"record format {batch.magic} is not read")
    if batch.count > RECORDS_MAX:
        raise NotUnpackable(f"more than {RECORDS_MAX} records come out")
    if not DefaultRecordBatch(batch.data).validate_crc():
        raise NotUnpackable("CRC does not match", may_pass=True)
    payload = unpacked(batch.attributes & CODEC_MASK, batch.data[HEADER.size :])
    records = _at_once(batch, payload, topic, partition) if len(payload) <= AT_ONCE_BYTES_MAX else None
    if records is None:
        records = list(_one_by_one(batch, payload, topic, partition))
    offset = batch.base_offset
    for record in records:
        next_offset = record.next_offset
        if record.offset < offset or next_offset > batch.next_offset:
            raise NotUnpackable("offsets are out of order")
        offset = next_offset
    return records


def unreadable(batch: RecordBatch, topic: str, partition: int, error: str) -> Record:
    """Return what stands for a batch that cannot be unpacked: its place, and its bytes as far as they are kept."""
    packed = _as_record(topic, partition, batch.base_offset, _stamp(batch), None, batch.data, ())
    return replace(packed, unreadable=error, last_offset=batch.next_offset - 1)


def _as_record(
    topic: str,
    partition: int,
    offset: int,
    timestamp: datetime,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[tuple[str, bytes | None]],
) -> Record:
    cuts: list[Cut] = []
    kept = _lowered(headers)
    if value is not None and len(value) > KEPT_BYTES_MAX:
        value, cut = _shortened("value", value)
        cuts.append(cut)
    if key is not None and len(key) > ADDRESS_BYTES_MAX:
        key, cut = _shortened("key", key)
        cuts.append(cut)
    if kept is not OUR_HEADERS and sum(len(name) + len(content) for name, content in kept) > ADDRESS_BYTES_MAX:
        kept, cut = _fewer(kept)
        cuts.append(cut)
    return Record(topic, partition, offset, key, value, kept, timestamp, tuple(cuts))


def _lowered(headers: Sequence[tuple[str, bytes | None]]) -> Headers:
    # Nearly every record bears those of our own services: one tuple stands for all of them.
    if tuple(headers) == OUR_HEADERS:
        return OUR_HEADERS
    return tuple((name.lower(), content or b"") for name, content in headers)


def _shortened(part: str, content: bytes) -> tuple[bytes, Cut]:
    cut = Cut("key" if part == "key" else "value", len(content), hashlib.sha256(content).hexdigest())
    return content[: CUT_TO_BYTES[part]], cut


def _fewer(headers: Headers) -> tuple[Headers, Cut]:
    whole = b"".join(name.encode(errors="surrogateescape") + content for name, content in headers)
    left, kept = CUT_TO_BYTES["headers"], []
    for name, content in headers:
        left -= len(name) + len(content)
        if left < 0:
            break
        kept.append((name, content))
    return tuple(kept), Cut("headers", len(whole), hashlib.sha256(whole).hexdigest())


# The brokers' own stamp is the same for a whole batch.
@lru_cache(maxsize=256)
def instant(timestamp_ms: int) -> datetime:
    """Return a record's timestamp, aware, UTC; the epoch for one that no calendar holds.

    Where the broker does not stamp records itself, as the embedded one does not, a writer may claim any number.
    """
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return EPOCH


def _stamp(batch: RecordBatch) -> datetime:
    return instant(HEADER.unpack_from(batch.data)[8])


def _at_once(batch: RecordBatch, payload: bytes, topic: str, partition: int) -> list[Record] | None:
    """Return the records as the library parses them; None if there is one that it cannot, or with too many headers."""
    head = bytearray(batch.data[: HEADER.size])
    struct.pack_into(">h", head, ATTRIBUTES_OFFSET, batch.attributes & ~CODEC_MASK)
    found = guarded(lambda: list(DefaultRecordBatch(bytes(head) + payload)))
    # A bug is none of ours: the parser fails in many ways at what outsiders write.
    if isinstance(found, Bug) or any(len(each.headers) > HEADERS_MAX for each in found):
        return None
    return [
        _as_record(topic, partition, each.offset, instant(each.timestamp), each.key, each.value, each.headers)
        for each in found
    ]


def _one_by_one(batch: RecordBatch, payload: bytes, topic: str, partition: int) -> Iterator[Record]:
    """Yield records by their own lengths, so that what is wrong inside one of them costs only that one."""
    at, stamp = 0, _stamp(batch)
    for number in range(batch.count):
        offset = batch.base_offset + number
        try:
            length, begin = _varint(payload, at)
            end = begin + length
            if length < 0 or end > len(payload):
                raise CorruptRecordException
        except (IndexError, CorruptRecordException):
            # Where the next record begins is not known either: all that is left of the batch stands here.
            rest = _as_record(topic, partition, offset, stamp, None, payload[at:], ())
            last_offset = max(offset, batch.next_offset - 1)
            yield replace(rest, unreadable="records cannot be told apart", last_offset=last_offset)
            return
        yield _read(batch, payload[begin:end], offset, topic, partition)
        at = end


def _read(batch: RecordBatch, content: bytes, offset: int, topic: str, partition: int) -> Record:
    """Return one record, leniently: the name of a header need not be UTF-8."""
    first_timestamp = HEADER.unpack_from(batch.data)[7]
    try:
        timestamp_delta, at = _varint(content, 1)
        offset_delta, at = _varint(content, at)
        key, at = _bytes(content, at)
        value, at = _bytes(content, at)
        count, at = _varint(content, at)
        if count > HEADERS_MAX:
            return _broken(batch, content, offset, topic, partition, f"more than {HEADERS_MAX} headers")
        headers = []
        for _ in range(count):
            name, at = _bytes(content, at)
            held, at = _bytes(content, at)
            headers.append(((name or b"").decode(errors="backslashreplace"), held))
    except (IndexError, CorruptRecordException):
        return _broken(batch, content, offset, topic, partition, "record is broken")
    by_broker = batch.attributes & LOG_APPEND_TIME
    at_instant = _stamp(batch) if by_broker else instant(first_timestamp + timestamp_delta)
    return _as_record(topic, partition, batch.base_offset + offset_delta, at_instant, key, value, headers)


def _broken(batch: RecordBatch, content: bytes, offset: int, topic: str, partition: int, error: str) -> Record:
    return replace(_as_record(topic, partition, offset, _stamp(batch), None, content, ()), unreadable=error)


def _bytes(content: bytes, at: int) -> tuple[bytes | None, int]:
    length, at = _varint(content, at)
    if length < 0:
        return None, at
    if at + length > len(content):
        raise CorruptRecordException
    return content[at : at + length], at + length


def _varint(content: bytes, at: int) -> tuple[int, int]:
    shift = result = 0
    while True:
        byte = content[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (result >> 1) ^ -(result & 1), at
        shift += 7
        if shift > 63:
            raise CorruptRecordException
