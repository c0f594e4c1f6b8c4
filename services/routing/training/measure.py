"""Measures a model on labelled reports: precision, coverage, calibration."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.routing.classifier.model import BATCH_REPORTS_MAX, Model
from services.routing.training.fitting import Examples

TOP = 3
BINS = 10
PASSES = 3


@dataclass(frozen=True)
class AgencyMeasure:
    """How well one agency is found.

    Args:
        rows: Reports that were its own.
        found: Those of them for which it was the likeliest.
        named: Reports for which it was the likeliest.
        routed: Those of them that are certain enough to go without a person.
        routed_right: Those of them that were its own.
        threshold: The probability needed; above 1 for never, None for an agency that the model does not know.
    """

    agency: str
    rows: int
    found: int
    named: int
    routed: int
    routed_right: int
    threshold: float | None

    @property
    def f1(self) -> float:
        """Return the harmonic mean of precision and recall, 0 where nothing was found."""
        return 2 * self.found / (self.rows + self.named) if self.found else 0.0


@dataclass(frozen=True)
class Bin:
    """Reports whose likeliest agency had about the same probability: what was said, and what was right."""

    rows: int
    said: float
    right: float


@dataclass(frozen=True)
class Measures:
    """How good a model is. All shares are from 0 to 1.

    Args:
        rows: Reports measured.
        top1, top3: Share whose agency was the likeliest, or among the three likeliest.
        macro_f1: Mean over the agencies that occur, in the reports or in what the model says.
        coverage: Share that is certain enough to be routed without a person.
        precision: Share of those that was right; None if there are none.
        calibration_error: Mean distance between what was said and what was right, over the bins.
        texts_per_second: In this thread, with the words of these texts read before, as in a service that has run a
            while.
    """

    rows: int
    top1: float
    top3: float
    macro_f1: float
    coverage: float
    precision: float | None
    calibration_error: float
    texts_per_second: float
    agencies: tuple[AgencyMeasure, ...]
    bins: tuple[Bin, ...]


def measure(model: Model, examples: Examples) -> Measures:
    """Return how good *model* is on *examples*, which must not be empty."""
    probabilities = model.probabilities(examples.texts, examples.places)
    certain = model.certain(probabilities)
    # Another file may write the same agency in another case.
    spelled = {agency.lower(): agency for agency in model.agencies}
    names = np.array(model.agencies)
    truth = np.array([spelled.get(agency.lower(), agency) for agency in examples.agencies])
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :TOP]
    hits = names[order] == truth[:, None]
    best, right = names[order[:, 0]], hits[:, 0]
    agencies = _per_agency(model, truth, best, certain)
    said = probabilities.max(axis=1)
    bins = _reliability(said, right)
    return Measures(
        rows=len(truth),
        top1=float(right.mean()),
        top3=float(hits.any(axis=1).mean()),
        macro_f1=float(np.mean([each.f1 for each in agencies])),
        coverage=float(certain.mean()),
        precision=float(right[certain].mean()) if certain.any() else None,
        calibration_error=sum(each.rows * abs(each.said - each.right) for each in bins) / len(truth),
        texts_per_second=_speed(model, examples),
        agencies=agencies,
        bins=bins,
    )


def _per_agency(
    model: Model, truth: NDArray[np.str_], best: NDArray[np.str_], certain: NDArray[np.bool_]
) -> tuple[AgencyMeasure, ...]:
    limits = dict(zip(model.agencies, map(float, model.thresholds), strict=True))
    found = []
    for agency in np.union1d(truth, best):
        own, named = truth == agency, best == agency
        found.append(
            AgencyMeasure(
                agency=str(agency),
                rows=int(own.sum()),
                found=int((own & named).sum()),
                named=int(named.sum()),
                routed=int((named & certain).sum()),
                routed_right=int((own & named & certain).sum()),
                threshold=limits.get(str(agency)),
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.rows, each.agency)))


def _reliability(said: NDArray[np.float32], right: NDArray[np.bool_]) -> tuple[Bin, ...]:
    place = np.minimum((said * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(int(held.sum()), float(said[held].mean()), float(right[held].mean()))
        for held in (place == each for each in range(BINS))
        if held.any()
    )


def _speed(model: Model, examples: Examples) -> float:
    batches: Sequence[int] = range(0, len(examples.texts), BATCH_REPORTS_MAX)
    seconds = []
    for _ in range(PASSES):
        begun = time.perf_counter()
        for at in batches:
            end = at + BATCH_REPORTS_MAX
            model.suggest(examples.texts[at:end], examples.places[at:end])
        seconds.append(time.perf_counter() - begun)
    return len(examples.texts) / min(seconds)
