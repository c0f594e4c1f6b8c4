"""Masks spans of a folded text in the original, each by its label."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.text import Folded


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a folded text that is not to be seen, and what stands there instead."""

    start: int
    end: int
    label: str


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
