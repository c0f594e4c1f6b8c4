"""Masks spans of a folded text in the original, each by its label."""

from collections.abc import Sequence

from shared.text import Folded
from shared.values import value


@value
class Span:
    """A stretch of a folded text that is not to be seen, and what stands there instead.

    Args:
        start, end: Where, in the folded text.
        label: What stands there instead.
        score: 0 to 1, how sure that is.
        by: Name of what found it.
        reason: What speaks for it, in words.
    """

    start: int
    end: int
    label: str
    score: float = 1.0
    by: str = ""
    reason: str = ""


def replaced(folded: Folded, spans: Sequence[Span]) -> str:
    """Return the original with a label in place of each span; where spans overlap, one label covers them all.

    The label is that of the span which comes first in *spans*, so the surest should come first.
    """
    if not spans:
        return folded.original
    ranked = sorted(enumerate(spans), key=lambda one: one[1].start)
    parts: list[str] = []
    shown_to = at = 0
    while at < len(ranked):
        (rank, span), end = ranked[at], ranked[at][1].end
        first, at = span.start, at + 1
        while at < len(ranked) and ranked[at][1].start < end:
            end = max(end, ranked[at][1].end)
            rank = min(rank, ranked[at][0])
            at += 1
        start, end = folded.written(first, end)
        parts += [folded.original[shown_to:start], spans[rank].label]
        shown_to = end
    return "".join((*parts, folded.original[shown_to:]))
