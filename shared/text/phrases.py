"""Phrase search: texts as words in their usual form, and the phrases that occur in them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from shared.text import remembering_words, words_of
from shared.text.typos import Forgiveness

ENDINGS = ("nya", "lah", "kah", "pun")
REGIONAL_ENDINGS = ("ne", "na", "e")  # Javanese and Sundanese for -nya
BARE_LETTERS_MIN = 4  # before a regional ending, which is short enough to be part of another word
TEXTS_REMEMBERED_MAX = 2_048  # more than a batch has; they share their words
BREAK = "|"  # stands between two texts, so that no phrase reaches from one into the other

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Phrasebook:
    """Phrases to look for, and how else their words are written.

    Args:
        spellings: From another way to write something to its usual form.
        phrases: What is looked for, in the usual form (see `usual`).
        forgives: Whether a slip of the pen counts as the word that is meant.
    """

    spellings: Mapping[Phrase, Phrase]
    phrases: frozenset[Phrase]
    forgives: bool = False
    _known: frozenset[str] = field(init=False, repr=False, compare=False)
    _slips: Forgiveness = field(init=False, repr=False, compare=False)
    _stemmed: Callable[[str], str] = field(init=False, repr=False, compare=False)
    _stems_of: Callable[[str], Phrase] = field(init=False, repr=False, compare=False)
    _spelled: Mapping[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)
    _begun: Mapping[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = {word for phrase in (*self.phrases, *self.spellings) for word in phrase}
        object.__setattr__(self, "_known", frozenset(known))
        object.__setattr__(self, "_slips", Forgiveness(frozenset(known) if self.forgives else frozenset()))
        object.__setattr__(self, "_stemmed", remembering_words()(self._stem))
        object.__setattr__(self, "_stems_of", lru_cache(TEXTS_REMEMBERED_MAX)(self._read))
        object.__setattr__(self, "_spelled", _lengths(self.spellings))
        object.__setattr__(self, "_begun", _lengths(self.phrases))

    def found_in(self, *texts: str) -> frozenset[Phrase]:
        """Return the phrases that occur in *texts*."""
        return self.found_among(self.respelled([stem for text in texts for stem in (*self.stems_of(text), BREAK)]))

    def found_among(self, words: Phrase) -> frozenset[Phrase]:
        """Return the phrases that occur among *words*, which are in their usual form already."""
        return frozenset([phrase for _, phrase in self.placed_among(words)])

    def placed_among(self, words: Phrase) -> list[tuple[int, Phrase]]:
        """Return where each phrase begins among *words*, which are in their usual form already, and the phrase."""
        begun, phrases = self._begun, self.phrases
        if begun.keys().isdisjoint(words):
            return []
        return [
            (start, phrase)
            for start, word in enumerate(words)
            if word in begun
            for length in begun[word]
            if (phrase := words[start : start + length]) in phrases
        ]

    def usual(self, words: Iterable[str]) -> Phrase:
        """Return *words* in their usual form; where several ways to write something fit, the longest is meant."""
        return self.respelled(list(map(self._stemmed, words)))

    def usual_of(self, *texts: str) -> Phrase:
        """Return the words of *texts*, one behind the other, in their usual form."""
        return self.respelled([stem for text in texts for stem in self.stems_of(text)])

    def respelled(self, stems: list[str]) -> Phrase:
        """Return words, each of which `stem` has returned, in their usual form."""
        return usual(stems, self.spellings, self._spelled)

    def stems_of(self, text: str) -> Phrase:
        """Return what is looked for in place of each word of *text*; the same text is often read again at once."""
        return self._stems_of(text)

    def stem(self, word: str) -> str:
        """Return what is looked for in place of *word*, which may carry an ending or a doubling ``2``, or be a slip.

        A word that is itself looked for, or that hides none, stays as it is.
        """
        return self._stemmed(word)

    def _read(self, text: str) -> Phrase:
        return tuple(map(self._stemmed, words_of(text)))

    def _stem(self, word: str) -> str:
        if word in self._known:
            return word
        for ending in ENDINGS:
            bare = word.removesuffix(ending)
            if bare != word and bare in self._known:
                return bare
        for ending in REGIONAL_ENDINGS:
            bare = word.removesuffix(ending)
            if bare != word and len(bare) >= BARE_LETTERS_MIN and bare in self._known:
                return bare
        if word.removesuffix("2") in self._known:
            return word.removesuffix("2")
        return (self._slips.meant(word) if self.forgives else None) or word


def without_ending(word: str, known: Collection[str]) -> str:
    """Return *word* as it is looked for: without -nya and the like, if what is left is *known*."""
    return next((bare for ending in ENDINGS if (bare := word.removesuffix(ending)) != word and bare in known), word)


def _lengths(phrases: Iterable[Phrase]) -> Mapping[str, tuple[int, ...]]:
    found: dict[str, set[int]] = defaultdict(set)
    for phrase in phrases:
        found[phrase[0]].add(len(phrase))
    return {word: tuple(sorted(sizes, reverse=True)) for word, sizes in found.items()}


def usual(words: list[str], spellings: Mapping[Phrase, Phrase], begun: Mapping[str, tuple[int, ...]]) -> Phrase:
    """Return *words* with every other way of writing replaced by the usual form."""
    if begun.keys().isdisjoint(words):
        return tuple(words)
    found: list[str] = []
    position = 0  # of the first word that is not in *found* yet
    for start in [start for start, word in enumerate(words) if word in begun]:
        for length in begun[words[start]] if start >= position else ():
            form = spellings.get(tuple(words[start : start + length]))
            if form is not None:
                found += [*words[position:start], *form]
                position = start + length
                break
    return (*found, *words[position:])
