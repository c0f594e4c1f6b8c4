"""Recognises what a report must not be spread for: by words that stand near each other, and not by sentences."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from shared.text import WORDS_REMEMBERED_MAX, Folded, remembering_words
from shared.text.phrases import BREAK, Phrase, Phrasebook
from shared.values import value

NUMBER = "#"  # stands for any number in a phrase: pukul 10 is a time, no blow
# A full stop behind a short word is an abbreviation's: Yth., Jl., Bpk.
TOKEN = re.compile(r"[^\W\d_][^\W_]*|\d+(?:[.,]\d+)*|(?<=\w{4})[.]+|[!?;:\n]+")
TOKEN_OF_ASCII = re.compile(TOKEN.pattern, re.ASCII)
BREAK_WORDS = 3  # as far apart are the words on both sides of the end of a sentence
DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
DISGUISES = str.maketrans("013457", "oieast")
PLACES_MAX = 60  # of one word class that are looked at: a text of 8,000 characters can be one word again and again

Span = tuple[int, int]


@value
class Pattern:
    """Something to recognise: a word of every class of ``near``, all within so many words.

    Args:
        id: Of the rule, for people.
        near: Names of word classes; the words stand in any order.
        within: Words from the first one to the last.
        unless: Names of word classes of which a word within ``aside`` words of them says that something else is meant.
    """

    id: str
    near: tuple[str, ...]
    within: int
    unless: tuple[str, ...] = ()
    aside: int = 0


@value
class Kind:
    """A kind of sensitive report, and by what it is recognised."""

    code: str
    patterns: tuple[Pattern, ...]


@value
class Wish:
    """What a reporter asks for in the text itself: to be ``anonymous``, or that the report be ``confidential``."""

    pattern: Pattern
    anonymous: bool = False
    confidential: bool = False


@value
class Recognised:
    """A sensitive report: its kind, the rule that holds, and the words, in their usual form, that it holds for."""

    kind: str
    rule: str
    words: str


@value
class Wishes:
    """What reporters ask for of themselves."""

    anonymous: bool = False
    confidential: bool = False


NO_WISHES = Wishes()
NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SensitiveRules:
    """What is recognised, and how its words are written.

    Args:
        classes: Names of the word classes to which a phrase belongs.
        idioms: Phrases whose words mean something else: *anak tangga* is no child.
        kinds: The first that holds is meant.
        spellings: From another way to write something to its usual form.
    """

    classes: Mapping[Phrase, frozenset[str]] = field(default_factory=dict)
    idioms: frozenset[Phrase] = frozenset()
    kinds: tuple[Kind, ...] = ()
    wishes: tuple[Wish, ...] = ()
    spellings: Mapping[Phrase, Phrase] = field(default_factory=dict)
    _book: Phrasebook = field(init=False, repr=False, compare=False)
    _said_by: Callable[[str], Phrase] = field(init=False, repr=False, compare=False)
    _told_by: Callable[[str], frozenset[str]] = field(init=False, repr=False, compare=False)
    _patterns: Sequence[tuple[str, Pattern]] = field(init=False, repr=False, compare=False)
    _begun: Mapping[str, Sequence[int]] = field(init=False, repr=False, compare=False)
    _needed: Mapping[str, Sequence[frozenset[str]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        book = Phrasebook(self.spellings, self.idioms.union(self.classes), forgives=True)
        patterns = [(kind.code, pattern) for kind in self.kinds for pattern in kind.patterns]
        begun: dict[str, list[int]] = defaultdict(list)
        for rank, (_, pattern) in enumerate(patterns):
            begun[pattern.near[0]].append(rank)
        object.__setattr__(self, "_book", book)
        object.__setattr__(
            self,
            "_said_by",
            remembering_words(WORDS_REMEMBERED_MAX // 5)(lambda token: tuple(map(book.stem, _words(token)))),
        )
        object.__setattr__(self, "_patterns", patterns)
        object.__setattr__(self, "_begun", dict(begun))
        needed: dict[str, list[frozenset[str]]] = defaultdict(list)
        for pattern in (*(pattern for _, pattern in patterns), *(wish.pattern for wish in self.wishes)):
            needed[pattern.near[0]].append(frozenset(pattern.near))
        object.__setattr__(self, "_needed", dict(needed))
        telling = self._telling_words()

        def told_by(word: str) -> frozenset[str]:
            stems = chain.from_iterable(map(self._said_by, tokens_of(word)))
            return NO_NAMES.union(*[telling.get(stem, NO_NAMES) for stem in stems])

        object.__setattr__(self, "_told_by", remembering_words(WORDS_REMEMBERED_MAX // 5)(told_by))

    def _telling_words(self) -> Mapping[str, frozenset[str]]:
        """Return, by one word of each phrase, or of another way to write it, the classes that the phrase belongs to.

        Of its words it is the one of the fewest classes and phrases, so that other texts seldom hold it.
        """
        wanted = NO_NAMES.union(*chain.from_iterable(self._needed.values()))
        classes_of: dict[str, set[str]] = defaultdict(set)
        for phrase, names in self.classes.items():
            for word in phrase:
                classes_of[word] |= names & wanted
        often = Counter(chain.from_iterable(self.classes))

        def telling(phrase: Phrase) -> str:
            return min(phrase, key=lambda word: (len(classes_of[word]), often[word], -len(word)))

        found: dict[str, frozenset[str]] = defaultdict(frozenset)
        for phrase, names in self.classes.items():
            found[telling(phrase)] |= names & wanted
        forms = [(telling(other), found[word]) for other, form in self.spellings.items() for word in form]
        for word, names in forms:
            found[word] |= names
        return dict(found)

    def may_hold_among(self, words: Iterable[str]) -> bool:
        """Return whether `read` may find anything in texts of these words, see `words_in`; in most it finds nothing."""
        return self._may_all_be_there(NO_NAMES.union(*map(self._told_by, words)))

    def read(self, *texts: Folded) -> tuple[Recognised | None, Wishes]:
        """Return what *texts*, title and body of one report, are recognised as, and what their writer asks for."""
        said: list[str] = []
        for text in texts:
            said += chain.from_iterable(map(self._said_by, tokens_of(text.text)))
            said.append(BREAK)
        words = self._book.respelled(said)
        placed = self._book.placed_among(words)
        if not self._may_hold(placed):
            return None, NO_WISHES
        places = self._places(placed)
        return self._recognised(words, places), self._wishes(places)

    def _may_hold(self, placed: Sequence[tuple[int, Phrase]]) -> bool:
        """Return whether any pattern may hold, wherever its words stand."""
        classes = self.classes
        return self._may_all_be_there(NO_NAMES.union(*[classes[phrase] for _, phrase in placed if phrase in classes]))

    def _may_all_be_there(self, names: frozenset[str]) -> bool:
        return any(any(map(names.issuperset, self._needed[name])) for name in self._needed.keys() & names)

    def _places(self, placed: Sequence[tuple[int, Phrase]]) -> Mapping[str, Sequence[Span]]:
        """Return where words of each class stand; what is part of an idiom does not count."""
        spans = [(start, start + len(phrase), phrase) for start, phrase in placed]
        idle = {at for start, end, phrase in spans if phrase in self.idioms for at in range(start, end)}
        places: dict[str, list[Span]] = defaultdict(list)
        for start, end, phrase in spans:
            if not idle or idle.isdisjoint(range(start, end)):
                for name in self.classes.get(phrase, ()):
                    places[name].append((start, end))
        return places

    def _recognised(self, words: Phrase, places: Mapping[str, Sequence[Span]]) -> Recognised | None:
        # Of more than a hundred patterns most texts hold no word of the first class of any.
        for rank in sorted(rank for name in places for rank in self._begun.get(name, ())):
            code, pattern = self._patterns[rank]
            found = _first(pattern, places)
            if found is not None:
                said = " ".join(word for word in words[found[0] : found[1]] if word != BREAK)
                return Recognised(code, pattern.id, said)
        return None

    def _wishes(self, places: Mapping[str, Sequence[Span]]) -> Wishes:
        held = [
            wish for wish in self.wishes if wish.pattern.near[0] in places and _first(wish.pattern, places) is not None
        ]
        if not held:
            return NO_WISHES
        return Wishes(any(one.anonymous for one in held), any(one.confidential for one in held))


def tokens_of(text: str) -> list[str]:
    """Return the words, numbers and ends of sentences of a folded text."""
    return (TOKEN_OF_ASCII if text.isascii() else TOKEN).findall(text)


def _words(token: str) -> tuple[str, ...]:
    """Return a word as it is looked up; `BREAK`, several times, for the end of a sentence, `NUMBER` for a number."""
    if token[0].isdigit():
        return (NUMBER,)
    if not token[0].isalnum():
        return (BREAK,) * BREAK_WORDS
    plain = DRAWN_OUT.sub(r"\1", token)
    # A digit at the end doubles the word (anak2); elsewhere it stands for a letter (dip3rkosa).
    return (plain if plain[:-1].isalpha() else plain[:-1].translate(DISGUISES) + plain[-1],)


def _first(pattern: Pattern, places: Mapping[str, Sequence[Span]]) -> Span | None:
    """Return where *pattern* holds first, from word to word; None if nowhere."""
    for name in pattern.near:
        if name not in places:
            return None
    aside = pattern.aside
    against = [span for name in pattern.unless for span in places.get(name, ())]
    for start, end in _together(pattern.near, places, pattern.within):
        if not any(other[0] < end + aside and start - aside < other[1] for other in against):
            return start, end
    return None


def _together(names: Sequence[str], places: Mapping[str, Sequence[Span]], reach: int) -> Iterator[Span]:
    """Yield each stretch of at most *reach* words in which different words of all classes stand."""
    for first in islice(places.get(names[0], ()), PLACES_MAX):
        yield from _joined((first,), names[1:], places, reach)


def _joined(
    taken: tuple[Span, ...], names: Sequence[str], places: Mapping[str, Sequence[Span]], reach: int
) -> Iterator[Span]:
    start, end = min(span[0] for span in taken), max(span[1] for span in taken)
    if end - start > reach:
        return
    if not names:
        yield start, end
        return
    for span in islice(places.get(names[0], ()), PLACES_MAX):
        if all(span[1] <= other[0] or other[1] <= span[0] for other in taken):
            yield from _joined((*taken, span), names[1:], places, reach)
