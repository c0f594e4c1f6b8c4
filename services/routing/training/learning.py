"""Trains a model: probabilities from all reports, thresholds from the newest."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from services.routing.classifier.model import Model, Summary
from services.routing.training.fitting import FOLDS, Examples, Fit, fit
from services.routing.training.thresholds import EXAMPLES_MIN, Judged, thresholds

OLDER_SHARE = 0.8  # of the training reports; the newer ones choose the thresholds
AGENCIES_MIN = 2
LEARNED_MIN = FOLDS  # an agency with fewer reports cannot be learned at all


class TooLittle(Exception):
    """The training reports are too few, in one sentence."""


def train(examples: Examples, *, precision: float = 0.95, seed: int = 0) -> tuple[Model, Summary]:
    """Return a model of *examples*, which must be oldest first.

    Args:
        precision: Share of the reports routed without a person that must be right, 0 to 1.
        seed: The same examples and seed give the same model.

    Raises:
        TooLittle: Fewer than two agencies can be learned, or none in the older part.
    """
    counts = Counter(examples.agencies)
    usable = _learnable(examples)
    cut = int(len(usable.texts) * OLDER_SHARE)
    older, newest = usable.part(range(cut)), usable.part(range(cut, len(usable.texts)))
    judged = _judge(fit(_learnable(older), seed), newest)
    limits = thresholds(judged, precision, {agency: counts[agency] for agency in sorted(set(usable.agencies))})
    final = _as_model(fit(usable, seed), limits)
    routed = judged.likelihood >= np.array([limits[str(agency)] for agency in judged.agencies])
    summary = Summary(
        precision=precision,
        seed=seed,
        rows=len(usable.texts),
        counts=dict(sorted(counts.items())),
        judged=len(judged.right),
        judged_coverage=float(routed.mean()),
        judged_precision=float(judged.right[routed].mean()) if routed.any() else None,
        judged_top1=float(judged.right.mean()),
    )
    return final, summary


def _learnable(examples: Examples) -> Examples:
    """Return the examples of agencies with at least `LEARNED_MIN` of them.

    Raises:
        TooLittle: Fewer than two such agencies.
    """
    counts = Counter(examples.agencies)
    rows = [row for row, agency in enumerate(examples.agencies) if counts[agency] >= LEARNED_MIN]
    if len({examples.agencies[row] for row in rows}) < AGENCIES_MIN:
        raise TooLittle(
            f"At least {AGENCIES_MIN} agencies need {LEARNED_MIN} reports each in the older {OLDER_SHARE:.0%}"
            f" ({EXAMPLES_MIN} before any is routed to without a person); give more."
        )
    return examples.part(rows)


def _as_model(found: Fit, limits: Mapping[str, float]) -> Model:
    limit = np.array([limits[agency] for agency in found.agencies], dtype=np.float32)
    return Model(found.agencies, found.lexicon, found.weights, found.bias, limit)


def _judge(found: Fit, newer: Examples) -> Judged:
    probabilities = _as_model(found, dict.fromkeys(found.agencies, 0.0)).probabilities(newer.texts, newer.places)
    agencies = np.array(found.agencies)[probabilities.argmax(axis=1)]
    return Judged(agencies, probabilities.max(axis=1).astype(np.float64), agencies == np.array(newer.agencies))
