"""Normalisation of text, for whoever looks for something in it.

There are two forms. `plain` evens out case and compatibility forms alone: rules and text models read it, and what is
stored relies on it (fingerprints, learned models). `fold` also drops accents and invisible characters and knows the way
back: identities and insults are often disguised, and are masked in the original.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

from shared.values import value

WORD = re.compile(r"[^\W_]+")
LETTERS = re.compile(r"[^\W\d_]+")
LETTERS_OR_DIGITS = re.compile(r"[^\W\d_]+|\d+")
BLANKS_FOR_MARKS = bytes(code if code < 128 and chr(code).isalnum() else ord(" ") for code in range(256))
BLANKS_FOR_ALL_BUT_LETTERS = bytes(code if code < 128 and chr(code).isalpha() else ord(" ") for code in range(256))
WORDS_REMEMBERED_MAX = 50_000  # by whoever computes something for each word: people use few words, again and again
WORD_LETTERS_REMEMBERED_MAX = 64  # no language has longer ones; so many of 8,000 letters would take gigabytes

W = TypeVar("W")


def remembering_words(words_max: int = WORDS_REMEMBERED_MAX) -> Callable[[Callable[[str], W]], Callable[[str], W]]:
    """Return a decorator for what is computed of a word: it keeps what came of the words asked for last.

    Of a word that is longer than any of a language it keeps nothing, so that nobody can fill the memory with such.
    """
    return lambda compute: _Remembered(compute, words_max).__getitem__


class _Remembered(dict[str, W]):
    """What was computed of words, in two halves: once the one is full, it takes the place of the other.

    Asked as a dict, for to call a function for each word, even `lru_cache`, takes several times as long as to look up.
    """

    def __init__(self, compute: Callable[[str], W], words_max: int) -> None:
        super().__init__()
        self.compute = compute
        self.half = words_max // 2
        self.former: dict[str, W] = {}

    def __missing__(self, word: str) -> W:
        former = self.former  # another thread may put another one in its place
        found = former[word] if word in former else self.compute(word)
        if len(word) <= WORD_LETTERS_REMEMBERED_MAX:
            if len(self) >= self.half:
                self.former = dict(self)
                self.clear()
            self[word] = found
        return found


def plain(text: str) -> str:
    """Return *text* in lower case and without compatibility forms, such as full-width letters."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).lower()


def words_of(text: str) -> list[str]:
    """Return the words of *text* in lower case; everything but letters and digits separates them."""
    return words_in(plain(text))


def words_in(text: str) -> list[str]:
    """Return the words of *text* as they stand; everything but letters and digits separates them."""
    if not text.isascii():
        return WORD.findall(text)
    # The same, in a quarter of the time; bytes are translated in a tenth of the time of text.
    return text.encode().translate(BLANKS_FOR_MARKS).decode().split()


def letters_in(text: str) -> list[str]:
    """Return the runs of letters of *text* as they stand."""
    if not text.isascii():
        return LETTERS.findall(text)
    return text.encode().translate(BLANKS_FOR_ALL_BUT_LETTERS).decode().split()


def runs_of(text: str) -> list[str]:
    """Return the runs of letters and the runs of digits of *text*, in lower case."""
    text = plain(text)
    if not text.isascii():
        return LETTERS_OR_DIGITS.findall(text)
    runs: list[str] = []
    for word in words_in(text):  # the same, in half the time: few words have both
        if word.isalpha() or word.isdigit():
            runs.append(word)
        else:
            runs += LETTERS_OR_DIGITS.findall(word)
    return runs


def name_key(name: str) -> str:
    """Return a name as names are compared: in lower case, with single blanks."""
    return " ".join(name.lower().split())


@value
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
