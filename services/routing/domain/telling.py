"""Reads what a report tells: words of the matter, and what its places are called; compares nothing."""

import re
from collections.abc import Iterable, Iterator

from services.routing.domain.likeness import WORDS_MAX, ClusterRules, spoken, stem

ATTACHED = re.compile(r"([a-z]+?)0*([0-9]+)")  # rt03
LONG_DIGITS_MIN = 4  # of a number that names something by itself: a vehicle, a meter
LETTERS_MAX = 3  # of a block: A, B2, AB3
NUMBER, SIDE, OF_NAME = "number", "side", " number"

Names = dict[str, set[str]]


def read_words(
    rules: ClusterRules, words: Iterable[str], known: frozenset[str], here: frozenset[str]
) -> tuple[set[str], Names]:
    """Return the stems that tell of the matter, and by kind of place the names that follow it.

    Args:
        words: In their usual form.
        known: Words of the city's rules: they tell of a matter and are no names.
        here: Words of the kelurahan's and kecamatan's names, which all that is reported there has in common.
    """
    told: set[str] = set()
    names: Names = {}
    kind, named = "", ""  # what a name is awaited of; what the word before has named
    last_named = False
    before, surely = "", False  # surely: a preposition stands before the kind, so that a name follows
    rest = [*spread(rules, words), ""]
    for word, after in zip(rest, rest[1:], strict=False):
        is_kind = rules.meant.get(word, word)
        last, before = before, word
        if word.isdigit():
            note_number(names, rules, word, after, kind, named)
            told.discard(stem(kind))
            kind, named = "", "rt" if kind == "rt" else ""
        elif is_kind in rules.numbered_places:
            kind, named = is_kind, ""
        elif is_kind in rules.kinds_of_place:
            surely = last in rules.prepositions or (surely and last == kind)
            kind, named = is_kind, ""
            told.add(stem(is_kind))
        elif word in rules.sides and word not in here:
            names.setdefault(SIDE, set()).add(word)
        elif kind and word in rules.titles:
            surely = True
        elif word in here and kind not in rules.kinds_of_place:
            continue
        elif kind in rules.numbered_places and len(word) <= LETTERS_MAX:
            names.setdefault(kind, set()).add(word + (after if word.isalpha() and after.isdigit() else ""))
            kind, named = "", ""
        elif kind in rules.kinds_of_place and word not in rules.unheard and (surely or word in here or word not in known):
            names.setdefault(kind, set()).add(spoken(word))
            told.discard(stem(kind))
            kind, named, last_named = "", kind, True
        elif named and last_named and word not in known and stem(word) not in rules.dull:
            last_named = False
            continue
        else:
            kind, named = "", ""
            if stem(word) not in rules.dull and len(told) < WORDS_MAX:
                told.add(rules.plain.get(stem(word), stem(word)))
    return told, names


def note_number(names: Names, rules: ClusterRules, word: str, after: str, kind: str, named: str) -> None:
    """Add *word*, a number, to *names* if it is one of a place: of its kind, behind its name, or a long one."""
    number = word.lstrip("0") or "0"
    if kind:
        names.setdefault(kind, set()).add(number)
    elif named == "rt":
        names.setdefault("rw", set()).add(number)  # RT 3/5
    elif named and after not in rules.measures:
        names.setdefault(named + OF_NAME, set()).add(number)
    elif len(word) >= LONG_DIGITS_MIN:
        names.setdefault(NUMBER, set()).add(number)


def spread(rules: ClusterRules, words: Iterable[str]) -> Iterator[str]:
    """Yield *words*, those with a number behind a kind of place in two."""
    for word in words:
        found = ATTACHED.fullmatch(word)
        if found and (found[1] in rules.numbered_places or rules.meant.get(found[1], found[1]) in rules.kinds_of_place):
            yield from found.groups()
        else:
            yield word
