"""Whether a model that has learned from corrections serves better than one that has not; reads and writes no file.

Both learn the older part of the reports and are measured on the same newest ones, which neither has seen: measuring the
model in use itself would be unfair, for it has learned from most of what it would be measured on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.routing.training.tooling import Examples, Model, Summary, train
from shared.text import name_key

OLDER_SHARE = 0.8
MEASURED_MIN = 20  # fewer reports say nothing about which of two models is better


class TooFew(Exception):
    """The reports are too few to compare two models on, in one sentence."""


@dataclass(frozen=True, slots=True)
class Score:
    """How good a model is on reports that it has not seen; shares are from 0 to 1.

    Args:
        top1: Share whose agency was the likeliest.
        coverage: Share that would be routed without a person.
        precision: Share of those that was right; None if there are none.
    """

    rows: int
    top1: float
    coverage: float
    precision: float | None


@dataclass(frozen=True, slots=True)
class Retrained:
    """A model of everything, how the comparison went, and why the model in use is kept; None if it is not."""

    model: Model
    summary: Summary
    before: Score
    after: Score
    refused_because: str | None


def retrain(known: Examples, corrected: Examples, *, precision: float, seed: int) -> Retrained:
    """Return the model of *known* and *corrected* reports, and whether it is better than one of *known* alone.

    Args:
        known: What the model in use has learned from, oldest first; of a corrected report the correction counts.
        corrected: Corrections, oldest first.

    Raises:
        TooFew: There is too little to measure on.
        TooLittle: There is too little to learn from.
    """
    known = without(known, set(corrected.texts))
    older, newer = halves(known)
    older_corrections, newer_corrections = halves(corrected)
    measured = _joined(newer, newer_corrections)
    if len(measured.texts) < MEASURED_MIN or not newer_corrections.texts:
        sentence = f"{len(measured.texts)} reports, {len(newer_corrections.texts)} corrections among them"
        raise TooFew(f"Only {sentence}, are left to measure on; {MEASURED_MIN} with at least one are needed.")
    before = _score(train(older, precision=precision, seed=seed)[0], measured)
    after = _score(train(_joined(older, older_corrections), precision=precision, seed=seed)[0], measured)
    model, summary = train(_joined(known, corrected), precision=precision, seed=seed)
    return Retrained(model, summary, before, after, worse(before, after, precision))


def worse(before: Score, after: Score, target: float) -> str | None:
    """Return why a model is worse than the one before; None if it is not."""
    if after.top1 < before.top1:
        return f"it finds the agency of {after.top1:.1%} of the newest reports, the old one of {before.top1:.1%}"
    if after.precision is not None and after.precision < min(target, before.precision or 0):
        old = f"the old one {before.precision:.1%}"
        return f"of what it routes without a person {after.precision:.1%} is right, {old}, {target:.1%} are wanted"
    return None


def _score(model: Model, examples: Examples) -> Score:
    suggested = model.suggest(examples.texts, examples.places, at_most=1)
    right = [one.ranked[0][0] == agency for one, agency in zip(suggested, examples.agencies, strict=True)]
    routed = [hit for one, hit in zip(suggested, right, strict=True) if one.certain]
    rows = len(right)
    return Score(rows, sum(right) / rows, len(routed) / rows, sum(routed) / len(routed) if routed else None)


def named(examples: Examples, codes: Mapping[str, str]) -> Examples:
    """Return *examples* with each agency by its code, where *codes* knows it by the name in lower case."""
    agencies = [codes.get(name_key(agency.replace("_", " ")), agency) for agency in examples.agencies]
    return Examples(examples.texts, examples.places, agencies)


def without(examples: Examples, texts: set[str]) -> Examples:
    """Return *examples* but those whose text is among *texts*."""
    return examples.part([row for row, text in enumerate(examples.texts) if text not in texts])


def halves(examples: Examples) -> tuple[Examples, Examples]:
    """Return the older and the newer part of *examples*."""
    cut = int(len(examples.texts) * OLDER_SHARE)
    return examples.part(range(cut)), examples.part(range(cut, len(examples.texts)))


def _joined(*parts: Examples) -> Examples:
    return Examples(
        [text for part in parts for text in part.texts],
        [place for part in parts for place in part.places],
        [agency for part in parts for agency in part.agencies],
    )
