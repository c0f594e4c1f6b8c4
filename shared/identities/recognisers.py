"""What identities look like: patterns with a score, words around them that raise it, checks that settle it.

The form is that of Presidio's recognisers (https://microsoft.github.io/presidio/analyzer/adding_recognizers/). What is
harmless is recognised in the same way: where an amount of money and a telephone number are found in the same place, the
higher score decides.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from shared.identities.checks import Check
from shared.text import LETTERS, Folded, letters_in
from shared.values import value

# However many words speak for it: only what is certain by itself scores 1.
SCORE_BY_CONTEXT_MAX = 0.995
REASONS = (
    ("its form", "its form, a word nearby"),
    ("its form, the check of its digits", "its form, the check of its digits, a word nearby"),
)
"""By whether a check holds and whether a word nearby speaks for it."""
ENDING = "nya"
ANY_DIGIT = re.compile(r"\d")
UP_TO_LAST_DIGIT = re.compile(r".*\d", re.DOTALL)


@value
class Pattern:
    """One way in which something is written.

    Args:
        regex: For folded text; what it finds is its first group, if it has one.
        score: 0 to 1, how sure it is without a word beside it.
        check: Whether what was found can be it.
        checked_score: What it scores if the check holds; if it does not, it scores *score*.
        is_whole: Its groups are for references back: all of what it finds is it.
        needs: Words of which a text must hold one, or it is not looked for; none: it is looked for in any.
        digits_min: So many digits a text must hold.
    """

    regex: re.Pattern[str]
    score: float
    check: Check | None = None
    checked_score: float = 0.0
    is_whole: bool = False
    needs: frozenset[str] = frozenset()
    digits_min: int = 0


@dataclass(frozen=True)
class Recogniser:
    """Something that is recognised in texts.

    Args:
        name: Of what it recognises.
        label: What stands in its place; empty: it is harmless and stays.
        patterns: How it is written.
        form: What a text must hold for those patterns that need no word to be looked for; None: any text.
        context: Phrases that make it surer, near what was found: by their last word, the words before it.
        context_score: How much surer.
        before, after: So many characters before and behind it are looked at, not beyond another number.
    """

    name: str
    label: str
    patterns: Sequence[Pattern]
    form: re.Pattern[str] | None = None
    context: Mapping[str, Collection[tuple[str, ...]]] = field(default_factory=dict)
    context_score: float = 0.0
    before: int = 45
    after: int = 16

    @cached_property
    def score_max(self) -> float:
        """Return the most that anything can score that it finds."""
        alone = max(max(each.score, each.checked_score) for each in self.patterns)
        return max(alone, min(SCORE_BY_CONTEXT_MAX, alone + self.context_score))

    @cached_property
    def digits_least(self) -> int:
        """Return how many digits a text must hold for anything to be found."""
        return min(each.digits_min for each in self.patterns)

    @cached_property
    def needs(self) -> frozenset[str]:
        """Return words of which a text must hold one for anything to be found; none if it may do without."""
        needs = [each.needs for each in self.patterns]
        return frozenset().union(*needs) if all(needs) else frozenset()

    def findings(self, text: str, words: Collection[str], digits: int) -> list["Finding"]:
        """Return what it finds in a folded text of these words and so many digits."""
        found = []
        has_form = self.form is None or self.form.search(text) is not None
        for pattern in self.patterns:
            if pattern.digits_min > digits or (pattern.needs.isdisjoint(words) if pattern.needs else not has_form):
                continue
            group = 1 if pattern.regex.groups and not pattern.is_whole else 0
            for match in pattern.regex.finditer(text):
                start, end = match.span(group)
                holds = pattern.check is not None and pattern.check(text[start:end])
                score = max(pattern.score, pattern.checked_score) if holds else pattern.score
                has_context = (
                    score > 0 and not self.context.keys().isdisjoint(words) and self._has_context(text, start, end)
                )
                if has_context:
                    score = min(SCORE_BY_CONTEXT_MAX, score + self.context_score)
                if score > 0:
                    found.append(Finding(start, end, score, self, holds, has_context))
        return found

    def _has_context(self, text: str, start: int, end: int) -> bool:
        near = text[max(0, start - self.before) : start]
        digits = UP_TO_LAST_DIGIT.match(near)
        if self._is_context(near[digits.end() :] if digits else near):
            return True
        behind = text[end : end + self.after]
        digit = ANY_DIGIT.search(behind)
        return self._is_context(behind[: digit.start()] if digit else behind)

    def _is_context(self, near: str) -> bool:
        said = [word.removesuffix(ENDING) or word for word in LETTERS.findall(near)]
        for at, word in enumerate(said):
            for before in self.context.get(word, ()):
                if not before or tuple(said[max(0, at - len(before)) : at]) == before:
                    return True
        return False


class Finding(NamedTuple):
    """Where something was recognised, how sure that is, and whether a check and a word nearby speak for it."""

    start: int
    end: int
    score: float
    by: Recogniser
    is_checked: bool
    has_context: bool

    @property
    def reason(self) -> str:
        """Return what speaks for it, in words."""
        return REASONS[self.is_checked][self.has_context]


@value
class Gate:
    """What a text must hold for anything to be found: one of these words, characters, or a digit run of the pattern."""

    words: frozenset[str] = frozenset()
    characters: tuple[str, ...] = ()
    regex: re.Pattern[str] | None = None

    def opens(self, text: str, words: Sequence[str]) -> bool:
        """Return whether a folded text holds it; *words* are its words."""
        if self.regex is not None and self.regex.search(text) is not None:
            return True
        return any(map(text.__contains__, self.characters)) or not self.words.isdisjoint(words)


@value
class Recognisers:
    """All of them.

    Args:
        gated: By what a text must hold for them to be asked.
        threshold: Findings that score less are none.
    """

    gated: Sequence[tuple[Gate, Sequence[Recogniser]]] = ()
    threshold: float = 0.5

    def identities(self, folded: Folded, words: Sequence[str]) -> list[Finding]:
        """Return what is to be covered, surest first: nothing of which surer things that are harmless make up half."""
        text, digits = folded.text, len(ANY_DIGIT.findall(folded.text))
        opened = [recognisers for gate, recognisers in self.gated if gate.opens(text, words)]
        labelled = [each for asked in opened for each in asked if each.label and each.digits_least <= digits]
        if not labelled:
            return []
        alone = _bare_words(text).union(words)
        found = self._findings(labelled, text, alone, digits)
        if not found:
            return []
        least = min(one.score for one in found)
        harmless = [
            each
            for asked in opened
            for each in asked
            if not each.label and each.score_max > least and each.digits_least <= digits
        ]
        found += self._findings(harmless, text, alone, digits)
        kept: list[Finding] = []
        taken, passed = bytearray(len(text)), bytearray(len(text))
        # Of equal scores the identity's counts, then the longer one's.
        for one in sorted(found, key=lambda one: (-one.score, not one.by.label, one.start - one.end)):
            length = one.end - one.start
            if 2 * passed.count(1, one.start, one.end) >= length:
                continue
            if one.by.label:
                kept.append(one)
                taken[one.start : one.end] = b"\1" * length
            elif not taken.count(1, one.start, one.end):
                passed[one.start : one.end] = b"\1" * length
        return kept

    def _findings(self, asked: Sequence[Recogniser], text: str, words: Collection[str], digits: int) -> list[Finding]:
        return [
            one
            for each in asked
            if not (each.needs and each.needs.isdisjoint(words))
            for one in each.findings(text, words, digits)
            if one.score >= self.threshold
        ]


def _bare_words(text: str) -> set[str]:
    """Return the words of a folded text without what is written together with them: numbers and the ending ``-nya``."""
    words = set(letters_in(text))
    return words.union([word.removesuffix(ENDING) for word in words if word.endswith(ENDING)])
