"""Fits a short text into two segments: what is long in it is cut, and what is to be done stays."""

from collections.abc import Callable, Mapping

from services.notify.messages.segments import cut_at_word, gsm_text, measured

SEGMENTS_MAX = 2
CUT = ("advice", "agency_name", "answer", "note", "place", "question", "reason", "title")
ROOMS = (160, 120, 90, 70, 55, 40, 30, 20, 12)
"""How many symbols each of the values that may be cut gets, one after the other until the text fits."""


def short_text(render: Callable[[Mapping[str, object]], str], values: Mapping[str, object]) -> str:
    """Return one line of GSM 03.38 in at most two segments, if what *render* itself says leaves room for it.

    Values of `CUT` are cut at a word, the longest first; numbers, instants and the template's own words never are.

    Args:
        render: Returns the text for values.
        values: By name; None for what is not known. Texts lose the signs that GSM 03.38 lacks.
    """
    plain = {name: _plain(given) for name, given in values.items()}
    text = ""
    for room in ROOMS:
        cut = {name: cut_at_word(given, room) for name in CUT if isinstance(given := plain.get(name), str)}
        text = one_line(render(plain | cut))
        if measured(text).segments <= SEGMENTS_MAX:
            break
    return text


def one_line(text: str) -> str:
    """Return *text* on one line, in GSM 03.38 as far as that has its signs."""
    return " ".join(gsm_text(text).split())


def _plain(given: object) -> object:
    return (one_line(given) or None) if isinstance(given, str) else given
