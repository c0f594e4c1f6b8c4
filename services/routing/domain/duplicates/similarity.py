"""Similarity of two reports: the same place, and enough words in common, as `ClusterRules` says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from services.routing.domain.duplicates.minhash import number_of
from services.routing.domain.text.stems import bare, stem
from shared.text.phrases import Phrase, Phrasebook
from shared.values import value

WORDS_MAX = 80
WORDS_MIN = 2  # fewer say too little to be the same as anything, unless they tell where
COMMON_MIN = 1.5
COMMON_ELSEWHERE_MIN = 4  # where no name of a place says that it is the same
NUMBER, SIDE, TROUBLE = "#", "<>", "!"  # tell two matters apart, but do not tell which place it is
EXACT_MIN = 2  # so many names of a place in common, a street and an RT, leave less for the words to prove
EXACT_SHARE = 0.75
VAGUE = frozenset((number_of(NUMBER), number_of(SIDE), number_of(TROUBLE)))


@value
class Fingerprint:
    """What is compared of a report.

    Args:
        words: Numbers of the words about the matter.
        names: Numbers of what its places are called, by the number of the kind of place: a street, a school, an RT.
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
        alike_min: Share of their words that two reports from the same named place must have in common, 0 to 1.
        alike_elsewhere_min: The same where they do not name the same place.
        unheard: Words that say nothing about a matter.
        faint: Words that count for half: who suffers, and how; they tell few matters apart.
        kinds_of_place: Words that a place's name follows: a street, a school.
        numbered_places: Those that a number or a letter follows: an RT, a house.
        sides: Words for one side of a place: north, left.
        titles: Words that a name begins with but that tell no two apart: haji, al.
        prepositions: Words before a place: in, at, behind.
        measures: What is counted or measured: a number before it is no place's.
        meant: From a word to the one that is meant by it.
        troubles: From a bare word for what is wrong to its sort; two of two sorts are two matters.
        papers: Papers and aid that are one person's; asked for without a named place, or for oneself, they stay alone.
        selves: Words that people use of themselves and their families.
        personal: Phrases of matters that are the reporter's alone; such reports are never followed with others.
    """

    accept: bool
    within: timedelta
    near_metres: int
    apart_metres_max: int
    members_max: int
    alike_min: float
    alike_elsewhere_min: float
    unheard: frozenset[str] = frozenset()
    faint: frozenset[str] = frozenset()
    kinds_of_place: frozenset[str] = frozenset()
    numbered_places: frozenset[str] = frozenset()
    sides: frozenset[str] = frozenset()
    titles: frozenset[str] = frozenset()
    prepositions: frozenset[str] = frozenset()
    measures: frozenset[str] = frozenset()
    meant: Mapping[str, str] = field(default_factory=dict)
    troubles: Mapping[str, str] = field(default_factory=dict)
    papers: frozenset[str] = frozenset()
    selves: frozenset[str] = frozenset()
    personal: frozenset[Phrase] = frozenset()

    @cached_property
    def personal_book(self) -> Phrasebook:
        """Return the phrases of personal matters, to be looked for."""
        return Phrasebook({}, self.personal)

    @cached_property
    def plain(self) -> Mapping[str, str]:
        """Return the stem of what is meant by a bare word."""
        return {bare(word): stem(form) for word, form in self.meant.items()}

    @cached_property
    def dull(self) -> frozenset[str]:
        """Return what says nothing about a matter, bare."""
        return frozenset(map(bare, self.unheard))

    @cached_property
    def placing(self) -> frozenset[int]:
        """Return the numbers of the words for places whose name may not have been understood."""
        return frozenset(number_of(stem(kind)) for kind in self.kinds_of_place) - self.faint_numbers

    @cached_property
    def every_place(self) -> frozenset[str]:
        """Return the words that a name, a number or a letter follows."""
        return self.kinds_of_place | self.numbered_places

    @cached_property
    def placing_words(self) -> frozenset[str]:
        """Return every word that tells of a place by itself: what a name, a number or a letter follows, and sides."""
        meant = {word for word, form in self.meant.items() if form in self.every_place}
        return self.every_place.union(self.sides, meant)

    @cached_property
    def faint_numbers(self) -> frozenset[int]:
        """Return the numbers of the words that count for half."""
        return frozenset(number_of(stem(word)) for word in self.faint)

    def weight(self, words: frozenset[int]) -> float:
        """Return how much *words* say: one for each, a half for those that many matters have in common."""
        return len(words) - len(words & self.faint_numbers) / 2

    def is_personal(self, words: Phrase, placed: bool) -> bool:
        """Return whether a report is its reporter's own matter; ``placed`` says that it names a place."""
        own, paper = not self.selves.isdisjoint(words), not self.papers.isdisjoint(words)
        if self.personal_book.found_among(words):
            return True
        return (paper and (own or not placed)) or (own and not placed)


def similarity(rules: ClusterRules, one: Fingerprint, other: Fingerprint, close: bool = False) -> float:
    """Return the share of words that two reports have in common, 0 to 1; 0 if it is not enough, or another place.

    ``close`` says that both have coordinates, and that these are the same place.
    """
    common = rules.weight(one.words & other.words)
    if (common < COMMON_MIN and not (one.words ^ other.words) <= rules.faint_numbers) or _apart(rules, one, other):
        return 0.0
    share = common / max(rules.weight(one.words), rules.weight(other.words))
    if close or _same_place(one, other):
        exact = len(one.names.keys() & other.names.keys() - VAGUE) >= EXACT_MIN
        return share if share >= rules.alike_min * (EXACT_SHARE if exact else 1) else 0.0
    if not VAGUE.issuperset(one.names.keys() | other.names.keys()) or rules.placing & one.words:
        return 0.0
    share = common / rules.weight(one.words | other.words)
    return share if common >= COMMON_ELSEWHERE_MIN and share >= rules.alike_elsewhere_min else 0.0


def _apart(rules: ClusterRules, one: Fingerprint, other: Fingerprint) -> bool:
    """Return whether two reports name different places or troubles: two streets, two houses, smell and noise.

    A place that one names and the other mentions in words that were not understood as a name counts as another one.
    """
    if any(one.names[kind].isdisjoint(other.names[kind]) for kind in one.names.keys() & other.names.keys()):
        return True
    unclear = (one.words & other.names.keys()) | (other.words & one.names.keys())
    return not unclear <= rules.faint_numbers


def _same_place(one: Fingerprint, other: Fingerprint) -> bool:
    return _knows(one, other) or _knows(other, one)


def _knows(one: Fingerprint, other: Fingerprint) -> bool:
    places = [(kind, named) for kind, named in other.names.items() if kind not in VAGUE]
    return bool(places) and all(kind in one.names or not named.isdisjoint(one.words) for kind, named in places)


def fingerprint_of(words: set[str], names: Mapping[str, set[str]], bands: tuple[int, ...]) -> Fingerprint:
    """Return the fingerprint of words and names."""
    return Fingerprint(
        frozenset(map(number_of, words)),
        {number_of(stem(kind)): frozenset(map(number_of, named)) for kind, named in names.items()},
        bands,
    )
