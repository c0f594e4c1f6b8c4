"""Finds insults, emergency words and empty texts among the words of a report."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import islice

from shared.identities.spans import Span
from shared.text import LETTERS, WORD, WORDS_REMEMBERED_MAX, Folded, remembering_words

INSULT = "[kata kasar]"
CLITICS = r"(?:nya|mu|lah|kah|pun|lu|loe)?"
# How letters are disguised in insults.
DISGUISES = {"a": "[a4]", "e": "[e3]", "i": "[i1]", "o": "[o0]", "s": "[s5]"}
LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# A full stop after a short word is mostly an abbreviation: Jl., No., RT.
SENTENCE_END = re.compile(r"(?<=\w{4}[.])\s|(?<=[!?])\s|\n")


@dataclass(frozen=True)
class Phrases:
    """Phrases to find in folded texts, each one word or several side by side; most texts hold none.

    Args:
        wanted: Folded.
        spelling: Returns a pattern for what stands for one word.
    """

    wanted: tuple[str, ...] = ()
    spelling: Callable[[str], str] = re.escape
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _begins: Callable[[str], bool] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        choices = [r"[\W_]+".join(map(self.spelling, phrase.split())) for phrase in self.wanted]
        object.__setattr__(self, "_pattern", re.compile(rf"(?<![^\W_])(?:{_any_of(choices)}){CLITICS}(?![^\W_])"))
        object.__setattr__(self, "_begins", self._first_words())

    def _first_words(self) -> Callable[[str], bool] | None:
        """Return what says whether one of them may begin with a word; None if one begins with a mark."""
        begun = [WORD.match(phrase) for phrase in self.wanted]
        if not all(begun):
            return None
        pattern = re.compile(f"(?:{_any_of(self.spelling(found[0]) for found in begun if found)}){CLITICS}")
        return remembering_words(WORDS_REMEMBERED_MAX // 5)(lambda word: pattern.fullmatch(word) is not None)

    def occur_in(self, text: str, words: Iterable[str]) -> bool:
        """Return whether one of them stands in a folded text; *words* are all of its words, see `words_in`."""
        return (self._begins is None or any(map(self._begins, words))) and self._pattern.search(text) is not None

    def places_in(self, text: str) -> list[tuple[int, int]]:
        """Return where they stand in a folded text."""
        return [found.span() for found in self._pattern.finditer(text)]


def insults(words: Iterable[str]) -> Phrases:
    """Return phrases that are also found in drawn-out and disguised spellings: ``gobloook``, ``g0blok``."""
    return Phrases(tuple(words), _disguised)


def _disguised(word: str) -> str:
    # `aa*` for `a+`: what begins with a letter, and not with a repeat, is passed over where another letter stands.
    letters = (DISGUISES.get(letter, re.escape(letter)) for letter in word)
    return "".join(f"{letter}{letter}*" for letter in letters)


def _any_of(choices: Iterable[str]) -> str:
    """Return a pattern for any of *choices*, the longest first; for none, one that finds nothing."""
    return "|".join(sorted(choices, key=lambda choice: (-len(choice), choice))) or "(?!)"


def insult_spans(folded: Folded, insults: Phrases) -> list[Span]:
    """Return where a text insults somebody."""
    return [Span(*place, INSULT) for place in insults.places_in(folded.text)]


def has_no_characters(body: str) -> bool:
    """Return whether a text holds neither letter nor digit."""
    return not any(map(str.isalnum, body))


def is_only_link(text: str) -> bool:
    """Return whether a folded text holds a link and no word besides."""
    if "http" not in text and "www." not in text:
        return False
    rest, links = LINK.subn(" ", text)
    return links > 0 and LETTERS.search(rest) is None


def has_fewer_letters(text: str, least: int) -> bool:
    """Return whether a folded text has fewer different letters than that."""
    letters: set[str] = set()
    for symbol in text:
        if symbol.isalpha():
            letters.add(symbol)
            if len(letters) >= least:
                return False
    return len(letters) < least


def is_only_filler(text: str, filler: Collection[str]) -> bool:
    """Return whether every word of a folded text is one of *filler*, or one letter drawn out; digits do not count."""
    is_word = False
    for found in LETTERS.finditer(text):
        is_word, word = True, found[0]
        if word not in filler and (len(word) == 1 or len(set(word)) > 1):
            return False
    return is_word


def has_fewer_words(text: str, least: int) -> bool:
    """Return whether a text has fewer words than that."""
    return sum(1 for _ in islice(LETTERS.finditer(text), least)) < least


def headline(body: str, length_max: int) -> str:
    """Return the first sentence of *body* as a title, cut after a word where it is longer than *length_max*."""
    first = SENTENCE_END.split(body.strip(), maxsplit=1)[0].strip()
    if len(first) <= length_max:
        return first
    cut = first[: length_max - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"
