"""Covers identities in a text, those of its own reporter and everybody else's."""

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from shared.identities.homes import ANY_DIGIT, Homes
from shared.identities.names import People
from shared.identities.own import NOBODY, Identity, own_spans
from shared.identities.recognisers import Recognisers
from shared.identities.spans import Span, replaced
from shared.text import Folded, fold

# Numbers of fewer digits say something of somebody only beside a word.
NUMBER = re.compile(r"\d\d\d|\d(?:[\W_]{0,3}\d){4}")


@dataclass(frozen=True)
class Masker:
    """Covers what identifies a person."""

    recognisers: Recognisers
    people: People
    homes: Homes

    def mask(self, text: str, identity: Identity = NOBODY) -> str:
        """Return *text* with a label in place of every identity, *identity*, the writer's own, included."""
        folded = fold(text)
        return replaced(folded, self.spans(folded, identity))

    def finds_in_link(self, link: str, identity: Identity = NOBODY) -> bool:
        """Return whether a link names somebody, also if that is percent-encoded once or twice."""
        return bool(self.spans(fold(unquote(unquote(link))), identity))

    def spans(self, folded: Folded, identity: Identity = NOBODY) -> list[Span]:
        """Return where a text holds an identity, surest first."""
        text = folded.text
        own = list(own_spans(text, identity)) if identity is not NOBODY else []
        words = frozenset(text.replace(".", " ").replace(",", " ").replace(":", " ").replace("/", " ").split())
        if (
            self.words.isdisjoint(words)
            and not any_mark(text)
            and NUMBER.search(text) is None
            and (self.homes.words.isdisjoint(words) or ANY_DIGIT.search(text) is None)
        ):
            return own
        return [
            *own,
            *self.recognisers.spans(folded, words),
            *self.homes.spans(folded, words),
            *self.people.spans(folded, words),
        ]

    @cached_property
    def words(self) -> frozenset[str]:
        """Return words of which a text without numbers must hold one, or nothing is found in it."""
        gates = (gate.words for gate, _ in self.recognisers.gated)
        return self.people.introducing.union(self.people.given_names, *gates)


def any_mark(text: str) -> bool:
    """Return whether a text holds what addresses on the net have."""
    return "@" in text or "/" in text or "(at)" in text or "[at]" in text
