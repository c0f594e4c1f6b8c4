import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.classifier.model import NEVER
from services.routing.training.thresholds import Judged, learn_reliability, lowest_odds, thresholds, wilson

pytestmark = pytest.mark.learning


def judged(rows: int = 2000, *, seed: int = 3, flattery: float = 0.0) -> Judged:
    """Reports of three agencies; the model says *flattery* more than is so."""
    draw = np.random.default_rng(seed)
    so = draw.beta(4, 1.2, rows)
    agencies = draw.choice(np.array(["a", "b", "c"]), rows)
    return Judged(agencies, np.clip(so + flattery, 0, 0.999), draw.random(rows) < so)


def routed(found: Judged, limits: dict[str, float]) -> np.ndarray:
    return found.likelihood >= np.array([limits[str(agency)] for agency in found.agencies])


@given(st.integers(0, 10_000), st.floats(0, 0.1), st.sampled_from([0.8, 0.9, 0.95]))
def test_reports_routed_in_the_judged_part_reach_the_target(seed: int, flattery: float, target: float) -> None:
    found = judged(400, seed=seed, flattery=flattery)

    limits = thresholds(found, target, {"a": 100, "b": 100, "c": 100})

    certain = routed(found, limits)
    assert not certain.any() or found.right[certain].mean() >= target


def test_a_model_that_flatters_itself_gets_higher_thresholds() -> None:
    examples = {"a": 100, "b": 100, "c": 100}

    honest = thresholds(judged(), 0.9, examples)
    flattering = thresholds(judged(flattery=0.08), 0.9, examples)

    assert all(flattering[agency] > honest[agency] for agency in examples)


def test_an_agency_that_is_often_wrong_needs_more() -> None:
    found = judged(6000)
    wrong = found._replace(right=found.right & ((found.agencies != "c") | (np.arange(6000) % 4 > 0)))

    limits = thresholds(wrong, 0.9, {"a": 100, "b": 100, "c": 100})

    assert limits["c"] > max(limits["a"], limits["b"])


@pytest.mark.parametrize(("count", "ready"), [(29, False), (30, True)])
def test_an_agency_with_too_few_examples_is_never_routed_to(count: int, ready: bool) -> None:
    limits = thresholds(judged(), 0.9, {"a": 100, "b": 100, "c": count})

    assert (limits["c"] < 1) is ready
    assert limits["a"] < 1


def test_an_unreachable_target_routes_nothing() -> None:
    found = judged()._replace(right=np.arange(2000) % 2 == 0)

    assert thresholds(found, 0.95, {"a": 99, "b": 99, "c": 99}) == {"a": NEVER, "b": NEVER, "c": NEVER}


def test_without_judged_reports_nothing_is_routed() -> None:
    nothing = Judged(np.array([], dtype=str), np.array([]), np.array([], dtype=bool))

    assert thresholds(nothing, 0.95, {"a": 99}) == {"a": NEVER}


def test_reports_that_are_equally_sure_are_not_torn_apart() -> None:
    odds = np.array([5.0, 5.0, 4.0, 4.0])

    limit = lowest_odds(np.repeat(odds, 100), np.repeat([True, True, True, False], 100), 0.9)

    assert limit is not None
    assert 4.0 < limit < 5.0


def test_reliability_predicts_the_share_of_right_answers() -> None:
    found = judged(20_000, flattery=0.05)

    odds = learn_reliability(found).odds(found)

    sure = odds > np.log(0.9 / 0.1)
    expected = float((1 / (1 + np.exp(-odds[sure]))).mean())
    assert abs(expected - found.right[sure].mean()) < 0.02


def test_wilsons_bound_comes_closer_with_more_reports() -> None:
    few, many = wilson(np.array([0.95, 0.95]), np.array([50, 5000]))

    assert few < many < 0.95
