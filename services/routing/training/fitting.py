"""Fits the classifier: probabilities of agencies, learned from labelled reports."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.svm import LinearSVC

from services.routing.classifier.lexicon import Floats, Lexicon, Place, learn_features
from services.routing.training.stacking import Indices, Values, learn_stack

FOLDS = 5

# Alone, the support vectors decide best; the two ways of counting words err elsewhere, at next to no cost.
LEARNERS: tuple[Callable[[int], Any], ...] = (
    lambda seed: LinearSVC(C=0.3, tol=0.01, random_state=seed),
    lambda _: ComplementNB(alpha=0.1),
    lambda _: MultinomialNB(alpha=0.05, fit_prior=False),
)


class Examples(NamedTuple):
    """Reports with the agency that was right, as far as anybody knows; oldest first."""

    texts: Sequence[str]
    places: Sequence[Place]
    agencies: Sequence[str]

    def part(self, rows: Sequence[int] | NDArray[np.int64]) -> "Examples":
        """Return some of them."""
        chosen = [int(row) for row in rows]
        return Examples(
            [self.texts[row] for row in chosen],
            [self.places[row] for row in chosen],
            [self.agencies[row] for row in chosen],
        )


class Line(NamedTuple):
    """What one learner has learned: its decision values are ``vectors @ weights + bias``."""

    weights: Values
    bias: Values


@dataclass(frozen=True)
class Fit:
    """Agencies' logits are ``vectors @ weights + bias``."""

    agencies: tuple[str, ...]
    lexicon: Lexicon
    weights: Floats
    bias: Floats


def fit(examples: Examples, seed: int) -> Fit:
    """Return what *examples* teach; each agency in them needs at least `FOLDS` reports."""
    lexicon = learn_features(examples.texts, examples.places)
    rows = _matrix(lexicon, examples)
    agencies, truth = np.unique(np.array(examples.agencies), return_inverse=True)
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(rows, truth))
    unseen = [np.zeros((len(truth), len(agencies))) for _ in LEARNERS]
    # One after another: liblinear draws from one generator of the whole process, so that threads would make each
    # training come out a little different.
    for kept, left_out in folds:
        for learner, values in zip(LEARNERS, unseen, strict=True):
            weights, bias = line(learner(seed).fit(rows[kept], truth[kept]))
            values[left_out] = rows[left_out] @ weights + bias
    lines = [line(learner(seed).fit(rows, truth)) for learner in LEARNERS]
    return _folded(tuple(map(str, agencies)), lexicon, lines, unseen, truth)


def _folded(
    agencies: tuple[str, ...], lexicon: Lexicon, lines: Sequence[Line], unseen: Sequence[Values], truth: Indices
) -> Fit:
    spreads = [float(values.std()) for values in unseen]
    stack = learn_stack([values / spread for values, spread in zip(unseen, spreads, strict=True)], truth)
    weights, bias = np.zeros_like(lines[0].weights), stack.bias
    for (own, own_bias), mix, spread in zip(lines, stack.mixing, spreads, strict=True):
        weights += own @ (mix / spread)
        bias = bias + own_bias @ (mix / spread)
    return Fit(agencies, lexicon, weights.astype(np.float32), bias.astype(np.float32))


def line(learner: Any) -> Line:
    """Return a fitted learner as weights by feature and agency, moved so that each report's values sum to nothing."""
    if isinstance(learner, LinearSVC):
        weights, bias = learner.coef_.T, learner.intercept_
        if weights.shape[1] == 1:  # of two agencies scikit-learn keeps the second only
            weights, bias = np.hstack([-weights, weights]), np.concatenate([-bias, bias])
    else:
        weights = learner.feature_log_prob_.T
        bias = np.zeros(weights.shape[1])
    return Line(weights - weights.mean(axis=1, keepdims=True), bias - bias.mean())


def _matrix(lexicon: Lexicon, examples: Examples) -> csr_matrix:
    starts, columns, values = lexicon.vectors(examples.texts, examples.places)
    return csr_matrix((values, columns, starts), shape=(len(examples.texts), len(lexicon.rarity)))
