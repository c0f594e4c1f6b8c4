"""Record batches as ordinary and as odd clients build them."""

import struct
from collections.abc import Sequence

from aiokafka.record._crc32c import crc as crc32c
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from shared.adapters.kafka.record_batches import ATTRIBUTES_OFFSET, CRC_OFFSET, HEADER, RecordBatch, split

NAME = "eleven_long"  # of a header, to be replaced by bytes that are no UTF-8
NOT_UTF8 = b"\xff\xfeno_utf8_\xff"  # as long

Given = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes | None]]]


def built(*records: Given, codec: int = 0, base_offset: int = 0, timestamp_ms: int = 1_700_000_000_000) -> bytes:
    """Return a batch of (key, value, headers), packed with that codec, as aiokafka's producer builds it."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=codec, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=-1,
        batch_size=64 * 1024 * 1024,
    )  # fmt: skip
    for number, (key, value, headers) in enumerate(records):
        builder.append(number, timestamp=timestamp_ms + number, key=key, value=value, headers=list(headers))
    data = bytearray(builder.build())
    struct.pack_into(">q", data, 0, base_offset)
    return bytes(data)


def plain(*values: bytes, codec: int = 0, base_offset: int = 0) -> bytes:
    """Return a batch of values without keys and headers."""
    return built(*((None, value, ()) for value in values), codec=codec, base_offset=base_offset)


def resealed(data: bytes | bytearray) -> bytes:
    """Return a batch that was changed by hand with the CRC that a broker finds right."""
    fresh = bytearray(data)
    struct.pack_into(">I", fresh, CRC_OFFSET, crc32c(bytes(fresh[ATTRIBUTES_OFFSET:])))
    return bytes(fresh)


def renamed(data: bytes) -> bytes:
    """Return an uncompressed batch in which the header called `NAME` has a name that is no UTF-8."""
    return resealed(data.replace(NAME.encode(), NOT_UTF8))


def claiming(data: bytes, codec: int) -> bytes:
    """Return a batch that claims to be packed with a codec by which it is not."""
    fresh = bytearray(data)
    (attributes,) = struct.unpack_from(">h", fresh, ATTRIBUTES_OFFSET)
    struct.pack_into(">h", fresh, ATTRIBUTES_OFFSET, attributes & ~7 | codec)
    return resealed(fresh)


def batch(data: bytes) -> RecordBatch:
    """Return the one batch that *data* holds."""
    (found,) = split(data)
    assert len(data) >= HEADER.size
    return found
