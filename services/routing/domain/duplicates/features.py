"""Feature extraction for deduplication: the words of the matter, and the names of its places."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from services.routing.domain.duplicates.similarity import NUMBER, SIDE, TROUBLE, WORDS_MAX, ClusterRules
from services.routing.domain.text.stems import bare, spoken, stem

ATTACHED = re.compile(r"([a-z]+?)0*([0-9]+)")  # rt03
VERB = re.compile(r"me(?:ng|ny|m[bpf]|n[cdjt])|(?:ber|ter)[a-z]{6}")
LETTERS_MAX = 3  # of a block: A, B2, AB3
OF_NAME = " number"

Names = dict[str, set[str]]


def extract_features(
    rules: ClusterRules, words: Iterable[str], known: frozenset[str], here: frozenset[str]
) -> tuple[set[str], Names]:
    """Return the stems of the words about the matter, and by kind of place the names that follow it.

    Args:
        words: In their usual form.
        known: Words of the city's rules: they are about a matter and are rarely names.
        here: Words of the kelurahan's and kecamatan's names, which all that is reported there has in common.
    """
    reader = _Reader(rules, known, here)
    for word, after in pairwise([*_spread(rules, words), ""]):
        reader.read(word, after)
    return reader.words, reader.names


@dataclass(slots=True)
class _Reader:
    """Reads word by word.

    Args:
        kind: The kind of place whose name is awaited; empty for none.
        named: The kind of place that has just been named.
        surely: Whether a name follows, as behind a preposition, even if it is a word that rules know.
        single: Whether the name is one word so far.
    """

    rules: ClusterRules
    known: frozenset[str]
    here: frozenset[str]
    words: set[str] = field(default_factory=set)
    names: Names = field(default_factory=dict)
    before: str = ""
    kind: str = ""
    named: str = ""
    surely: bool = False
    single: bool = False

    def read(self, word: str, after: str) -> None:
        rules, last, self.before = self.rules, self.before, word
        if not (self.kind or self.named or word in rules.placing_words or word in self.here or word.isdigit()):
            # Most words: no place's name is awaited or has just come, and they tell of none.
            self.single = False
            self._add_word(word)
            return
        kind = rules.meant.get(word, word)
        awaited = self.kind in rules.kinds_of_place
        if word.isdigit():
            self._add_number(last, word, after)
        elif kind in rules.numbered_places:
            self.kind, self.named = kind, ""
        elif kind in rules.kinds_of_place:
            self.surely = False
            self.kind, self.named = kind, ""
            if kind not in rules.unheard:
                self.words.add(stem(kind))
        elif word in rules.sides and (last in rules.prepositions or word not in self.here):
            self._add_name(SIDE, word)
        elif awaited and word in rules.titles:
            self.surely = True
        elif word in self.here and not awaited:
            pass
        elif self.kind in rules.numbered_places and len(word) <= LETTERS_MAX:
            self._add_name(self.kind, word + (after if word.isalpha() and after.isdigit() else ""))
            self.kind, self.named = "", ""
        elif awaited and self._is_name(word):
            self._add_name(self.kind, spoken(word))
            self.kind, self.named, self.single = "", self.kind, True
        elif self.named and self.single and word not in self.known and bare(word) not in rules.dull:
            self.single = False  # most likely the second word of the name, which not everybody says
        else:
            self.named, self.single, self.kind = self.kind, False, ""  # Taman Kota 2: a known word may be a name
            self._add_word(word)

    def _is_name(self, word: str) -> bool:
        """Return whether *word*, behind a kind of place, is what the place is called."""
        if word in self.here:
            return True
        if word in self.rules.prepositions or word in self.rules.faint or word in self.rules.unheard:
            return False
        return self.surely or (word not in self.known and not VERB.match(word))

    def _add_word(self, word: str) -> None:
        rules, root = self.rules, bare(word)
        if root not in rules.dull and len(self.words) < WORDS_MAX:
            self.words.add(rules.plain.get(root) or stem(word))
            if trouble := rules.troubles.get(root):
                self.names.setdefault(TROUBLE, set()).add(trouble)

    def _add_name(self, kind: str, name: str) -> None:
        self.names.setdefault(kind, set()).add(name)
        self.words.discard(stem(kind))

    def _add_number(self, last: str, word: str, after: str) -> None:
        """Note *word*, a number: of a place's kind, behind a place's name, or of something else that is not counted."""
        digits, kind = word.lstrip("0") or "0", self.kind
        if kind:
            self._add_name(kind, digits)
        elif self.named == "rt":
            self._add_name("rw", digits)  # RT 3/5
        elif self.rules.measures.isdisjoint((last, after)):
            self._add_name(self.named + OF_NAME if self.named else NUMBER, digits)
        self.kind, self.named = "", "rt" if kind == "rt" else ""


def _spread(rules: ClusterRules, words: Iterable[str]) -> Iterator[str]:
    for word in words:
        found = None if word.isalpha() else ATTACHED.fullmatch(word)
        if found and rules.meant.get(found[1], found[1]) in rules.every_place:
            yield from found.groups()
        else:
            yield word
