"""Reports as sparse vectors: words and word pairs, pieces of words, and the place as features of their own.

It knows no agency. Pieces of words make up for endings and slips, so that no stemmer is needed; they depend on the
word alone, so that each word is taken apart once and remembered.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.routing.classifier.words import usual, words
from shared.text import WORD_LETTERS_REMEMBERED_MAX, runs_of

PIECE_LETTERS = (2, 3, 4, 5)
REPORTS_MIN = 2  # a feature that only one report has teaches nothing
FEATURES_MAX = (80_000, 120_000, 40_000)  # of each block; the rest is too rare to be worth its memory
BLOCK_WEIGHTS = (1.0, 1.0, 0.6)  # a place as heavy as the text found no more agencies and covered 0.01 less
REMEMBERED_WORDS_MAX = 60_000  # some 300 bytes each
REMEMBERED_FIELDS_MAX = 4_096  # of places: a city has few districts and categories, and addresses that come back

Place = Mapping[str, str]
Columns = NDArray[np.int32]
Floats = NDArray[np.float32]
Starts = NDArray[np.int64]


class Vectors(NamedTuple):
    """Rows of a sparse matrix in CSR form; each block of a row has the length of the block's weight, or is empty."""

    starts: Starts
    columns: Columns
    values: Floats


class Word(NamedTuple):
    """A word taken apart.

    Args:
        usual: As the model reads it.
        columns: Of the word and its pieces, as the bytes of 32-bit numbers, which join fastest.
        followed_by: The columns of the word pairs that begin with it, by the other word.
    """

    usual: str
    columns: bytes
    followed_by: Mapping[str, int]


@dataclass(frozen=True)
class Lexicon:
    """The features that a model knows, each with its column and its rarity.

    Args:
        blocks: Words and word pairs, pieces, places; features in the order of their columns.
        rarity: Inverse document frequency by column.
    """

    blocks: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    rarity: Floats
    _index: tuple[Mapping[str, int], ...] = field(init=False, repr=False, compare=False)
    _pairs: Mapping[str, Mapping[str, int]] = field(init=False, repr=False, compare=False)
    _ends: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    _remembered: dict[str, Word] = field(init=False, repr=False, compare=False, default_factory=dict)
    _columns_of_field: Callable[[str, str], bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ends = np.cumsum([len(block) for block in self.blocks])
        begins = (0, *ends[:-1].tolist())
        index = tuple(
            dict(zip(block, range(begin, begin + len(block)), strict=True))
            for begin, block in zip(begins, self.blocks, strict=True)
        )
        object.__setattr__(self, "_ends", ends)
        object.__setattr__(self, "_index", index)
        object.__setattr__(self, "_pairs", _followers(index[0]))
        object.__setattr__(self, "_columns_of_field", lru_cache(REMEMBERED_FIELDS_MAX)(self._read_field))

    def vectors(self, texts: Sequence[str], places: Sequence[Place]) -> Vectors:
        """Return one row for each report: dampened counts times rarity."""
        rows = [self.columns_of(text, place) for text, place in zip(texts, places, strict=True)]
        starts, columns, counts = _counted(rows)
        values = (1 + np.log(counts.astype(np.float32))) * self.rarity.take(columns)
        return Vectors(starts, columns, self._scaled(starts, columns, values))

    def columns_of(self, text: str, place: Place) -> Columns:
        """Return the columns of all features that occur in a report, each as often as it occurs."""
        remembered = self._remembered
        read = [remembered.get(token) or self._remember(token) for token in runs_of(text)]
        found = [column for one, other in pairwise(read) if (column := one.followed_by.get(other.usual)) is not None]
        found_bytes = np.array(found, dtype=np.int32).tobytes()
        named = [self._columns_of_field(name, value) for name, value in place.items()]
        return np.frombuffer(b"".join([found_bytes, *named, *[word.columns for word in read]]), dtype=np.int32)

    def _read_field(self, name: str, value: str) -> bytes:
        return np.array(_known(_field_features(name, value), self._index[2]), dtype=np.int32).tobytes()

    def _remember(self, token: str) -> Word:
        of_words, of_pieces, _ = self._index
        word = usual(token)
        columns = _known((word,), of_words) + _known(pieces(word), of_pieces)
        if len(self._remembered) >= REMEMBERED_WORDS_MAX:
            self._remembered.clear()
        kept = Word(word, np.array(columns, dtype=np.int32).tobytes(), self._pairs.get(word, {}))
        if len(token) <= WORD_LETTERS_REMEMBERED_MAX:
            self._remembered[token] = kept
        return kept

    def _scaled(self, starts: Starts, columns: Columns, values: Floats) -> Floats:
        blocks = np.searchsorted(self._ends, columns, side="right")
        rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        cells = rows * len(self.blocks) + blocks
        lengths = np.sqrt(np.bincount(cells, values**2)).astype(np.float32)
        weights = np.array(BLOCK_WEIGHTS, dtype=np.float32).take(blocks)
        scaled: Floats = (values * weights / lengths.take(cells)).astype(np.float32)
        return scaled


def learn_features(texts: Iterable[str], places: Iterable[Place]) -> Lexicon:
    """Return the features of these reports that occur in at least `REPORTS_MIN` of them."""
    counters: tuple[Counter[str], Counter[str], Counter[str]] = (Counter(), Counter(), Counter())
    pieces_of: dict[str, list[str]] = {}
    reports = 0
    for text, place in zip(texts, places, strict=True):
        found = words(text)
        for word in found:
            if word not in pieces_of:
                pieces_of[word] = pieces(word)
        counters[0].update({*found, *_pairs(found)})
        counters[1].update({piece for word in set(found) for piece in pieces_of[word]})
        counters[2].update(set(_place_features(place)))
        reports += 1
    chosen = [_commonest(*each) for each in zip(counters, FEATURES_MAX, strict=True)]
    seen = [counter[one] for counter, block in zip(counters, chosen, strict=True) for one in block]
    rarity = 1 + np.log((1 + reports) / (1 + np.array(seen, dtype=np.float64)))
    return Lexicon((chosen[0], chosen[1], chosen[2]), rarity.astype(np.float32))


def _commonest(counter: Counter[str], features_max: int) -> tuple[str, ...]:
    ranked = sorted(((count, feature) for feature, count in counter.items() if count >= REPORTS_MIN), reverse=True)
    return tuple(feature for _, feature in ranked[:features_max])


def pieces(word: str) -> list[str]:
    """Return the runs of 2 to 5 letters of *word*, its ends marked by spaces."""
    marked = f" {word} "
    return [marked[at : at + length] for length in PIECE_LETTERS for at in range(len(marked) - length + 1)]


def _pairs(found: Sequence[str]) -> list[str]:
    return [f"{one} {other}" for one, other in pairwise(found)]


def _place_features(place: Place) -> list[str]:
    return [feature for name, value in place.items() for feature in _field_features(name, value)]


def _field_features(name: str, value: str) -> list[str]:
    """Return a whole value with the name of its field, and its words and word pairs.

    Words are the same in every field, so that a district named in the address counts like the district itself.
    """
    found = words(value)
    return [f"{name}={' '.join(found)}", *found, *_pairs(found)] if found else []


def _followers(index: Mapping[str, int]) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for feature, column in index.items():
        one, space, other = feature.partition(" ")
        if space:
            found.setdefault(one, {})[other] = column
    return found


def _known(features: Collection[str], index: Mapping[str, int]) -> list[int]:
    return [column for column in map(index.get, features) if column is not None]


def _counted(rows: Sequence[Columns]) -> tuple[Starts, Columns, NDArray[np.int64]]:
    """Return where each row begins, its columns in order and each once, and how often each stands in the row."""
    begins = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    ordered = np.concatenate([np.empty(0, np.int32), *map(np.sort, rows)])
    # A column is counted from where it differs from the one before it, or a row begins, to where the next one is.
    is_first = np.ones(len(ordered) + 1, np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:-1])
    is_first[begins] = True
    firsts = is_first.nonzero()[0]
    return np.searchsorted(firsts, begins), ordered[firsts[:-1]], np.diff(firsts)
