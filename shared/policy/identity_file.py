"""The shape of identities.yaml, and what can be wrong with it."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field, PositiveInt

from shared.identities.checks import CHECKS
from shared.policy.loading import Loc, PolicyFault, PolicyModel, Source, unknown
from shared.text import LETTERS, folded_text

NO_EVERYDAY_WORD = "no_everyday_word"
PIECE = re.compile(r"\{([a-z_]+)\}")

Score = Annotated[float, Field(ge=0, le=1)]
Words = tuple[str, ...]


class PatternEntry(PolicyModel):
    """One way in which something is written."""

    regex: str
    score: Score
    check: str | None = None
    checked_score: Score = 0.0
    whole: bool = False  # groups are references back only: all of it is covered
    digits: Annotated[int, Field(ge=0)] = 0  # so many digits a text must hold


class LabelledEntry(PolicyModel):
    """Words that stand directly before a number of so many digits."""

    words: Words
    digits: tuple[PositiveInt, PositiveInt]
    score: Score
    starts: str = r"\d"
    check: str | None = None


class GateEntry(PolicyModel):
    """What a text must hold for anything to be found."""

    words: Words = ()
    characters: Words = ()
    regex: str | None = None


class RecogniserEntry(PolicyModel):
    """Something that is recognised."""

    name: str
    label: str = ""
    gate: str = "digits"
    form: str | None = None  # what a text must hold for patterns without words
    patterns: tuple[PatternEntry, ...] = ()
    labelled: LabelledEntry | None = None
    context: Words = ()
    context_score: Score = 0.0
    before: PositiveInt = 45
    after: Annotated[int, Field(ge=0)] = 16


class PeopleEntry(PolicyModel):
    """How names are introduced."""

    label: str
    surely: Words
    perhaps: Words
    seldom: Words
    fillers: Words
    titles: Words
    given_names: Words
    verbs: str


class HomesEntry(PolicyModel):
    """How somebody's own address is introduced."""

    label: str
    said_of: Words
    fillers: Words


class IdentityFile(PolicyModel):
    """The shape of identities.yaml."""

    version: PositiveInt
    threshold: Score
    pieces: Mapping[str, str]
    gates: Mapping[str, GateEntry]
    recognisers: tuple[RecogniserEntry, ...]
    people: PeopleEntry
    homes: HomesEntry


def pieced(regex: str, pieces: Mapping[str, str]) -> str:
    """Return a regular expression with its pieces put in."""
    return PIECE.sub(lambda found: pieces[found.group(1)], regex)


def faults_of_identities(held: IdentityFile, source: Source) -> Iterator[PolicyFault]:
    """Yield what is wrong beyond the shape: unknown gates, checks and pieces, and expressions that are none."""
    yield from source.given_twice(
        (f"recogniser `{entry.name}`", ("recognisers", index, "name")) for index, entry in enumerate(held.recognisers)
    )
    for name, gate in held.gates.items():
        yield from _regex_faults(gate.regex or "", {}, source, ("gates", name, "regex"))
    above: dict[str, str] = {}
    for piece, regex in held.pieces.items():
        if faults := list(_regex_faults(regex, above, source, ("pieces", piece))):
            yield from faults
        above[piece] = "" if faults else pieced(regex, above)
    for index, entry in enumerate(held.recognisers):
        at = ("recognisers", index)
        if entry.gate not in held.gates:
            yield source.fault((*at, "gate"), unknown("gate", entry.gate, held.gates, "`gates`"))
        yield from _regex_faults(entry.form or "", above, source, (*at, "form"))
        if entry.labelled is not None:
            yield from _labelled_faults(entry.labelled, above, source, (*at, "labelled"))
        for number, pattern in enumerate(entry.patterns):
            here = (*at, "patterns", number)
            yield from _check_faults(pattern.check, source, here)
            yield from _regex_faults(pattern.regex, above, source, (*here, "regex"))
    yield from _regex_faults(held.people.verbs, {}, source, ("people", "verbs"))
    for key in ("surely", "perhaps", "seldom"):
        for number, phrase in enumerate(getattr(held.people, key)):
            if not LETTERS.search(folded_text(phrase)):
                yield source.fault(("people", key, number), f"`{phrase}` has no letters")


def _labelled_faults(entry: LabelledEntry, pieces: Mapping[str, str], source: Source, at: Loc) -> Iterator[PolicyFault]:
    yield from _check_faults(entry.check, source, at)
    yield from _regex_faults(entry.starts, {}, source, (*at, "starts"))
    if entry.digits[0] > entry.digits[1]:
        yield source.fault((*at, "digits"), "the fewest digits come before the most")
    for piece in ("sep", "of"):
        if piece not in pieces:
            yield source.fault((*at, "words"), unknown("piece", piece, pieces, "`pieces`"))


def _check_faults(check: str | None, source: Source, at: Loc) -> Iterator[PolicyFault]:
    known = {*CHECKS, NO_EVERYDAY_WORD}
    if check is not None and check not in known:
        yield source.fault((*at, "check"), unknown("check", check, known, "what numbers are checked for"))


def _regex_faults(regex: str, pieces: Mapping[str, str], source: Source, at: Loc) -> Iterator[PolicyFault]:
    missing = [piece for piece in PIECE.findall(regex) if piece not in pieces]
    if missing:
        yield source.fault(at, unknown("piece", missing[0], pieces, "`pieces`"))
        return
    try:
        re.compile(pieced(regex, pieces))
    except re.error as error:
        yield source.fault(at, f"this is no regular expression: {error}")
