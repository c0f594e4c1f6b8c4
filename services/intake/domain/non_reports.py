"""Recognises texts that are no reports; whatever holds one word that the policy does not list is a report."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.events import ComplaintSubmitted, Location
from shared.ids import parse_tracking_id
from shared.text import WORD
from shared.text.phrases import Phrase, Phrasebook
from shared.values import value

ID, PHONE, NUMBER, LINK = MARKS = ("#id", "#phone", "#number", "#link")
"""Stand in phrases of the policy for a tracking id, a telephone number, any other number and a link."""

ID_MARK = "\N{NUMERO SIGN}"  # in no folded text: it folds to two letters
# A part of a divided ticket ends in its number: K7QF-9D2MX-4Q/2.
SHAPED_LIKE_ID = re.compile(r"(?<![^\W_])([0-9a-z]{4}[- ]?[0-9a-z]{5}[- ]?[0-9a-z]{2})(?:/\d{1,2})?(?![^\W_])")
DASHED = re.compile(r"[0-9a-z]{4}-[0-9a-z]{5}-[0-9a-z]{2}")
TOKEN = re.compile(rf"(?:https?://|www\.|wa\.me/|t\.me/|bit\.ly/)\S+|{ID_MARK}|\+?\d[\d ().-]{{7,}}\d|\d+|[^\W_]+")
PHONE_DIGITS_MIN = 9
GOVERNMENT = ".go.id"  # who reports that a site of the government was broken into pastes what stands there
DISGUISES = str.maketrans("01345", "oieas")
NO_PLACE = vars(Location())


class NonReport(StrEnum):
    """What a text is that is no report."""

    STATUS_QUESTION = "status_question"
    DISPUTE_OF_CLOSED = "dispute_of_closed"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    THANKS = "thanks"
    SPAM = "spam"


@value
class NonReportRule:
    """By what a text is recognised: a phrase of each list of ``needs``, and no word that is not of these or ``also``.

    Args:
        id: Of the rule, for people.
        needs, also: Names of lists of phrases.
    """

    id: str
    kind: NonReport
    needs: tuple[str, ...]
    also: tuple[str, ...] = ()


@value
class Recognised:
    """A text that is no report.

    Args:
        rule: Id of the rule that holds.
        tracking_ids: Of the reports that it names, in their usual spelling and the order in which they are named.
    """

    kind: NonReport
    rule: str
    tracking_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class NonReportRules:
    """What is no report, and how its words are written.

    Args:
        lists: Names of the lists to which a phrase belongs.
        rules: The first that holds is meant.
        spellings: From another way to write something to its usual form.
        characters_max: A longer text is a report.
        words_max: So is one with more words.
    """

    lists: Mapping[Phrase, frozenset[str]] = field(default_factory=dict)
    rules: tuple[NonReportRule, ...] = ()
    spellings: Mapping[Phrase, Phrase] = field(default_factory=dict)
    characters_max: int = 0
    words_max: int = 0
    _book: Phrasebook = field(init=False, repr=False, compare=False)
    _known: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = frozenset(word for phrase in (*self.lists, *self.spellings) for word in phrase)
        object.__setattr__(self, "_book", Phrasebook(self.spellings, frozenset(self.lists), forgives=True))
        object.__setattr__(self, "_known", known)

    def recognise(self, text: str) -> Recognised | None:
        """Return what *text*, title and body of one submission in folded form, is if it is no report.

        A word that is not listed makes any text a report, so that one which tells of a matter or a place is never lost.
        """
        if len(text) > self.characters_max or self.is_surely_report(text):
            return None
        ids: dict[str, None] = {}
        words = self._words(SHAPED_LIKE_ID.sub(lambda found: _marked(found, ids), text))
        if not words or len(words) > self.words_max:
            return None
        phrases = self._book.usual(words)
        placed = [
            (start, start + len(phrase), self.lists[phrase]) for start, phrase in self._book.placed_among(phrases)
        ]
        for rule in self.rules:
            if _holds(rule, placed, len(phrases)):
                return Recognised(rule.kind, rule.id, tuple(ids))
        return None

    def is_surely_report(self, text: str) -> bool:
        """Return whether a folded text surely holds a word that is not listed; most reports do early on."""
        if "/" in text or "www." in text:
            return False  # words may be part of a link
        known, stem = self._known, self._book.stem
        for found in WORD.finditer(text):
            word = found[0]
            if word not in known and word.isalpha() and stem(word) not in known:
                start, end = found.span()
                # What holds a digit, or stands at a dash, may be part of a tracking id.
                if text[start - 1 : start] != "-" and text[end : end + 1] != "-":
                    return True
        return False

    def _words(self, text: str) -> list[str]:
        """Return the words of *text*, marks in place of numbers and links; none if one of them is not listed."""
        words: list[str] = []
        for found in TOKEN.finditer(text):
            word = _word(found[0])
            if word not in MARKS and self._book.stem(word) not in self._known:
                return []
            words.append(word)
        return words


def may_be_none(submitted: ComplaintSubmitted) -> bool:
    """Return whether nothing but its text can make a submission a report.

    A place, a photograph, a day, a category or an agency tells something that the text then need not tell.
    """
    where = submitted.location
    return (
        not submitted.attachments
        and (where is None or vars(where) == NO_PLACE)
        and submitted.occurred_on is None
        and not submitted.category
        and not submitted.target_agency
    )


def _marked(found: re.Match[str], ids: dict[str, None]) -> str:
    """Return the mark of a tracking id, noted in *ids* if it is a valid one; what only looks like one as it stands.

    Many words have eleven letters, and of those one in 37 passes the check; a telephone number may, too.
    """
    written = found[1]
    meant = parse_tracking_id(written)
    if DASHED.fullmatch(written):
        is_id = meant is not None or any(map(str.isdigit, written))
    else:
        is_id = meant is not None and any(map(str.isdigit, written)) and any(map(str.isalpha, written))
    if not is_id:
        return found[0]
    if meant is not None:
        ids[meant] = None
    return f" {ID_MARK} "


def _word(token: str) -> str:
    """Return a token of a text as it is looked up."""
    if token == ID_MARK:
        return ID
    if token.isalpha():
        return token
    if token[0].isdigit() or token[0] == "+":
        return PHONE if sum(map(str.isdigit, token)) >= PHONE_DIGITS_MIN else NUMBER
    if not token.isalnum():
        return token if GOVERNMENT in token else LINK
    # A digit at the end doubles the word (makasih2); elsewhere it stands for a letter (g4cor).
    return token[:-1].translate(DISGUISES) + token[-1]


def _holds(rule: NonReportRule, placed: Iterable[tuple[int, int, frozenset[str]]], length: int) -> bool:
    """Return whether phrases of *rule* cover all of so many words, one of each list that it needs among them."""
    covered: set[int] = set()
    lacking, usable = set(rule.needs), {*rule.needs, *rule.also}
    for start, end, names in placed:
        if not usable.isdisjoint(names):
            covered.update(range(start, end))
            lacking -= names
    return not lacking and len(covered) == length
