"""Locality-sensitive hashing (MinHash): keys that two texts share the likelier, the more words they share.

Each word has a number under each of `NUMBERS` hash functions. A text keeps the least of its words' numbers under each:
two texts keep the same one as often as their sets of words overlap (Broder 1997). `ROWS` of them side by side make a
band; texts with a share s in common meet in at least one band with probability 1 - (1 - s^ROWS)^BANDS.
"""

import hashlib
import struct
import zlib
from collections.abc import Collection, Iterable

import numpy as np

from shared.text import remembering_words

BANDS = 20
ROWS = 2
NUMBERS = BANDS * ROWS
NUMBER_BYTES = 4
PER_DIGEST = 16  # numbers in a digest of sixty-four bytes
MASK = 0x7FFFFFFF  # so that MongoDB stores a number in four bytes
BAND_BYTES = ROWS * NUMBER_BYTES


@remembering_words()
def _numbers_of(word: str) -> bytes:
    """Return the numbers of a word under every hash function, 0 to 2**31 - 1, as the bytes of 32-bit numbers.

    They are the same in every process. Forty objects for each word that is remembered would take ten times the memory.
    """
    digests = (
        hashlib.blake2b(word.encode(), digest_size=64, salt=bytes([part])).digest()
        for part in range(-(-NUMBERS // PER_DIGEST))
    )
    return (np.frombuffer(b"".join(digests), ">u4", NUMBERS).astype(np.uint32) & MASK).tobytes()


@remembering_words()
def number_of(word: str) -> int:
    """Return one number for a word, 0 to 2**31 - 1."""
    number: int = struct.unpack_from("=I", _numbers_of(word))[0]
    return number


def band_keys(words: Collection[str], places: Iterable[str]) -> tuple[int, ...]:
    """Return a key for each band at each of *places*, none if there are no words; 0 to 2**31 - 1."""
    if not words:
        return ()
    numbers = np.frombuffer(b"".join(map(_numbers_of, words)), np.uint32).reshape(-1, NUMBERS)
    least = numbers.min(axis=0).astype(">u4").tobytes()
    rows = [least[at : at + BAND_BYTES] for at in range(0, len(least), BAND_BYTES)]
    seeds = [zlib.crc32(place.encode()) for place in places]
    return tuple([zlib.crc32(row, seed + band) & MASK for seed in seeds for band, row in enumerate(rows)])
