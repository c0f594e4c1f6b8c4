"""Finds the reporter's own identity, as the channel gave it, in the reporter's texts."""

import re
from collections.abc import Collection, Iterator

from shared.events import Reporter
from shared.identities.spans import Span
from shared.text import WORD, folded_text
from shared.values import value

EMAIL, NAME, NIK, TELEPHONE = "[email]", "[nama]", "[NIK]", "[telepon]"
# Nothing that is looked for has fewer digits so close together, so most texts are done after this one look.
SEVEN_DIGITS = re.compile(r"\d(?:[\W_]{0,3}\d){6}")
NO_DIGIT = re.compile(r"\D")
COUNTRY_OR_ZERO = re.compile(r"^(?:0*62|0+)")
GAP = r"[ \t.\-_()·]{0,3}"
BETWEEN_NAMES = r"[\W_]{0,3}"
LONE_NAME_LETTERS_MIN = 4
NAME_PART_LETTERS_MIN = 6
NAME_PARTS_OF_WORDS_MAX = 12
OWN_NUMBER_DIGITS_MIN = 7
OWN_TEXT_LENGTH_MIN = 4


@value
class Identity:
    """Who reports, folded, as it may turn up in the report's own text; empty where nothing is known.

    Args:
        name: Words of the name.
        telephone: Digits after the country code or the leading 0.
        email: The whole address.
        national_id: Letters and digits.
    """

    name: tuple[str, ...] = ()
    telephone: str = ""
    email: str = ""
    national_id: str = ""


NOBODY = Identity()


def identity_of(reporter: Reporter | None, no_names: Collection[str] = ()) -> Identity:
    """Return what to look for in the texts of this reporter.

    Args:
        reporter: As the channel gave it.
        no_names: Folded words that people put where a name is asked for and that name nobody, such as ``warga``.
    """
    if reporter is None:
        return NOBODY
    name = folded_text(reporter.name or "")
    words = tuple(WORD.findall(name))
    if name in no_names or (len(words) == 1 and len(words[0]) < LONE_NAME_LETTERS_MIN):
        words = ()
    telephone = NO_DIGIT.sub("", folded_text(reporter.phone or ""))
    return Identity(
        name=words,
        telephone=COUNTRY_OR_ZERO.sub("", telephone),
        email=folded_text(reporter.email or ""),
        national_id="".join(WORD.findall(folded_text(reporter.national_id or ""))),
    )


def own_spans(text: str, identity: Identity) -> list[Span]:
    """Return where a folded text holds the reporter's own address, id, number or name."""
    found = own_contact_spans(text, identity)
    if _may_be_named(text, identity.name):
        found += _name_spans(text, identity.name)
    return found


def own_contact_spans(text: str, identity: Identity) -> list[Span]:
    """Return where a folded text holds the reporter's own address, id or number, whatever their name is."""
    found: list[Span] = []
    if len(identity.email) >= OWN_TEXT_LENGTH_MIN and identity.email in text:
        found += (_own(match, EMAIL) for match in re.finditer(re.escape(identity.email), text))
    if SEVEN_DIGITS.search(text):
        found += _own_number_spans(text, identity)
    return found


def _own_number_spans(text: str, identity: Identity) -> Iterator[Span]:
    """Yield where a folded text holds the reporter's own id or telephone number, with whatever between its digits.

    A pattern is compiled only for a number that does occur: that costs more than all the rest.
    """
    squeezed = "".join(WORD.findall(text))
    own_id, telephone = identity.national_id, identity.telephone
    if len(own_id) >= OWN_NUMBER_DIGITS_MIN and own_id in squeezed:
        yield from (_own(found, NIK) for found in re.finditer(GAP.join(own_id), text))
    if len(telephone) >= OWN_NUMBER_DIGITS_MIN and telephone in squeezed:
        pattern = rf"(?:(?:\+{GAP})?62{GAP}|0{GAP})?{GAP.join(telephone)}"
        yield from (_own(found, TELEPHONE) for found in re.finditer(pattern, text))


def _may_be_named(text: str, words: tuple[str, ...]) -> bool:
    """Return whether a text holds two words of a name that follow each other there, or the only one.

    A pattern for the name is compiled only then: that costs more than all the rest.
    """
    is_there = False
    for word in words:
        was_there, is_there = is_there, word in text
        if was_there and is_there:
            return True
    return is_there and len(words) == 1


def _name_spans(text: str, words: tuple[str, ...]) -> Iterator[Span]:
    count = min(len(words), NAME_PARTS_OF_WORDS_MAX)
    parts = [words[start:end] for start in range(count) for end in range(start + 2, count + 1)]
    known = {words, *(part for part in parts if sum(map(len, part)) >= NAME_PART_LETTERS_MIN)}
    longest_first = sorted(known, key=lambda part: (-len(part), part))
    choices = "|".join(BETWEEN_NAMES.join(part) for part in longest_first)
    yield from (_own(found, NAME) for found in re.finditer(rf"(?<![^\W_])(?:{choices})(?![^\W_])", text))


def _own(found: re.Match[str], label: str) -> Span:
    return Span(*found.span(), label, by="own", reason="the reporter gave it")
