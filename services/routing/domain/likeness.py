"""Whether two reports tell of the same matter: much the same words, and no two places; decides nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, lru_cache

from services.routing.domain.minhash import WORDS_REMEMBERED_MAX, number_of
from services.routing.domain.words import Phrase, Phrasebook

WORDS_MAX = 80
WORDS_MIN = 3  # fewer say too little to be the same as anything
COMMON_MIN = 3
NAME_WORDS_MAX = 2
STEM_LETTERS_MIN = 3
PREFIX = re.compile(r"^(?:meng|meny|mem|men|me|peng|pem|pen|ng|ny|n(?=[aiueo])|di|ter|ber|ke|se)(?=[a-z]{4})")
SUFFIX = re.compile(r"(?<=[a-z]{4})(?:nya|lah|kah|kan|an|in|i)$")
SLACK = re.compile(r"e(?=(?:ng|[mntrpkb])$)")  # malem, dateng, nanjek: how people say malam, datang, nanjak


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is compared of a report.

    Args:
        words: Numbers of the words that tell of the matter.
        names: Numbers of what its places are called, by the number of the kind of place: a street, a school.
        bands: Keys under which reports with such words at such a place are found.
    """

    words: frozenset[int]
    names: Mapping[int, frozenset[int]]
    bands: tuple[int, ...] = ()


@dataclass(frozen=True)
class ClusterRules:
    """When reports are followed together.

    Args:
        accept: Whether they are at all.
        within: How far apart they may be accepted.
        near_metres: How far apart two places may be that are not in the same kelurahan.
        apart_metres_max: From which distance on it is another place, even in the same kelurahan.
        members_max: So many reports follow one other at most.
        alike_min: Share of the words that two reports must have in common, 0 to 1.
        unheard: Words that say nothing about a matter.
        kinds_of_place: Words that a place's name follows: a street, a school.
        meant: From a word to the one that is meant by it.
        personal: Phrases of matters that are the reporter's alone; such reports are never followed with others.
    """

    accept: bool = True
    within: timedelta = timedelta(days=21)
    near_metres: int = 300
    apart_metres_max: int = 1000
    members_max: int = 500
    alike_min: float = 0.5
    unheard: frozenset[str] = frozenset()
    kinds_of_place: frozenset[str] = frozenset()
    meant: Mapping[str, str] = field(default_factory=dict)
    personal: frozenset[Phrase] = frozenset()

    @cached_property
    def personal_book(self) -> Phrasebook:
        """Return the phrases of personal matters, to be looked for."""
        return Phrasebook({}, self.personal)

    @cached_property
    def plain(self) -> Mapping[str, str]:
        """Return what is meant by a word, by its stem, too."""
        return {stem(word): stem(form) for word, form in self.meant.items()}

    @cached_property
    def dull(self) -> frozenset[str]:
        """Return the stems of what says nothing about a matter."""
        return frozenset(map(stem, self.unheard))


@lru_cache(WORDS_REMEMBERED_MAX)
def stem(word: str) -> str:
    """Return a word without what is put before and after it, roughly; the same for what sounds the same."""
    bare = word.rstrip("2") or word
    bare = SUFFIX.sub("", SUFFIX.sub("", bare))
    return SLACK.sub("a", PREFIX.sub("", bare))


def read_words(
    rules: ClusterRules, words: Phrase, known: frozenset[str], here: frozenset[str]
) -> tuple[set[str], dict[str, set[str]]]:
    """Return the stems that tell of the matter, and by kind of place the names that follow it.

    Args:
        words: In their usual form.
        known: Words of the city's rules: they tell of a matter and are no names.
        here: Words of the kelurahan's and kecamatan's names, which all that is reported there has in common.
    """
    told: set[str] = set()
    names: dict[str, set[str]] = {}
    kind, left = "", 0
    for word in words:
        plain = stem(word)
        plain = rules.plain.get(plain, plain)
        if word in rules.kinds_of_place:
            kind, left = word, NAME_WORDS_MAX
        elif left and plain not in rules.dull and (word not in known or word in here):
            names.setdefault(kind, set()).add(plain)
            told.discard(stem(kind))
            left -= 1
            if left:  # the first word is the name; the next may belong to it or tell of the matter already
                continue
        else:
            left = 0
        if plain not in rules.dull and word not in here and len(told) < WORDS_MAX:
            told.add(plain)
    return told, names


def alike(rules: ClusterRules, one: Sketch, other: Sketch) -> float:
    """Return the share of words that two reports have in common, 0 to 1; 0 if it is not enough, or another place."""
    common = len(one.words & other.words)
    if common < COMMON_MIN:
        return 0.0
    if one.names and other.names and not same_place(one.names, other.names):
        return 0.0
    share = common / len(one.words | other.words)
    return share if share >= rules.alike_min else 0.0


def same_place(one: Mapping[int, frozenset[int]], other: Mapping[int, frozenset[int]]) -> bool:
    """Return whether two reports share a name, and name no two places of a kind."""
    kinds = one.keys() & other.keys()
    return bool(kinds) and not any(one[kind].isdisjoint(other[kind]) for kind in kinds)


def numbered(words: set[str], names: Mapping[str, set[str]], bands: tuple[int, ...]) -> Sketch:
    """Return a sketch of words and names."""
    return Sketch(
        frozenset(map(number_of, words)),
        {number_of(kind): frozenset(map(number_of, named)) for kind, named in names.items()},
        bands,
    )
