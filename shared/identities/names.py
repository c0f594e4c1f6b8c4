"""Finds the names of people in a text, by the words that introduce them."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from shared.identities.spans import Span
from shared.text import Folded
from shared.values import value

# Apostrophes and hyphens within a name: Ma'ruf, Nur-Aini
TOKEN = re.compile(r"[^\W\d_]+(?:['’`-][^\W\d_]+)*")
BETWEEN = re.compile(r"[\s.:=,\-(\"'/]{0,4}")
WITHIN = re.compile(r"\.?[ \t]{1,2}|\.")
NAME_WORDS_MAX = 4
FILLERS_MAX = 4

Phrases = Mapping[str, Collection[tuple[tuple[str, ...], str]]]
"""By their last word, the words that stand before it, and the mark that must follow it (``an.``); empty for none."""


@value
class Introduction:
    """Words behind which a name may stand, and how sure that is if nothing else speaks for it."""

    phrases: Phrases
    score: float
    needs_sign: bool = True
    takes_capitals: bool = True


@value
class Tokens:
    """The words of a text."""

    folded: Folded
    matches: Sequence[re.Match[str]]
    words: Sequence[str]

    @classmethod
    def of(cls, folded: Folded) -> "Tokens":
        """Return the words of a text, in their order."""
        matches = list(TOKEN.finditer(folded.text))
        return cls(folded, matches, [match.group() for match in matches])

    def is_joined(self, pattern: re.Pattern[str], at: int) -> bool:
        """Return whether what stands between the word at *at* and the next is of that form."""
        return pattern.fullmatch(self.folded.text, self.matches[at].end(), self.matches[at + 1].start()) is not None

    def mark_behind(self, at: int) -> str:
        """Return the character behind a word; none at the end."""
        end = self.matches[at].end()
        return self.folded.text[end : end + 1]

    def is_capital(self, at: int) -> bool:
        """Return whether a word was written with a capital first."""
        return self.folded.original[self.folded.written(*self.matches[at].span())[0]].isupper()


@dataclass(frozen=True)
class People:
    """How names are introduced, and what is none.

    Args:
        label: What stands in their place.
        surely: Words behind which a name stands.
        perhaps: Words behind which one may stand: if it has a title, is known as a name, or is written as one.
        seldom: Words behind which one may stand: if it is known as a name.
        fillers: Words between such a word and the name.
        titles: Words before a name, such as ``pak``.
        given_names: Names.
        everyday: Words that are no part of a name.
        verbs: Finds a word that is none by its form.
    """

    label: str
    surely: Phrases
    perhaps: Phrases
    seldom: Phrases
    fillers: Collection[str]
    titles: Collection[str]
    given_names: frozenset[str]
    everyday: Collection[str]
    verbs: re.Pattern[str]

    @cached_property
    def introducing(self) -> frozenset[str]:
        """Return words of which a text must hold one for anybody to be named in it whose name is not known."""
        return frozenset(
            (before or (last,))[0]
            for phrases in (self.surely, self.perhaps)
            for last, each in phrases.items()
            for before, _ in each
        )

    @cached_property
    def telling(self) -> frozenset[str]:
        """Return words of which a text must hold one for anybody to be named in it."""
        return self.introducing.union(self.given_names)

    @cached_property
    def introductions(self) -> tuple[Introduction, ...]:
        """Return all words that introduce names, surest first."""
        return (
            Introduction(self.surely, 0.9, needs_sign=False),
            Introduction(self.perhaps, 0.7),
            Introduction(self.seldom, 0.6, takes_capitals=False),
        )

    @cached_property
    def last_words(self) -> frozenset[str]:
        """Return the words that stand directly before a name, or before what may stand between."""
        return frozenset(word for one in self.introductions for word in one.phrases)

    @cached_property
    def between(self) -> frozenset[str]:
        """Return the words that may stand before a name, behind the words that introduce it."""
        return frozenset(self.fillers).union(self.titles)

    @cached_property
    def never(self) -> frozenset[str]:
        """Return the words that are no part of a name."""
        return self.between.union(self.everyday) - self.given_names

    def spans(self, folded: Folded, words: Sequence[str]) -> Iterable[Span]:
        """Return where somebody is named; *words* are those of the text, in their order."""
        is_name_known = not self.given_names.isdisjoint(words)
        if not is_name_known and self.introducing.isdisjoint(words):
            return ()
        last_words = self.last_words
        if not any(word in last_words and self._start(words, at) for at, word in enumerate(words, 1)):
            return ()
        return self._spans(Tokens.of(folded), self.introductions if is_name_known else self.introductions[:2])

    def _spans(self, tokens: Tokens, introductions: Sequence[Introduction]) -> Iterator[Span]:
        end = 0
        for at, word in enumerate(tokens.words):
            # Two in a row: saksi Kasmin dan Jarwo
            goes_on = at == end > 0 and word == "dan"
            if at < end or not (goes_on or word in self.last_words):
                continue
            by = next((one for one in introductions if _stands(one.phrases, tokens, at)), None)
            by = introductions[1] if goes_on else by
            name = self._name_from(tokens, at + 1) if by is not None else None
            if by is None or name is None or not self._is_name(by, tokens, at, name):
                continue
            first, last, end = tokens.matches[name[0]].start(), tokens.matches[name[-1]].end(), name.stop
            yield Span(first, last, self.label, by.score, "people", f"it stands behind `{word}`")

    def _is_name(self, by: Introduction, tokens: Tokens, at: int, name: range) -> bool:
        if not by.needs_sign or not self.given_names.isdisjoint(tokens.words[name.start : name.stop]):
            return True
        if not by.takes_capitals:
            return False
        has_title = at < name.start - 1 and tokens.words[name.start - 1] in self.titles
        return has_title or (all(map(tokens.is_capital, name)) and not tokens.folded.original.isupper())

    def _name_from(self, tokens: Tokens, at: int) -> range | None:
        """Return the words of a name that begins at or soon after *at*."""
        first = self._start(tokens.words, at)
        if first is None or not all(tokens.is_joined(BETWEEN, index - 1) for index in range(at, first + 1)):
            return None
        end = first + 1
        while end < len(tokens.words) and end - first < NAME_WORDS_MAX and self._goes_on(tokens, first, end):
            end += 1
        return range(first, end)

    def _start(self, words: Sequence[str], at: int) -> int | None:
        """Return where a name begins, at or soon after *at*; None if a word stands there that is none."""
        for index in range(at, min(at + FILLERS_MAX + 1, len(words))):
            if words[index] not in self.between:
                is_none = words[index] in self.never or self.verbs.fullmatch(words[index]) is not None
                return None if is_none else index
        return None

    def _goes_on(self, tokens: Tokens, first: int, at: int) -> bool:
        word = tokens.words[at]
        if word in self.never or not tokens.is_joined(WITHIN, at - 1):
            return False
        if word in self.given_names or tokens.is_capital(at):
            return True
        return not tokens.is_capital(first) and self.verbs.fullmatch(word) is None


def _stands(phrases: Phrases, tokens: Tokens, at: int) -> bool:
    """Return whether one of the phrases ends with the word at *at*."""
    words = tokens.words
    return any(
        len(before) <= at and tuple(words[at - len(before) : at]) == before and mark in ("", tokens.mark_behind(at))
        for before, mark in phrases.get(words[at], ())
    )
