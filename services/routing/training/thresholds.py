"""Chooses the threshold of each agency, above which nobody needs to look, on reports that the model has not learned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from services.routing.classifier.model import NEVER

EXAMPLES_MIN = 30  # an agency with fewer is left to people, however sure the model is
AGENCY_PRIOR = 50.0  # as if an agency had shown that often that it is like the others
CAUTION_Z = 0.75  # of the Wilson bound; see bench/text-model.md for what more and less of it cost
SLOPE_MIN = 0.1
EDGE = 1e-6

Values = NDArray[np.float64]


class Judged(NamedTuple):
    """Reports that the model has not learned from: its likeliest agency, how likely, and whether it was right."""

    agencies: NDArray[np.str_]
    likelihood: Values
    right: NDArray[np.bool_]


@dataclass(frozen=True)
class Reliability:
    """How often the model is right, by what it says: the log odds are ``offset + slope * its own + agency's``."""

    offset: float
    slope: float
    agencies: Mapping[str, float]

    def odds(self, judged: Judged) -> Values:
        """Return the log odds that the likeliest agency is right."""
        own = np.array([self.agencies.get(str(agency), 0.0) for agency in judged.agencies])
        odds: Values = self.offset + self.slope * _log_odds(judged.likelihood) + own
        return odds

    def likelihood_at(self, odds: float, agency: str) -> float:
        """Return the probability at which the model's *agency* has these log *odds* of being right."""
        return _expit((odds - self.offset - self.agencies.get(agency, 0.0)) / self.slope)


def thresholds(judged: Judged, target: float, examples: Mapping[str, int]) -> dict[str, float]:
    """Return for each agency the probability from which on it may be routed to without a person.

    Args:
        judged: The newest part of the training reports, as a model of the older part judges them.
        target: Precision to be reached, 0 to 1. What is routed above the thresholds reached it in *judged*, and is
            expected to reach it with some caution; otherwise nothing is routed.
        examples: Training reports by agency; those with fewer than `EXAMPLES_MIN` get `NEVER`.
    """
    ready = np.array([examples.get(str(agency), 0) >= EXAMPLES_MIN for agency in judged.agencies], dtype=bool)
    kept = Judged(*(column[ready] for column in judged))
    limit = reliability = None
    if len(kept.right):
        reliability = learn_reliability(kept)
        limit = lowest_odds(reliability.odds(kept), kept.right, target)
    if limit is None or reliability is None:
        return dict.fromkeys(examples, NEVER)
    return {
        agency: reliability.likelihood_at(limit, agency) if count >= EXAMPLES_MIN else NEVER
        for agency, count in examples.items()
    }


def lowest_odds(odds: Values, right: NDArray[np.bool_], target: float) -> float | None:
    """Return the lowest log odds above which both the expected and the measured precision reach *target*; or None."""
    order = np.argsort(-odds, kind="stable")
    ranked, number = odds[order], np.arange(1, len(odds) + 1)
    expected = np.cumsum(_expits(ranked)) / number
    measured = np.cumsum(right[order]) / number
    whole = np.append(ranked[1:] < ranked[:-1], True)  # never between reports that are equally sure
    (good,) = np.nonzero(whole & (measured >= target) & (wilson(expected, number) >= target))
    if not len(good):
        return None
    last = int(good[-1])
    # Between two reports, so that rounding lets neither cross.
    return float(ranked[last] + ranked[last + 1]) / 2 if last + 1 < len(ranked) else float(ranked[last]) - EDGE


def learn_reliability(judged: Judged) -> Reliability:
    """Return how often the model is right; agencies differ only as far as enough reports show it."""
    names, index = np.unique(judged.agencies, return_inverse=True)
    own, right = _log_odds(judged.likelihood), judged.right.astype(float)

    def loss(flat: Values) -> tuple[float, Values]:
        odds = flat[0] + flat[1] * own + flat[2:][index]
        errors = _expits(odds) - right
        total = float(np.logaddexp(0, odds).sum() - right @ odds + AGENCY_PRIOR / 2 * flat[2:] @ flat[2:])
        shares = np.bincount(index, errors, minlength=len(names)) + AGENCY_PRIOR * flat[2:]
        return total, np.concatenate([[errors.sum(), errors @ own], shares])

    start = np.concatenate([[0.0, 1.0], np.zeros(len(names))])
    bounds = [(-10.0, 10.0), (SLOPE_MIN, 10.0), *[(-10.0, 10.0)] * len(names)]
    offset, slope, *agencies = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x.tolist()
    return Reliability(offset, slope, dict(zip(map(str, names), agencies, strict=True)))


def wilson(share: Values, number: NDArray[np.int64]) -> Values:
    """Return Wilson's lower bound of a share seen in *number* cases, at `CAUTION_Z`."""
    z2 = CAUTION_Z**2
    spread = CAUTION_Z * np.sqrt(share * (1 - share) / number + z2 / (4 * number**2))
    bound: Values = (share + z2 / (2 * number) - spread) / (1 + z2 / number)
    return bound


def _log_odds(likelihood: Values) -> Values:
    clipped = np.clip(likelihood.astype(np.float64), EDGE, 1 - EDGE)
    odds: Values = np.log(clipped / (1 - clipped))
    return odds


def _expits(odds: Values) -> Values:
    shares: Values = 1 / (1 + np.exp(-odds))
    return shares


def _expit(odds: float) -> float:
    return float(_expits(np.array([odds]))[0])
