"""Percentiles are those of the spans that were counted, to three digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.meters.histogram import Histogram, highest_like

pytestmark = pytest.mark.unit


def test_percentiles_of_a_thousand_spans() -> None:
    found = Histogram(number / 1000 for number in range(1, 1001)).report()

    assert found == {
        "p50": pytest.approx(500, rel=1e-3),
        "p99": pytest.approx(990, rel=1e-3),
        "p99.9": pytest.approx(999, rel=1e-3),
        "max": 1000.0,
        "count": 1000,
    }


def test_the_longest_span_is_no_shorter_than_any_percentile() -> None:
    histogram = Histogram([0.0123456])

    assert histogram.percentile_ms(99.9) == 12.346
    assert histogram.report()["max"] == 12.3


def test_a_span_below_zero_counts_as_none() -> None:
    assert Histogram([-0.002]).report() == {"p50": 0, "p99": 0, "p99.9": 0, "max": 0, "count": 1}


def test_nothing_was_counted() -> None:
    assert Histogram().percentile_ms(50) == 0


@given(st.integers(min_value=0, max_value=10**12))
def test_a_span_is_known_to_three_digits(span_us: int) -> None:
    assert 0 <= highest_like(span_us) - span_us <= span_us / 1000


@given(st.lists(st.floats(min_value=0, max_value=100), min_size=1), st.floats(min_value=0.1, max_value=100))
def test_at_least_so_many_lie_within_a_percentile(spans: list[float], percent: float) -> None:
    within_ms = Histogram(spans).percentile_ms(percent)

    within = sum(round(span * 1e6) <= round(within_ms * 1000) for span in spans)
    assert within >= percent / 100 * len(spans) - 1e-6
