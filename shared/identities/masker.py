"""Covers identities in a text, those of its own reporter and everybody else's."""

import re
import string
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from shared.identities.homes import Homes
from shared.identities.names import People
from shared.identities.opaque import without_opaque
from shared.identities.own import NOBODY, Identity, own_contact_spans, own_spans
from shared.identities.recognisers import Recognisers
from shared.identities.spans import Span, replaced
from shared.text import Folded, fold
from shared.values import replace

MARKS = string.punctuation.replace("'", "")
BLANKS_FOR_MARKS = bytes.maketrans(MARKS.encode(), b" " * len(MARKS))
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
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

    def explain(self, text: str, identity: Identity = NOBODY) -> list[Span]:
        """Return what `mask` covers and why, in the order of the text; the places are those in *text* itself."""
        folded = fold(text)
        shown: list[Span] = []
        for span in self.spans(folded, identity):
            if all(span.end <= other.start or other.end <= span.start for other in shown):
                shown.append(span)
        placed = [(folded.written(span.start, span.end), span) for span in shown]
        return sorted((replace(span, start=at[0], end=at[1]) for at, span in placed), key=lambda span: span.start)

    def finds_in_link(self, link: str, identity: Identity = NOBODY) -> bool:
        """Return whether a link names somebody, also if that is percent-encoded once or twice.

        Hashes, signatures and the like in it name nobody, whatever digits they have.
        """
        return bool(self.spans(without_opaque(fold(unquote(unquote(link)))), identity))

    def mask_code(self, code: str, identity: Identity = NOBODY) -> str:
        """Return an id that a machine made up with a label in place of every identity; words of a name stay."""
        folded = fold(code)
        # One's own first: what looks like a longer number to others may be this one and a running number.
        if own := own_contact_spans(folded.text, identity):
            folded = fold(replaced(folded, own))
        return replaced(folded, self.spans(without_opaque(folded)))

    def spans(self, folded: Folded, identity: Identity = NOBODY) -> list[Span]:
        """Return where a text holds an identity, surest first."""
        text, found = folded.text, [] if identity is NOBODY else own_spans(folded.text, identity)
        said = _words_of(text)
        # Most texts hold nothing at all: each of these looks is cheap.
        has_form = NUMBER.search(text) is not None or any(map(text.__contains__, self.marks))
        if not has_form and self.telling.isdisjoint(said):
            return found
        if has_form or not self.words.isdisjoint(said):
            found += (
                Span(one.start, one.end, one.by.label, one.score, one.by.name, one.reason)
                for one in self.recognisers.identities(folded, said)
            )
        found += self.homes.spans(folded, said)
        found += self.people.spans(folded, said)
        return found

    @cached_property
    def telling(self) -> frozenset[str]:
        """Return words of which a text without numbers and marks must hold one for anything to be found."""
        return self.words.union(self.homes.words, self.people.telling)

    @cached_property
    def words(self) -> frozenset[str]:
        """Return words of which a text without numbers and marks must hold one, or no recogniser is asked."""
        return frozenset().union(*(gate.words for gate, _ in self.recognisers.gated))

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Return characters of which a text without numbers and such words must hold some."""
        return tuple({mark for gate, _ in self.recognisers.gated for mark in gate.characters})


def _words_of(text: str) -> list[str]:
    """Return the words of a text; an apostrophe within one belongs to it (Ma'ruf)."""
    if not text.isascii():
        return WORD.findall(text)
    # Bytes are translated in a tenth of the time of text.
    text = text.encode().translate(BLANKS_FOR_MARKS).decode()
    return (f" {text} ".replace(" '", " ").replace("' ", " ") if "'" in text else text).split()
