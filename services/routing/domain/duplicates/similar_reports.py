"""Ranks the open reports of one kelurahan by how much their text is like a new one's; people decide what it means.

Reports of the same matter in other words share few words but many pieces of words, so that character n-grams find most
of what `similarity` leaves alone: cosine of dampened counts times inverse document frequency (TF-IDF).
"""

import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from shared.text import remembering_words, words_of
from shared.values import value

GRAM_LETTERS = 4
BUCKETS = 2**15  # n-grams are counted by hash, of 16 bits; two that share a bucket hardly change a ranking
SYMBOLS_MAX = 2_000  # of a text; the rest of a longer one is not compared
SIMILAR_MAX = 3
SCORE_DIGITS = 3
ROUNDED_BY = 10**-SCORE_DIGITS  # and by no more
SCORE_MIN = 0.05  # below it hardly two reports of the same matter were found
REPORTS_MAX = 200  # of one kelurahan, the newest: what one report costs does not grow with those that are open
CHANGES_MIN, CHANGED_SHARE = 8, 8  # after so many and an eighth of the reports rarity is counted again
DENSE_MAX = 96  # kelurahan whose rarities stand ready by bucket, 128 KiB each

Number = TypeVar("Number", bound=np.generic)
Columns = NDArray[np.uint16]
Floats = NDArray[np.float32]
Starts = NDArray[np.int64]


class Vector(NamedTuple):
    """The n-grams of a text by bucket, ascending, and their dampened counts."""

    columns: Columns
    weights: Floats


class OpenReport(NamedTuple):
    """What is kept of a report: what people call its ticket, and its text as a vector."""

    tracking_id: str
    vector: Vector


@value
class SimilarReport:
    """An open ticket whose report, or a member's, is like a new one; ``score`` is 0 to 1."""

    ticket_id: str
    tracking_id: str
    score: float


@remembering_words()
def _grams_of(word: str) -> bytes:
    """Return the buckets of a word's n-grams, as the bytes of 32-bit numbers, which join fastest."""
    padded = f" {word} "
    grams = (padded[at : at + GRAM_LETTERS] for at in range(max(1, len(padded) - GRAM_LETTERS + 1)))
    return np.array([zlib.crc32(gram.encode()) % BUCKETS for gram in grams], dtype=np.int32).tobytes()


def vector_of(text: str) -> Vector:
    """Return the n-grams of *text*; never empty."""
    words = words_of(text[:SYMBOLS_MAX]) or [""]
    grams = np.frombuffer(b"".join(map(_grams_of, words)), np.int32).copy()
    grams.sort()
    # As `np.unique` counts them, in two thirds of its time: where a gram is another than that before it, a run begins.
    begins = np.ones(len(grams) + 1, np.bool_)
    np.not_equal(grams[1:], grams[:-1], out=begins[1:-1])
    at = begins.nonzero()[0]
    counts = (at[1:] - at[:-1]).astype(np.float32)
    return Vector(grams[at[:-1]].astype(np.uint16), 1 + np.log(counts))


class _Rarity:
    """How rare n-grams are among the reports of a kelurahan; sparse, for there may be thousands of kelurahan.

    Args:
        columns: The n-grams of all reports, one behind the other.
        reports: How many there are.
    """

    def __init__(self, columns: Columns, reports: int) -> None:
        counts = np.bincount(columns, minlength=BUCKETS)
        occurring = counts.nonzero()[0]
        self.columns: Columns = occurring.astype(np.uint16)
        self.values: Floats = 1 + np.log(np.float32(1 + reports) / (1 + counts[occurring]).astype(np.float32))
        self.elsewhere = 1 + np.log(np.float32(1 + reports))

    def of(self, columns: Columns) -> Floats:
        """Return the rarity of n-grams."""
        return _dense(self).take(columns)


@lru_cache(DENSE_MAX)
def _dense(rarity: _Rarity) -> Floats:
    found = np.full(BUCKETS, rarity.elsewhere, np.float32)
    found[rarity.columns] = rarity.values
    return found


class _Matrix:
    """Reports as rows of one length each, weighed by the rarity of their n-grams; what is not held is still in it.

    The rows lie one behind the other, with room for more at the end, so that one more is not a copy of all.

    Args:
        reports: Those of the first rows, at least one; rarity is counted among them.
    """

    def __init__(self, reports: Mapping[str, OpenReport]) -> None:
        vectors = [report.vector for report in reports.values()]
        columns = np.concatenate([vector.columns for vector in vectors])
        sizes = np.array([len(vector.columns) for vector in vectors])
        starts = np.cumsum(sizes, dtype=np.int64) - sizes
        self.rarity = _Rarity(columns, len(vectors))
        weights = np.concatenate([vector.weights for vector in vectors]) * self.rarity.of(columns)
        lengths = np.sqrt(np.add.reduceat(weights * weights, starts))
        self.ids = list(reports)
        self.size = len(columns)
        self.columns: Columns = columns
        self.weights: Floats = weights / np.repeat(lengths, sizes)
        self.starts: Starts = starts

    def append(self, id_: str, vector: Vector) -> None:
        """Add one row, under the rarity that is known."""
        row, rows, start = vector.weights * self.rarity.of(vector.columns), len(self.ids), self.size
        end = start + len(row)
        self.columns, self.weights = _with_room(self.columns, end), _with_room(self.weights, end)
        self.starts = _with_room(self.starts, rows + 1)
        self.columns[start:end], self.weights[start:end] = vector.columns, row / np.sqrt(np.dot(row, row))
        self.starts[rows], self.size = start, end
        self.ids.append(id_)

    def scores(self, asked: Vector) -> Floats:
        """Return the cosine of *asked* and each row."""
        _asked[asked.columns] = asked.weights * self.rarity.of(asked.columns)
        products = _asked.take(self.columns[: self.size])
        length = np.sqrt(np.dot(_asked, _asked))
        _asked[asked.columns] = 0
        products *= self.weights[: self.size]
        cosines: Floats = np.add.reduceat(products, self.starts[: len(self.ids)]) / length
        return cosines


# Zeros between two calls: an array of that size, made anew, costs more than all that is counted with it.
_asked = np.zeros(BUCKETS, np.float32)


def _with_room(array: NDArray[Number], size: int) -> NDArray[Number]:
    """Return *array*, or a larger one that begins like it where fewer than *size* find room."""
    if size <= len(array):
        return array
    larger = np.empty(size + size // 4, array.dtype)
    larger[: len(array)] = array
    return larger


class SimilarityIndex:
    """The open reports of one kelurahan, at most `REPORTS_MAX`.

    How rare an n-gram is counts as of the last time when the matrix was made; it is made again after some changes.
    """

    def __init__(self) -> None:
        self.reports: dict[str, OpenReport] = {}
        self._waiting: dict[str, OpenReport] = {}  # for which there is no room before the oldest are gone
        self._matrix: _Matrix | None = None
        self._changes = 0

    def __len__(self) -> int:
        """Return how many reports it remembers."""
        return len(self.reports) + len(self._waiting)

    def unknown(self, ids: Iterable[str]) -> list[str]:
        """Return those of *ids* whose reports must be read to be held, in the same order."""
        reports, waiting = self.reports, self._waiting
        return [id_ for id_ in ids if id_ not in reports and id_ not in waiting]

    def keep(self, ids: Collection[str], read: Mapping[str, OpenReport]) -> None:
        """Hold the reports of *ids* alone, of which those that were `unknown` stand in *read*, as far as they exist."""
        for gone in self.reports.keys() - set(ids):
            del self.reports[gone]
            self._changes += 1
        new = {**read, **self._waiting}
        self._waiting.clear()
        # In order, so that of two that are equally similar the same one comes first.
        for id_ in ids if new else ():
            if id_ in new:
                self.add(id_, new[id_])

    def add(self, id_: str, report: OpenReport) -> None:
        """Hold one report more, unless it is held; where there are too many, once `keep` has made room for it."""
        if id_ in self.reports:
            return
        if len(self.reports) >= REPORTS_MAX:
            self._waiting[id_] = report
            return
        self.reports[id_] = report
        self._changes += 1
        if self._matrix is not None and self._is_current():
            self._matrix.append(id_, report.vector)

    def most_similar(
        self, asked: Vector, itself: str, leaders: Mapping[str, str], found_max: int = SIMILAR_MAX
    ) -> tuple[SimilarReport, ...]:
        """Return the tickets that are most like *asked*, the most similar first.

        A ticket that follows another counts for its leader, which is what others can be merged into.

        Args:
            asked: Of the ticket *itself*, which is not returned.
            leaders: Whom those follow that follow somebody.
        """
        found: dict[str, SimilarReport] = {}
        for score, id_ in self._ranked(asked):
            if score < SCORE_MIN or len(found) == found_max:
                break
            matter = leaders.get(id_, id_)
            report = self.reports.get(matter)
            if itself not in (id_, matter) and matter not in found and report is not None and id_ in self.reports:
                found[matter] = SimilarReport(matter, report.tracking_id, score)
        return tuple(found.values())

    def _ranked(self, asked: Vector) -> Iterator[tuple[float, str]]:
        if not self.reports:
            return
        if self._matrix is None or not self._is_current():
            self._matrix, self._changes = _Matrix(self.reports), 0
        scores, ids = self._matrix.scores(asked), self._matrix.ids
        high = (scores > SCORE_MIN - ROUNDED_BY).nonzero()[0]
        order = high[np.argsort(-scores[high], kind="stable")]
        for index, score in zip(order.tolist(), scores[order].tolist(), strict=True):
            yield round(min(1.0, score), SCORE_DIGITS), ids[index]

    def _is_current(self) -> bool:
        return self._changes <= CHANGES_MIN + len(self.reports) // CHANGED_SHARE
