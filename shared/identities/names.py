"""Finds the names of people in a text, by the words that introduce them."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from shared.identities.spans import Span
from shared.text import Folded

# Apostrophes and hyphens within a name: Ma'ruf, Nur-Aini
TOKEN = re.compile(r"[^\W\d_]+(?:['’`-][^\W\d_]+)*")
BETWEEN = re.compile(r"[\s.:=,\-(\"'/]{0,4}")
WITHIN = re.compile(r"\.?[ \t]{1,2}|\.")
NAME_WORDS_MAX = 4
FILLERS_MAX = 4

Phrases = Mapping[str, Collection[tuple[tuple[str, ...], str]]]
"""By their last word, the words that stand before it, and the mark that must follow it (``an.``); empty for none."""


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
    """

    label: str
    surely: Phrases
    perhaps: Phrases
    seldom: Phrases
    fillers: Collection[str]
    titles: Collection[str]
    given_names: frozenset[str]
    everyday: Collection[str]

    @cached_property
    def introducing(self) -> frozenset[str]:
        """Return words of which a text must hold one for anybody to be named in it whose name is not known."""
        return frozenset(
            (before or (last,))[0]
            for phrases in (self.surely, self.perhaps)
            for last, each in phrases.items()
            for before, _ in each
        )

    def spans(self, folded: Folded, words: frozenset[str]) -> Iterable[Span]:
        """Return where somebody is named; *words* are those of the text, in any order."""
        is_name_known = not self.given_names.isdisjoint(words)
        if not is_name_known and self.introducing.isdisjoint(words):
            return []
        return self._spans(
            folded, (self.surely, self.perhaps, self.seldom) if is_name_known else (self.surely, self.perhaps)
        )

    def _spans(self, folded: Folded, introducing: Sequence[Phrases]) -> Iterator[Span]:
        text = folded.text
        tokens = list(TOKEN.finditer(text))
        said = [token.group() for token in tokens]
        at = 0
        while at < len(said):
            word, at = said[at], at + 1
            by = next(
                (
                    each
                    for each in introducing
                    if word in each
                    and _stands(each[word], said, at - 1, text[tokens[at - 1].end() : tokens[at - 1].end() + 1])
                ),
                None,
            )
            found = self._name_from(text, tokens, said, at) if by is not None else None
            if found is None:
                continue
            first, last, has_title = found
            if (
                by is self.surely
                or not self.given_names.isdisjoint(said[first : last + 1])
                or (by is self.perhaps and (has_title or _is_capitalised(folded, tokens[first : last + 1])))
            ):
                yield Span(tokens[first].start(), tokens[last].end(), self.label)
                at = last + 1

    def _name_from(
        self, text: str, tokens: list[re.Match[str]], said: list[str], at: int
    ) -> tuple[int, int, bool] | None:
        """Return the first and the last word of a name that begins at or soon after *at*, and if it has a title."""
        first, has_title = at, False
        while first < len(said) and (said[first] in self.fillers or said[first] in self.titles):
            has_title = has_title or said[first] in self.titles
            first += 1
            if first - at > FILLERS_MAX:
                return None
        if first == len(said) or self._is_everyday(said[first]):
            return None
        for index in range(at, first + 1):
            if not BETWEEN.fullmatch(text, tokens[index - 1].end(), tokens[index].start()):
                return None
        last = first
        while (
            last + 1 < len(said)
            and last - first + 1 < NAME_WORDS_MAX
            and WITHIN.fullmatch(text, tokens[last].end(), tokens[last + 1].start())
            and not self._is_everyday(said[last + 1])
        ):
            last += 1
        return first, last, has_title

    def _is_everyday(self, word: str) -> bool:
        return (word in self.everyday or word in self.fillers or word in self.titles) and word not in self.given_names


def _is_capitalised(folded: Folded, tokens: list[re.Match[str]]) -> bool:
    original = folded.original
    letters = (original[folded.written(*token.span())[0]] for token in tokens)
    return all(letter.isupper() for letter in letters) and not original.isupper()


def _stands(phrases: Collection[tuple[tuple[str, ...], str]], said: list[str], at: int, mark: str) -> bool:
    return any(
        needed in ("", mark) and len(before) <= at and tuple(said[at - len(before) : at]) == before
        for before, needed in phrases
    )
