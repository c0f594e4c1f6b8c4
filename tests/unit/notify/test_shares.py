from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.sending.shares import ShareRule, Shares, after_failure, at_rest, drifted, order
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

MINUTE, MS = timedelta(minutes=1), timedelta(milliseconds=1)
RULE = ShareRule(step_points=10, apart_for=MINUTE, back_after=10 * MINUTE)
THREE = at_rest({"a": 60, "b": 30, "c": 10})


def test_one_error_moves_one_step_and_not_all_of_it() -> None:
    assert after_failure(THREE, "a", RULE, NOON).points == {"a": 50, "b": 38, "c": 12}


@pytest.mark.parametrize(("later", "left"), [(timedelta(), 50), (MINUTE - MS, 50), (MINUTE, 40)])
def test_a_burst_of_errors_moves_no_more_than_one_step_a_minute(later: timedelta, left: int) -> None:
    once = after_failure(THREE, "a", RULE, NOON)

    assert after_failure(once, "a", RULE, NOON + later).points["a"] == left


def test_a_gateway_that_goes_on_failing_ends_without_any_messages() -> None:
    shares = THREE
    for minute in range(10):
        shares = after_failure(shares, "a", RULE, NOON + minute * MINUTE)

    assert shares.points["a"] == 0
    assert {order(shares, draw / 100)[0] for draw in range(100)} == {"b", "c"}


def test_what_one_loses_does_not_go_to_another_that_fails() -> None:
    failing = after_failure(THREE, "b", RULE, NOON)

    assert after_failure(failing, "a", RULE, NOON).points == {"a": 59, "b": 20, "c": 21}


def test_if_all_fail_what_one_loses_is_shared_among_the_others() -> None:
    failing = after_failure(after_failure(THREE, "b", RULE, NOON), "c", RULE, NOON)

    assert sum(after_failure(failing, "a", RULE, NOON).points.values()) == 100


def test_the_only_gateway_of_a_channel_keeps_all() -> None:
    assert after_failure(at_rest({"a": 100}), "a", RULE, NOON) == at_rest({"a": 100})


@pytest.mark.parametrize(
    ("later", "left"), [(10 * MINUTE - MS, 40), (10 * MINUTE, 50), (20 * MINUTE, 60), (90 * MINUTE, 60)]
)
def test_after_calm_the_shares_drift_back_to_rest_in_steps(later: timedelta, left: int) -> None:
    shares = after_failure(after_failure(THREE, "a", RULE, NOON - MINUTE), "a", RULE, NOON)

    assert drifted(shares, RULE, NOON + later).points["a"] == left


def test_a_share_at_rest_stays_there() -> None:
    assert drifted(THREE, RULE, NOON) == THREE


def test_the_draw_falls_on_each_by_its_points() -> None:
    drawn = Counter(order(THREE, draw / 100)[0] for draw in range(100))

    assert drawn == {"a": 60, "b": 30, "c": 10}


def test_after_the_drawn_one_come_those_with_most_points() -> None:
    assert [order(THREE, draw) for draw in (0.0, 0.65, 0.95)] == [("a", "b", "c"), ("b", "a", "c"), ("c", "a", "b")]


def any_points(weights: dict[str, int]) -> bool:
    return sum(weights.values()) > 0


WEIGHTS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 100), min_size=1).filter(
    lambda w: sum(w.values()) > 0
)


@given(WEIGHTS, st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 900)), max_size=40))
def test_points_are_never_lost_nor_negative_and_all_drift_back(
    weights: dict[str, int], failures: list[tuple[str, int]]
) -> None:
    shares, now = at_rest(weights), NOON
    for gateway, seconds in failures:
        now += timedelta(seconds=seconds)
        shares = drifted(shares, RULE, now)
        if gateway in weights:
            shares = after_failure(shares, gateway, RULE, now)
        assert sum(shares.points.values()) == sum(weights.values())
        assert min(shares.points.values()) >= 0
        assert set(order(shares, 0.999)) == set(weights)

    rested: Shares = drifted(shares, RULE, now + timedelta(days=10))
    assert rested.points == weights
