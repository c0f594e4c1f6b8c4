"""Loads identities.yaml: how identities, and what only looks like them, are recognised in texts."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt

from shared.identities.checks import CHECKS
from shared.identities.homes import Homes
from shared.identities.masker import Masker
from shared.identities.names import People
from shared.identities.recognisers import Gate, Pattern, Recogniser, Recognisers
from shared.policy.loading import (
    Loc,
    PolicyFault,
    PolicyInvalid,
    PolicyModel,
    Source,
    load_sourced,
    read_text,
    unknown,
)
from shared.text import LETTERS, folded_text

FILE = "identities.yaml"
EVERYDAY_FILE = "everyday_words.txt"
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


def load_identities(policy_dir: Path) -> Masker:
    """Return what covers identities, as identities.yaml and everyday_words.txt state it.

    Raises:
        PolicyInvalid: With every fault of the files: a pattern that is none, an unknown check, gate or piece, a word
            that has no letters.
    """
    faults: list[PolicyFault] = []
    everyday: frozenset[str] = frozenset()
    try:
        everyday = _everyday(policy_dir / EVERYDAY_FILE)
    except PolicyInvalid as invalid:
        faults.extend(invalid.faults)
    try:
        held, source = load_sourced(policy_dir / FILE, IdentityFile)
    except PolicyInvalid as invalid:
        raise PolicyInvalid([*faults, *invalid.faults]) from invalid
    if faults := [*faults, *_faults(held, source)]:
        raise PolicyInvalid(faults)
    return Masker(
        Recognisers([(_gate(gate), _behind(name, held)) for name, gate in held.gates.items()], held.threshold),
        _people(held.people, everyday),
        _homes(held.homes),
    )


def words_pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that finds any of *words* in a folded text, the longest first."""
    return re.compile(_any_of(words))


def _everyday(path: Path) -> frozenset[str]:
    text = read_text(path)
    wrong = [
        PolicyFault(str(path), number, f"`{word}` is no word in lower case")
        for number, line in enumerate(text.splitlines(), 1)
        for word in line.split()
        if not LETTERS.fullmatch(word) or word != folded_text(word)
    ]
    if wrong:
        raise PolicyInvalid(wrong)
    return frozenset(text.split())


def _gate(entry: GateEntry) -> Gate:
    return Gate(frozenset(entry.words), entry.characters, re.compile(entry.regex) if entry.regex else None)


def _behind(gate: str, held: IdentityFile) -> list[Recogniser]:
    return [_recogniser(entry, held.pieces) for entry in held.recognisers if entry.gate == gate]


def _people(entry: PeopleEntry, everyday: frozenset[str]) -> People:
    return People(
        label=entry.label,
        surely=_by_last_word(entry.surely),
        perhaps=_by_last_word(entry.perhaps),
        seldom=_by_last_word(entry.seldom),
        fillers=frozenset(map(folded_text, entry.fillers)),
        titles=frozenset(map(folded_text, entry.titles)),
        given_names=frozenset(map(folded_text, entry.given_names)),
        everyday=everyday,
    )


def _homes(entry: HomesEntry) -> Homes:
    first_words = frozenset(folded_text(words).split()[0] for words in entry.said_of)
    return Homes(entry.label, _introduced(entry.said_of, entry.fillers), first_words)


def _any_of(words: Iterable[str]) -> str:
    choices = sorted(map(folded_text, words), key=lambda word: (-len(word), word))
    spelled = (re.escape(word).replace(r"\ ", r"[\W_]{1,3}") for word in choices)
    return rf"(?<!\w)(?:{'|'.join(spelled)})(?!\w)"


def _by_last_word(phrases: Iterable[str]) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    found: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    for phrase in phrases:
        *before, last = LETTERS.findall(folded_text(phrase))
        found[last].append((tuple(before), "" if phrase[-1].isalpha() else phrase[-1]))
    return dict(found)


def _introduced(words: Iterable[str], fillers: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"{_any_of(words)}(?:[\s:,=.-]{{0,3}}{_any_of(fillers)}){{0,4}}[\s:,=.-]{{1,3}}")


def _pieced(regex: str, pieces: Mapping[str, str]) -> str:
    return PIECE.sub(lambda found: pieces[found.group(1)], regex)


def _recogniser(entry: RecogniserEntry, pieces: Mapping[str, str]) -> Recogniser:
    patterns = [_pattern(one, pieces) for one in entry.patterns]
    if entry.labelled is not None:
        patterns.append(_labelled(entry.labelled, pieces))
    return Recogniser(
        name=entry.name,
        label=entry.label,
        patterns=patterns,
        context=words_pattern(entry.context) if entry.context else None,
        context_score=entry.context_score,
        before=entry.before,
        after=entry.after,
    )


def _pattern(entry: PatternEntry, pieces: Mapping[str, str]) -> Pattern:
    check = CHECKS[entry.check] if entry.check else None
    return Pattern(re.compile(_pieced(entry.regex, pieces)), entry.score, check, entry.checked_score, entry.whole)


def _labelled(entry: LabelledEntry, pieces: Mapping[str, str]) -> Pattern:
    fewest, most = entry.digits
    number = rf"({entry.starts}(?:{pieces['sep']}\d){{{fewest - 1},{most - 1}}})(?!\d)"
    regex = re.compile(_any_of(entry.words).removesuffix(r"(?!\w)") + pieces["of"] + number)
    if entry.check is None:
        return Pattern(regex, entry.score)
    return Pattern(regex, 0.0, CHECKS[entry.check], entry.score)


def _faults(held: IdentityFile, source: Source) -> Iterator[PolicyFault]:
    yield from source.given_twice(
        (f"recogniser `{entry.name}`", ("recognisers", index, "name")) for index, entry in enumerate(held.recognisers)
    )
    for name, gate in held.gates.items():
        yield from _regex_faults(gate.regex or "", {}, source, ("gates", name, "regex"))
    for piece, regex in held.pieces.items():
        yield from _regex_faults(regex, {}, source, ("pieces", piece))
    for index, entry in enumerate(held.recognisers):
        at = ("recognisers", index)
        if entry.gate not in held.gates:
            yield source.fault((*at, "gate"), unknown("gate", entry.gate, held.gates, "`gates`"))
        if entry.labelled is not None:
            yield from _labelled_faults(entry.labelled, held.pieces, source, (*at, "labelled"))
        for number, pattern in enumerate(entry.patterns):
            here = (*at, "patterns", number)
            yield from _check_faults(pattern.check, source, here)
            yield from _regex_faults(pattern.regex, held.pieces, source, (*here, "regex"))
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
    if check is not None and check not in CHECKS:
        yield source.fault((*at, "check"), unknown("check", check, CHECKS, "what numbers are checked for"))


def _regex_faults(regex: str, pieces: Mapping[str, str], source: Source, at: Loc) -> Iterator[PolicyFault]:
    missing = [piece for piece in PIECE.findall(regex) if piece not in pieces]
    if missing:
        yield source.fault(at, unknown("piece", missing[0], pieces, "`pieces`"))
        return
    try:
        re.compile(_pieced(regex, pieces))
    except re.error as error:
        yield source.fault(at, f"this is no regular expression: {error}")
