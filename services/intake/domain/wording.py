"""Finds insults, emergency words and empty texts among the words of a report."""

import re
from collections.abc import Collection, Iterable
from itertools import islice

from shared.identities.spans import Span
from shared.text import LETTERS, Folded

INSULT = "[kata kasar]"
CLITICS = r"(?:nya|mu|lah|kah|pun|lu|loe)?"
# How letters are disguised in insults.
DISGUISES = {"a": "[a4]", "e": "[e3]", "i": "[i1]", "o": "[o0]", "s": "[s5]"}
NOTHING = re.compile(r"(?!)")

LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# A full stop after a short word is mostly an abbreviation: Jl., No., RT.
SENTENCE_END = re.compile(r"(?<=\w{4}[.])\s|(?<=[!?])\s|\n")


def phrases(words: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for folded texts that finds any of *words*, each one word or several side by side."""
    choices = [r"[\W_]+".join(map(re.escape, phrase.split())) for phrase in words]
    return _alternation(choices, CLITICS)


def insults(words: Iterable[str]) -> re.Pattern[str]:
    """Return such a pattern that also finds drawn-out and disguised spellings: ``gobloook``, ``g0blok``."""
    choices = [r"[\W_]+".join(map(_disguised, phrase.split())) for phrase in words]
    return _alternation(choices, CLITICS)


def _disguised(word: str) -> str:
    # `aa*` for `a+`: what begins with a letter, and not with a repeat, is passed over where another letter stands.
    letters = (DISGUISES.get(letter, re.escape(letter)) for letter in word)
    return "".join(f"{letter}{letter}*" for letter in letters)


def _alternation(choices: list[str], ending: str) -> re.Pattern[str]:
    """Return a pattern for any of *choices* as a whole word, the longest first; for none, one that finds nothing."""
    if not choices:
        return NOTHING
    longest_first = "|".join(sorted(choices, key=lambda choice: (-len(choice), choice)))
    return re.compile(rf"(?<![^\W_])(?:{longest_first}){ending}(?![^\W_])")


def insult_spans(folded: Folded, pattern: re.Pattern[str]) -> list[Span]:
    """Return where a text insults somebody."""
    return [Span(*found.span(), INSULT) for found in pattern.finditer(folded.text)]


def has_no_characters(body: str) -> bool:
    """Return whether a text holds neither letter nor digit."""
    return not any(map(str.isalnum, body))


def is_only_link(text: str) -> bool:
    """Return whether a folded text holds a link and no word besides."""
    if "http" not in text and "www." not in text:
        return False
    rest, links = LINK.subn(" ", text)
    return links > 0 and LETTERS.search(rest) is None


def distinct_letters(text: str) -> int:
    """Return how many different letters a folded text has."""
    return sum(map(str.isalpha, set(text)))


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
