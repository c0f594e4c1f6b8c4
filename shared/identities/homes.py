"""Finds where somebody lives; the place of the matter is left alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shared.identities.spans import Span
from shared.text import Folded

STREET = (
    r"(?:jl|jln|jalan|gg|gang|komp|kompl|komplek|kompleks|kp|kmp|kampung|perum|perumahan|cluster|klaster|blok|blk|dusun|lorong|"
    r"apartemen|apt|rusun|griya|villa|vila|residence|puri|taman|graha|bukit|pondok|no|nomor)"
)
PART = r"(?:no|nomor|nomer|blok|blk|rt|rw|kav|kavling|lt|lantai|unit|gg|gang)"
NUMBER = r"(?:[a-z]{1,3}\s?[-/]?\s?)?\d{1,4}[a-z]?(?:\s?[-/]\s?\w{1,4})?(?!\w)"
SCORE = 0.8
ANY_DIGIT = re.compile(r"\d")
ADDRESS = re.compile(
    rf"(?:{STREET}\b\.?|(?:[a-z][\w'-]{{1,30}}[ \t,]{{1,2}}){{1,3}}(?=(?:blok|blk|kav|no|nomor)\b))"
    r"(?:[ \t.,/-]{0,3}(?!(?:yang|yg|dan|karena|sudah|tidak|mohon|tolong)\b)[\w'-]{1,30}){0,7}?[ \t.,/-]{0,3}"
    rf"(?:{PART}\b[ \t.:]{{0,2}})?{NUMBER}"
    rf"(?:[ \t.,/-]{{0,3}}(?:{PART}\b[ \t.:/]{{0,2}}(?:{NUMBER}|[a-z]{{1,2}}\b))){{0,4}}"
)


@dataclass(frozen=True)
class Homes:
    """How homes are introduced.

    Args:
        label: What stands in their place.
        said_of: Finds words behind which somebody's address stands, with what may stand between.
        words: One of these is among them.
    """

    label: str
    said_of: re.Pattern[str]
    words: frozenset[str]

    def spans(self, folded: Folded, words: Sequence[str]) -> list[Span]:
        """Return where somebody's street and number are written; *words* are those of the text."""
        if self.words.isdisjoint(words) or not ANY_DIGIT.search(folded.text):
            return []
        behind = (ADDRESS.match(folded.text, match.end()) for match in self.said_of.finditer(folded.text))
        return [
            Span(*found.span(), self.label, SCORE, "homes", "words that say whose home it is")
            for found in behind
            if found is not None
        ]
