"""Kept answers as they are stored: most of a document, seldom read again, and full of the same words."""

from collections.abc import Mapping, Sequence
from typing import Any

import bson
import cramjam
from bson.errors import BSONError

Raw = dict[str, Any]

RATIO_MAX, LENGTH_BYTES = 255, 4
"""An LZ4 block holds at most so many times its own bytes; the length of what it holds is written before it."""
NOT_AS_IT_SHOULD = "its answers are not compressed as they should be"


def compressed(answers: Sequence[Raw]) -> bytes:
    """Return answers as BSON, compressed as one LZ4 block behind its length."""
    return bytes(cramjam.lz4.compress_block(bson.encode({"answers": answers})))


def decompressed(stored: bytes) -> list[Raw]:
    """Return what was compressed; raise ValueError if that is not what is stored."""
    # Room is made for as much as is claimed, before anything shows that it is not there.
    if int.from_bytes(stored[:LENGTH_BYTES], "little") > RATIO_MAX * len(stored):
        raise ValueError(NOT_AS_IT_SHOULD)
    try:
        answers: list[Raw] = bson.decode(bytes(cramjam.lz4.decompress_block(stored)))["answers"]
    except (cramjam.DecompressionError, BSONError, KeyError) as error:
        raise ValueError(NOT_AS_IT_SHOULD) from error
    return answers


def answers_in(raw: Mapping[str, Any]) -> list[Raw]:
    """Return the kept answers of a stored document, compressed or, as release 0.1.0 stores them, not.

    Raises:
        ValueError: They cannot be decompressed.
        KeyError: There are none.
    """
    answers: bytes | list[Raw] = raw["answers"]
    return decompressed(answers) if isinstance(answers, bytes) else answers
