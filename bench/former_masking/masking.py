"""Masks identities that a reporter typed into a text."""

import re
from collections.abc import Iterator

from bench.former_masking.numbers import number_spans
from bench.former_masking.spans import Span, replaced
from shared.identities.own import NOBODY, Identity, own_spans
from shared.text import Folded, fold

EMAIL = "[email]"

# Possessive, and only from the start of a run, so that a long text without an address costs no more than its length.
LOCAL = r"(?<![\w.!#$%&'*+/=?^~-])[\w.!#$%&'*+/=?^~-]++"
ADDRESSES = (
    re.compile(rf"{LOCAL}@(?:[a-z][\w-]*|[\w-]+(?=\.))(?:\.[\w-]+)*"),
    re.compile(rf"{LOCAL}\s{{0,2}}@\s{{0,2}}(?:[\w-]+\.)+[a-z]{{2,}}"),
)


def mask(text: str, identity: Identity = NOBODY) -> str:
    """Return *text* with NIKs, telephone numbers, e-mail addresses and the reporter's own identity covered."""
    folded = fold(text)
    return replaced(folded, identity_spans(folded, identity))


def identity_spans(folded: Folded, identity: Identity) -> list[Span]:
    """Return where a text holds an identity, surest first."""
    return [*_email_spans(folded.text), *own_spans(folded.text, identity), *number_spans(folded.text)]


def _email_spans(text: str) -> Iterator[Span]:
    if "@" in text:
        for pattern in ADDRESSES:
            yield from (Span(*found.span(), EMAIL) for found in pattern.finditer(text))
