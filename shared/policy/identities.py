"""Loads identities.yaml: how identities, and what only looks like them, are recognised in texts."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from shared.identities.checks import CHECKS, Check
from shared.identities.homes import Homes
from shared.identities.masker import Masker
from shared.identities.names import People
from shared.identities.recognisers import Gate, Pattern, Recogniser, Recognisers
from shared.policy.identity_file import (
    NO_EVERYDAY_WORD,
    GateEntry,
    HomesEntry,
    IdentityFile,
    LabelledEntry,
    PatternEntry,
    PeopleEntry,
    RecogniserEntry,
    faults_of_identities,
    pieced,
)
from shared.policy.loading import (
    PolicyFault,
    PolicyInvalid,
    load_sourced,
    read_text,
)
from shared.text import LETTERS, folded_text

FILE = "identities.yaml"
END = r"(?!\w)"
EVERYDAY_FILE = "everyday_words.txt"


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
    if faults := [*faults, *faults_of_identities(held, source)]:
        raise PolicyInvalid(faults)
    no_names = everyday.union(held.people.fillers, held.people.titles)
    pieces, checks = _whole(held.pieces), CHECKS | {NO_EVERYDAY_WORD: lambda word: word not in no_names}
    gated = [(_gate(gate), list(_behind(name, held, pieces, checks))) for name, gate in held.gates.items()]
    return Masker(
        Recognisers(gated, held.threshold),
        _people(held.people, everyday),
        _homes(held.homes),
    )


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


def _behind(
    gate: str, held: IdentityFile, pieces: Mapping[str, str], checks: Mapping[str, Check]
) -> Iterator[Recogniser]:
    for entry in held.recognisers:
        if entry.gate == gate:
            yield _recogniser(entry, held.threshold, pieces, checks)


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
        verbs=re.compile(entry.verbs),
    )


def _homes(entry: HomesEntry) -> Homes:
    first_words = frozenset(folded_text(words).split()[0] for words in entry.said_of)
    return Homes(entry.label, _introduced(entry.said_of, entry.fillers), first_words)


def _any_of(words: Iterable[str]) -> str:
    choices = sorted(map(folded_text, words), key=lambda word: (-len(word), word))
    spelled = (re.escape(word).replace(r"\ ", r"[\W_]{1,3}") for word in choices)
    return rf"(?<!\w)(?:{'|'.join(spelled)}){END}"


def _by_last_word(phrases: Iterable[str]) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    found: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    for phrase in phrases:
        *before, last = LETTERS.findall(folded_text(phrase))
        found[last].append((tuple(before), "" if phrase[-1].isalpha() else phrase[-1]))
    return dict(found)


def _introduced(words: Iterable[str], fillers: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"{_any_of(words)}(?:[\s:,=.-]{{0,3}}{_any_of(fillers)}){{0,4}}[\s:,=.-]{{1,3}}")


def _whole(pieces: Mapping[str, str]) -> dict[str, str]:
    """Return the pieces without pieces in them."""
    found: dict[str, str] = {}
    for name, regex in pieces.items():
        found[name] = pieced(regex, found)
    return found


def _recogniser(
    entry: RecogniserEntry, threshold: float, pieces: Mapping[str, str], checks: Mapping[str, Check]
) -> Recogniser:
    context = _phrases(entry.context)
    patterns = [_pattern(one, threshold, frozenset(context), pieces, checks) for one in entry.patterns]
    if entry.labelled is not None:
        patterns.append(_labelled(entry.labelled, pieces, checks))
    return Recogniser(
        name=entry.name,
        label=entry.label,
        patterns=patterns,
        form=re.compile(pieced(entry.form, pieces)) if entry.form else None,
        context=context,
        context_score=entry.context_score,
        before=entry.before,
        after=entry.after,
    )


def _pattern(
    entry: PatternEntry,
    threshold: float,
    context: frozenset[str],
    pieces: Mapping[str, str],
    checks: Mapping[str, Check],
) -> Pattern:
    return Pattern(
        regex=re.compile(pieced(entry.regex, pieces)),
        score=entry.score,
        check=checks[entry.check] if entry.check else None,
        checked_score=entry.checked_score,
        is_whole=entry.whole,
        needs=context if max(entry.score, entry.checked_score) < threshold else frozenset(),
        digits_min=entry.digits,
    )


def _labelled(entry: LabelledEntry, pieces: Mapping[str, str], checks: Mapping[str, Check]) -> Pattern:
    fewest, most = entry.digits
    number = rf"({entry.starts}(?:{pieces['sep']}\d){{{fewest - 1},{most - 1}}})(?!\d)"
    regex = re.compile(_any_of(entry.words).removesuffix(END) + pieces["of"] + number)
    needs = _last_words(entry.words)
    if entry.check is None:
        return Pattern(regex, entry.score, needs=needs, digits_min=fewest)
    return Pattern(regex, 0.0, checks[entry.check], entry.score, needs=needs, digits_min=fewest)


def _phrases(phrases: Iterable[str]) -> dict[str, list[tuple[str, ...]]]:
    """Return phrases by their last word, each as the words before it."""
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for phrase in phrases:
        *before, last = LETTERS.findall(folded_text(phrase))
        found[last].append(tuple(before))
    return dict(found)


def _last_words(phrases: Iterable[str]) -> frozenset[str]:
    """Return of each phrase a word that a text must hold for the phrase to stand in it."""
    return frozenset(LETTERS.findall(folded_text(phrase))[-1] for phrase in phrases)
