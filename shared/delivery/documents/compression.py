"""Kept answers as they are stored: most of a document, seldom read again, and full of the same words."""

from collections.abc import Mapping, Sequence
from typing import Any

import bson
import cramjam
from bson.errors import BSONError

Raw = dict[str, Any]


def compressed(answers: Sequence[Raw]) -> bytes:
    """Return answers as BSON, compressed as one LZ4 block behind its length."""
    return bytes(cramjam.lz4.compress_block(bson.encode({"answers": answers})))


def decompressed(stored: bytes) -> list[Raw]:
    """Return what was compressed; raise ValueError if that is not what is stored."""
    try:
        answers: list[Raw] = bson.decode(bytes(cramjam.lz4.decompress_block(stored)))["answers"]
    except (cramjam.DecompressionError, BSONError, KeyError) as error:
        raise ValueError("its answers are not compressed as they should be") from error
    return answers


def answers_in(raw: Mapping[str, Any]) -> list[Raw]:
    """Return the kept answers of a stored document, compressed or, as release 0.1.0 stores them, not.

    Raises:
        ValueError: They cannot be decompressed.
        KeyError: There are none.
    """
    answers: bytes | list[Raw] = raw["answers"]
    return decompressed(answers) if isinstance(answers, bytes) else answers
