"""Text in a form in which one pattern finds every spelling, and the way back to what was written; finds nothing."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Folded:
    """A text beside its folded form: lower case, without accents and invisible characters, ASCII digits and dashes.

    Args:
        original: As it was written.
        text: Folded; patterns are looked for here.
        origins: For each character of ``text``, and for its end, where it comes from in ``original``.
    """

    original: str
    text: str
    origins: Sequence[int]

    def written(self, start: int, end: int) -> tuple[int, int]:
        """Return where the folded characters from *start* to *end* stand in the original, invisible ones included."""
        return self.origins[start], max(self.origins[end], self.origins[end - 1] + 1)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a folded text that is not to be seen, and what stands there instead."""

    start: int
    end: int
    label: str


def fold(original: str) -> Folded:
    """Return *original* beside its folded form."""
    if original.isascii():
        return Folded(original, original.lower(), range(len(original) + 1))
    pieces: list[str] = []
    origins: list[int] = []
    for index, symbol in enumerate(original):
        piece = _folded_symbol(symbol)
        pieces.append(piece)
        origins.extend([index] * len(piece))
    return Folded(original, "".join(pieces), [*origins, len(original)])


@lru_cache(maxsize=4096)
def _folded_symbol(symbol: str) -> str:
    """Return what one character folds to: often one, for ligatures several, for invisible characters none."""
    digit = unicodedata.decimal(symbol, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(symbol)
    if category == "Cf":
        return ""
    if category == "Pd" or symbol == "\N{MINUS SIGN}":
        return "-"
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", symbol).casefold())
    return "".join(part for part in parts if not unicodedata.category(part).startswith("M"))


def folded_text(text: str) -> str:
    """Return the folded form of *text* alone, its white space reduced to single blanks."""
    return " ".join(fold(text).text.split())


def replaced(folded: Folded, spans: Iterable[Span]) -> str:
    """Return the original with a label in place of each span; where spans overlap, one label covers them all.

    The label is that of the span which comes first in *spans*, so the surest should come first.
    """
    ranked = sorted(((span, rank) for rank, span in enumerate(spans)), key=lambda one: one[0].start)
    parts: list[str] = []
    shown_to = 0
    while ranked:
        cluster, ranked = _first_cluster(ranked)
        start, end = folded.written(cluster[0][0].start, max(span.end for span, _ in cluster))
        parts += [folded.original[shown_to:start], min(cluster, key=lambda one: one[1])[0].label]
        shown_to = end
    return "".join((*parts, folded.original[shown_to:]))


def _first_cluster(ranked: list[tuple[Span, int]]) -> tuple[list[tuple[Span, int]], list[tuple[Span, int]]]:
    end = ranked[0][0].end
    count = 1
    while count < len(ranked) and ranked[count][0].start < end:
        end = max(end, ranked[count][0].end)
        count += 1
    return ranked[:count], ranked[count:]
