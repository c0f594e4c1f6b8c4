"""Locality-sensitive hashing (MinHash): keys that two texts share the likelier, the more words they share.

Each word has a number under each of `NUMBERS` hash functions. A text keeps the least of its words' numbers under each:
two texts keep the same one as often as their sets of words overlap (Broder 1997). `ROWS` of them side by side make a
band; texts with a share s in common meet in at least one band with probability 1 - (1 - s^ROWS)^BANDS.
"""

import hashlib
import struct
import zlib
from collections.abc import Collection, Iterable
from functools import lru_cache

from shared.text import WORDS_REMEMBERED_MAX

BANDS = 20
ROWS = 2
NUMBERS = BANDS * ROWS
PER_DIGEST = 16  # numbers of four bytes in a digest of sixty-four
MASK = 0x7FFFFFFF  # so that MongoDB stores a number in four bytes
PAIR = struct.Struct(f">{ROWS}I")


@lru_cache(WORDS_REMEMBERED_MAX)
def _numbers_of(word: str) -> tuple[int, ...]:
    """Return the numbers of a word under every hash function, each 0 to 2**31 - 1; the same in every process."""
    digests = (
        hashlib.blake2b(word.encode(), digest_size=64, salt=bytes([part])).digest()
        for part in range(-(-NUMBERS // PER_DIGEST))
    )
    numbers = [number & MASK for digest in digests for number in struct.unpack(f">{PER_DIGEST}I", digest)]
    return tuple(numbers[:NUMBERS])


def number_of(word: str) -> int:
    """Return one number for a word, 0 to 2**31 - 1."""
    return _numbers_of(word)[0]


def band_keys(words: Collection[str], places: Iterable[str]) -> tuple[int, ...]:
    """Return a key for each band at each of *places*, none if there are no words; 0 to 2**31 - 1."""
    if not words:
        return ()
    columns = zip(*map(_numbers_of, words), strict=True)
    least = list(map(min, columns))
    rows = [PAIR.pack(*least[row : row + ROWS]) for row in range(0, NUMBERS, ROWS)]
    seeds = [zlib.crc32(place.encode()) for place in places]
    return tuple(zlib.crc32(row, seed + band) & MASK for seed in seeds for band, row in enumerate(rows))
