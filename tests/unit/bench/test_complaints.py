"""Complaints of the benchmarks are such as channels send."""

import json

import pytest

from bench.whole.complaints import first
from shared.events import ComplaintSubmitted

pytestmark = pytest.mark.unit


def test_each_is_valid_and_has_an_id_of_its_own() -> None:
    records = first(50, "run")

    assert len({key for key, _ in records}) == 50
    for key, value in records:
        assert ComplaintSubmitted.model_validate(json.loads(value)["data"]).source_id == key


def test_every_second_reporter_leaves_a_contact() -> None:
    with_contact = [b'"reporter"' in value for _, value in first(10, "run")]

    assert with_contact == [True, False] * 5


def test_no_two_runs_file_the_same_report() -> None:
    assert not {key for key, _ in first(5, "a")} & {key for key, _ in first(5, "b")}
