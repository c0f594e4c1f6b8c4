"""Typing errors: the known word that a misspelt one means; none where it is not clear."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

WORD_LETTERS_MIN = 7  # of the word that is meant: among shorter ones too many lie one letter apart
DRAWN_OUT = re.compile(r"([a-z])\1{2,}|([a-z])\2$")  # anywhere three times or more, at the end twice
DRAWN_LETTERS_MIN = 4  # of the word that is meant


@dataclass(frozen=True)
class Forgiveness:
    """Known words by the slips that lead to them.

    A slip is a letter drawn out (``rusaaak``), and in words of at least `WORD_LETTERS_MIN` letters one that is missing,
    one too many, or two that changed places, never the first. Another letter in place of one is no slip: it mostly
    makes another word (``sampah``, ``sampan``).
    """

    known: frozenset[str]
    _lacking: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        lacking: dict[str, set[str]] = defaultdict(set)
        for word in self.known:
            if len(word) >= WORD_LETTERS_MIN and word.isalpha():
                for shorter in _without_one(word):
                    lacking[shorter].add(word)
        object.__setattr__(self, "_lacking", {shorter: frozenset(words) for shorter, words in lacking.items()})

    def meant(self, word: str) -> str | None:
        """Return the one known word that *word*, which is none, can be a slip of; None if there is none or several."""
        plain = DRAWN_OUT.sub(once, word)
        if plain in self.known and len(plain) >= DRAWN_LETTERS_MIN:
            return plain
        if len(word) < WORD_LETTERS_MIN - 1 or not word.isalpha():
            return None
        found = set(self._lacking.get(word, ())).union(self.longer(_without_one(word)), self.longer(_swapped(word)))
        return found.pop() if len(found) == 1 else None

    def longer(self, words: Iterable[str]) -> Iterator[str]:
        """Yield those of *words* that are known and long enough."""
        return (word for word in words if word in self.known and len(word) >= WORD_LETTERS_MIN)


def once(drawn_out: re.Match[str]) -> str:
    """Return the letter that is drawn out."""
    return drawn_out[0][0]


def _without_one(word: str) -> Iterator[str]:
    return (word[:index] + word[index + 1 :] for index in range(1, len(word)))


def _swapped(word: str) -> Iterator[str]:
    """Yield *word* with each two letters that stand side by side, but for the first, in each other's place."""
    return (
        word[:index] + word[index + 1] + word[index] + word[index + 2 :]
        for index in range(1, len(word) - 1)
        if word[index] != word[index + 1]
    )
