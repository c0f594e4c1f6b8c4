"""Asks a trained classifier on behalf of the ladder; learns and stores nothing, and decides nothing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from services.routing.domain.opinion import Guess, Question

RANKED_MAX = 5  # more than an officer is offered, since some may be no agencies of the city or have declined already
ALWAYS = 1.0  # no probability is above it


class Suggested(Protocol):
    """What a classifier says of one report."""

    @property
    def ranked(self) -> tuple[tuple[str, float], ...]:
        """Return agencies and their probabilities, likeliest first."""
        ...


class Classifier(Protocol):
    """What the ladder needs of a classifier."""

    @property
    def agencies(self) -> Sequence[str]:
        """Return the agencies that it knows."""
        ...

    @property
    def thresholds(self) -> Iterable[float]:
        """Return for each of them the probability from which it needs no person; above 1 for never."""
        ...

    def suggest(
        self, texts: Sequence[str], places: Sequence[Mapping[str, str]], *, at_most: int
    ) -> Sequence[Suggested]:
        """Return what it says of each report; may be called in any thread."""
        ...


class LearnedModel:
    """A classifier as the ladder asks it.

    Args:
        classifier: Trained.
        name: Which one it is; stands in every explanation.
        precision: Share of right ones for which its thresholds were chosen, 0 to 1.
    """

    def __init__(self, classifier: Classifier, name: str, precision: float) -> None:
        self.classifier = classifier
        self.name = name
        self.precision = precision
        self.thresholds = dict(zip(classifier.agencies, map(float, classifier.thresholds), strict=True))

    def suggest(self, questions: Sequence[Question]) -> list[Guess]:
        """Return a guess for each question, in order."""
        texts = [f"{question.report.title}\n{question.report.body}" for question in questions]
        suggested = self.classifier.suggest(texts, list(map(place_of, questions)), at_most=RANKED_MAX)
        return [self.guess(one.ranked) for one in suggested]

    def guess(self, ranked: tuple[tuple[str, float], ...]) -> Guess:
        """Return what was suggested, with the threshold of the likeliest agency."""
        threshold = self.thresholds[ranked[0][0]] if ranked else None
        certain = threshold if threshold is not None and threshold <= ALWAYS else None
        return Guess(self.name, ranked, certain, self.precision)


def place_of(question: Question) -> dict[str, str]:
    """Return what is known beside the text, by the names under which classifiers learn it."""
    place = question.report.location
    told = {
        "address": place.text if place else None,
        "kelurahan": place.kelurahan if place else None,
        "kecamatan": place.kecamatan if place else None,
        "category": question.category,
    }
    return {name: text for name, text in told.items() if text}
