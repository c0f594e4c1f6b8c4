"""Latency counts from when a complaint should have been sent, and the client's own delay is told apart."""

import pytest

from bench.whole.bursts import moments
from bench.whole.latency import Arrival, told

pytestmark = pytest.mark.unit


def test_what_a_complaint_took_is_counted_from_its_intended_moment() -> None:
    found = told({"a": 10.0, "b": 20.0}, {"agency": {"a": Arrival(10.050, 10.030), "b": Arrival(20.250, 20.200)}})

    assert found["agency"]["p50"] == pytest.approx(50, rel=1e-3)
    assert found["agency"]["p99"] == pytest.approx(250, rel=1e-3)
    assert found["agency_by_broker"]["p99"] == pytest.approx(200, rel=1e-3)
    assert found["agency_to_consumer"]["p50"] == pytest.approx(20, rel=1e-3)


def test_complaints_of_another_run_do_not_count() -> None:
    assert told({}, {"events": {"stray": Arrival(1.0, 1.0)}})["events"]["count"] == 0


def test_a_burst_goes_from_step_to_step() -> None:
    assert moments((1, 4), step_seconds=2) == [0, 1, 2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 3.75]
