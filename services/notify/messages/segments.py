"""Counts what a text message costs: its encoding, its length in that encoding, and its segments."""

import unicodedata
from collections.abc import Iterator
from typing import Literal

from shared.values import value

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The basic character set of GSM 03.38 (3GPP TS 23.038, 6.2.1): one septet each."""

GSM_7_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Its extension table (6.2.1.1): an escape and a septet each, which stand in the same segment."""

ALPHABET = GSM_7 | GSM_7_EXTENSION
ALONE_MAX = {"gsm7": 160, "ucs2": 70}
JOINED_MAX = {"gsm7": 153, "ucs2": 67}  # less by the header that joins them (3GPP TS 23.040, 9.2.3.24.1)
TYPOGRAPHIC = str.maketrans(
    {
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-", "\u2212": "-",
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u02bc": "'", "\u2032": "'", "`": "'",
        "\u00b4": "'",
        "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"', "\u2033": '"',
        "\u2026": "...", "\u2022": "-", "\u00b7": "-", "\u00d7": "x", "\u00a0": " ", "\u2009": " ", "\u202f": " ",
        "\t": " ",
    }
)  # fmt: skip

Encoding = Literal["gsm7", "ucs2"]


@value
class Measured:
    """How a text travels: in which encoding, how long it is in septets or 16-bit units, and in how many segments."""

    encoding: Encoding
    units: int
    segments: int


def measured(text: str) -> Measured:
    """Return how *text* travels as it is; a text of nothing takes one segment."""
    encoding: Encoding = "gsm7" if ALPHABET.issuperset(text) else "ucs2"
    sizes = [*_sizes(text, encoding)]
    units = sum(sizes)
    return Measured(encoding, units, 1 if units <= ALONE_MAX[encoding] else _joined(sizes, JOINED_MAX[encoding]))


def plain_marks(text: str) -> str:
    """Return *text* with typographic marks as a typewriter has them: dashes, quotation marks, dots, odd spaces."""
    return text.translate(TYPOGRAPHIC)


def gsm_text(text: str) -> str:
    """Return *text* in GSM 03.38: marks as `plain_marks` has them, letters without what it lacks, and no other sign."""
    return text if ALPHABET.issuperset(text) else "".join(map(_in_gsm, plain_marks(text)))


def cut_at_word(text: str, symbols_max: int) -> str:
    """Return *text*, or as many whole words of it as fit into *symbols_max* (at least 4) together with ``...``."""
    if len(text) <= symbols_max:
        return text
    begun = text[: symbols_max - 3]
    whole = begun if text[symbols_max - 3].isspace() else begun.rpartition(" ")[0]
    return (whole or begun).rstrip(" ,;:-") + "..."


def _sizes(text: str, encoding: Encoding) -> Iterator[int]:
    """Yield for each symbol what may not be torn apart: an escape and its septet, or the halves of a surrogate pair."""
    for symbol in text:
        is_double = symbol in GSM_7_EXTENSION if encoding == "gsm7" else ord(symbol) > 0xFFFF
        yield 2 if is_double else 1


def _joined(sizes: list[int], units_max: int) -> int:
    segments, filled = 1, 0
    for size in sizes:
        if filled + size > units_max:
            segments, filled = segments + 1, 0
        filled += size
    return segments


def _in_gsm(symbol: str) -> str:
    if symbol in ALPHABET:
        return symbol
    return "".join(part for part in unicodedata.normalize("NFKD", symbol) if part in GSM_7)
