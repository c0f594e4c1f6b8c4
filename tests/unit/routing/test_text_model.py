from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from services.routing.domain.opinion import Guess, Question
from services.routing.text_model import RANKED_MAX, LearnedModel
from shared.events import Location
from tests.unit.routing.desk import report

pytestmark = pytest.mark.unit


@dataclass
class Taught:
    """A classifier that says the same of every report."""

    ranked: tuple[tuple[str, float], ...]
    agencies: tuple[str, ...] = ("dishub", "dlh")
    thresholds: tuple[float, ...] = (0.9, 2.0)
    asked: list[Any] = field(default_factory=list)

    def suggest(self, texts: Sequence[str], places: Sequence[Mapping[str, str]], *, at_most: int) -> list[Any]:
        self.asked.append((list(texts), list(places), at_most))
        return [SimpleNamespace(ranked=self.ranked) for _ in texts]


def test_a_classifier_is_asked_with_text_place_and_category() -> None:
    taught = Taught((("dishub", 0.8),))
    there = report(location=Location(text="Jl. Merpati", kelurahan="Sarua", kecamatan="Ciputat"))

    LearnedModel(taught, "m-1", 0.95).suggest([Question(there, "penerangan_jalan"), Question(report())])

    text = "Lampu jalan mati\nPJU padam sejak seminggu."
    place = {
        "address": "Jl. Merpati", "kelurahan": "Sarua", "kecamatan": "Ciputat", "category": "penerangan_jalan",
    }  # fmt: skip
    assert taught.asked == [([text, text], [place, {}], RANKED_MAX)]


@pytest.mark.parametrize(
    ("ranked", "threshold"),
    [
        ((("dishub", 0.8), ("dlh", 0.1)), 0.9),
        ((("dlh", 0.99), ("dishub", 0.01)), None),
        ((), None),
    ],
)
def test_the_threshold_is_that_of_the_likeliest_agency_and_none_where_it_never_decides(
    ranked: tuple[tuple[str, float], ...], threshold: float | None
) -> None:
    (guess,) = LearnedModel(Taught(ranked), "m-1", 0.95).suggest([Question(report())])

    assert guess == Guess("m-1", ranked, threshold, 0.95)


def test_agencies_without_a_threshold_each_are_no_classifier() -> None:
    with pytest.raises(ValueError, match="shorter"):
        LearnedModel(Taught((), thresholds=(0.9,)), "m-1", 0.95)
