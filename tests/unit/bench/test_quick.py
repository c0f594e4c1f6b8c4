"""A ratio has fallen if it is less than half of the committed one, and not before."""

import json

import pytest

from bench.quick import RATIOS, compared, fallen

pytestmark = pytest.mark.unit


def test_less_than_half_is_fallen() -> None:
    assert fallen({"a": 0.19, "b": 0.2, "c": 0.9}, {"a": 0.4, "b": 0.4, "c": 0.4}) == ["a"]


def test_what_was_never_committed_cannot_fall() -> None:
    assert fallen({"new": 0.01}, {}) == []


def test_measured_stands_beside_committed() -> None:
    _, a, b = compared({"a": 0.1, "b": 0.3}, {"a": 0.4})

    assert a.split() == ["a", "0.100", "0.400", "LESS", "THAN", "HALF"]
    assert b.split() == ["b", "0.300", "-"]


def test_ratios_are_committed() -> None:
    committed = json.loads(RATIOS.read_text(encoding="utf-8"))

    assert committed
    assert all(ratio > 0 for ratio in committed.values())
