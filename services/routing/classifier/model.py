"""The trained classifier: likely agencies of a report, and whether the likeliest is above its threshold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.routing.classifier.lexicon import Floats, Lexicon, Place, Vectors

BATCH_REPORTS_MAX = 500  # bounds the memory of one step
NEVER = 2.0  # a threshold that no probability reaches


class Suggested(NamedTuple):
    """What the model says of one report.

    Args:
        ranked: The likeliest agencies and their probabilities, likeliest first.
        certain: The first one may be routed to without a person.
    """

    ranked: tuple[tuple[str, float], ...]
    certain: bool


@dataclass(frozen=True)
class Model:
    """A linear model with calibrated probabilities.

    Args:
        agencies: Codes or names, as they stood in the training file.
        lexicon: The features that it knows.
        weights: By feature and agency.
        bias: By agency.
        thresholds: By agency: the probability from which on it may be routed to without a person; `NEVER` for never.
    """

    agencies: tuple[str, ...]
    lexicon: Lexicon
    weights: Floats
    bias: Floats
    thresholds: Floats

    def suggest(self, texts: Sequence[str], places: Sequence[Place], *, at_most: int = 3) -> list[Suggested]:
        """Return what the model says of each report.

        Args:
            texts: Title and body.
            places: What else is known, by field: ``address``, ``kecamatan``, ``kelurahan``, ``category``; fields that
                the training file did not have add nothing.
            at_most: So many agencies for each.

        It may be called from several threads at once.
        """
        probabilities = self.probabilities(texts, places)
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :at_most]
        likeliest = np.take_along_axis(probabilities, order, axis=1)
        certain = self.certain(probabilities)
        return [
            Suggested(tuple(zip([self.agencies[index] for index in best], likely, strict=True)), sure)
            for best, likely, sure in zip(order.tolist(), likeliest.tolist(), certain.tolist(), strict=True)
        ]

    def probabilities(self, texts: Sequence[str], places: Sequence[Place]) -> Floats:
        """Return the probability of each agency, one row for each report."""
        parts = [
            _softmax(
                scores(self.lexicon.vectors(texts[at : at + size], places[at : at + size]), self.weights) + self.bias
            )
            for size in (BATCH_REPORTS_MAX,)
            for at in range(0, len(texts), size)
        ]
        return np.concatenate([np.empty((0, len(self.agencies)), np.float32), *parts])

    def certain(self, probabilities: Floats) -> NDArray[np.bool_]:
        """Return for each row whether its likeliest agency may be routed to without a person."""
        best = probabilities.argmax(axis=1)
        likelihood: Floats = probabilities[np.arange(len(best)), best]
        certain: NDArray[np.bool_] = likelihood >= self.thresholds[best]
        return certain


@dataclass(frozen=True)
class Summary:
    """What a model has learned from, for its file and its readers.

    Args:
        rows: Reports learned from.
        counts: Reports by agency, those too rare to be learned among them.
        judged: Newest reports on which the thresholds were chosen.
        judged_coverage: Share of them above the thresholds.
        judged_precision: Share of those that were right; None if there are none.
        judged_top1: Share of all of them whose likeliest agency was right.
    """

    precision: float
    seed: int
    rows: int
    counts: Mapping[str, int]
    judged: int
    judged_coverage: float
    judged_precision: float | None
    judged_top1: float


def scores(vectors: Vectors, weights: Floats) -> Floats:
    """Return the product of sparse rows and *weights*."""
    starts, columns, values = vectors
    spans = zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    rows = [values[begin:end] @ weights.take(columns[begin:end], axis=0) for begin, end in spans]
    return np.stack(rows).astype(np.float32)


def _softmax(logits: Floats) -> Floats:
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = (grown / grown.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
