"""The codecs of Kafka's clients, each bounded: nothing that is packed small can fill our memory."""

import gzip
import io
import struct
import zlib
from collections.abc import Callable

import cramjam

UNPACKED_BYTES_MAX = 32 * 1024 * 1024  # of one batch; clients fill a batch with 1 MB at most unless told otherwise


class NotUnpackable(Exception):
    """A batch cannot be unpacked; the text names what is wrong and quotes nothing.

    ``may_pass`` says that the bytes are not those that were written, so that fetching them once more may help.
    """

    def __init__(self, why: str, *, may_pass: bool = False) -> None:
        super().__init__(why)
        self.may_pass = may_pass


def unpacked(codec: int, packed: bytes, bytes_max: int = UNPACKED_BYTES_MAX) -> bytes:
    """Return what *packed* holds.

    Raises:
        NotUnpackable: The codec is unknown, the data are broken, or they hold more than *bytes_max*.
    """
    if codec not in CODECS:
        raise NotUnpackable(f"compression codec {codec} is not known")
    name, unpack_with = CODECS[codec]
    try:
        plain = unpack_with(packed, bytes_max)
    except (zlib.error, gzip.BadGzipFile, cramjam.DecompressionError, struct.error, EOFError) as error:
        raise NotUnpackable(f"{name}: {type(error).__name__}") from None
    if len(plain) > bytes_max:
        raise NotUnpackable(f"{name}: more than {bytes_max} bytes come out")
    return plain


def _plain(packed: bytes, bytes_max: int) -> bytes:
    return packed


def _gunzip(packed: bytes, bytes_max: int) -> bytes:
    # A stream may have several members, tens of thousands even: none is copied more than once.
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as members:
        return members.read(bytes_max + 1)


XERIAL = b"\x82SNAPPY\x00"
XERIAL_HEADER_BYTES = 16


def _unsnappy(packed: bytes, bytes_max: int) -> bytes:
    if not packed.startswith(XERIAL):
        _bounded(cramjam.snappy.decompress_raw_len(packed), bytes_max)
        return bytes(cramjam.snappy.decompress_raw(packed))
    plain, at = bytearray(), XERIAL_HEADER_BYTES
    while at < len(packed):
        (length,) = struct.unpack_from(">i", packed, at)
        block = packed[at + 4 : at + 4 + length]
        if length <= 0 or len(block) < length:
            raise EOFError
        _bounded(len(plain) + cramjam.snappy.decompress_raw_len(block), bytes_max)
        plain += bytes(cramjam.snappy.decompress_raw(block))
        at += 4 + length
    return bytes(plain)


def _bounded(length_bytes: int, bytes_max: int) -> None:
    if length_bytes > bytes_max:
        raise NotUnpackable(f"snappy: more than {bytes_max} bytes come out")


def _into(decompress_into: Callable[[bytes, bytearray], int]) -> Callable[[bytes, int], bytes]:
    """Return how to unpack into a buffer of limited size; a large one is made only where a small one is too small."""

    def unpack_into(packed: bytes, bytes_max: int) -> bytes:
        room = bytearray(min(bytes_max, 16 * len(packed) + 64 * 1024))
        try:
            length = decompress_into(packed, room)
        except cramjam.DecompressionError:
            if len(room) == bytes_max:
                raise
            room = bytearray(bytes_max)
            length = decompress_into(packed, room)
        return bytes(memoryview(room)[:length])

    return unpack_into


CODECS: dict[int, tuple[str, Callable[[bytes, int], bytes]]] = {
    0: ("none", _plain),
    1: ("gzip", _gunzip),
    2: ("snappy", _unsnappy),
    3: ("lz4", _into(cramjam.lz4.decompress_into)),
    4: ("zstd", _into(cramjam.zstd.decompress_into)),
}
