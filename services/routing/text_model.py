"""Asks the text classifier for a prediction, as the last step of the routing cascade."""

from collections.abc import Sequence
from pathlib import Path

from services.routing.classifier.model import NEVER, Model
from services.routing.classifier.model_file import ModelRefused, load
from services.routing.domain.agency_choice.prediction import Prediction, Question

RANKED_MAX = 5  # more than an officer is offered, since some may be no agencies of the city or have declined already
NAME_SYMBOLS = 12  # of the hash, as a policy's version has


class LearnedModel:
    """A model as the cascade asks it.

    Args:
        model: Trained.
        name: Which one it is; stands in every explanation.
        precision: Share of right ones for which its thresholds were chosen, 0 to 1.
    """

    def __init__(self, model: Model, name: str, precision: float) -> None:
        self.model = model
        self.name = name
        self.precision = precision
        self.thresholds = dict(zip(model.agencies, map(float, model.thresholds), strict=True))

    def suggest(self, questions: Sequence[Question]) -> list[Prediction]:
        """Return a prediction for each question, in order."""
        texts = [f"{question.report.title}\n{question.report.body}" for question in questions]
        suggested = self.model.suggest(texts, list(map(_place_of, questions)), at_most=RANKED_MAX)
        return [self.prediction(one.ranked) for one in suggested]

    def prediction(self, ranked: tuple[tuple[str, float], ...]) -> Prediction:
        """Return what was suggested, with the threshold of the likeliest agency."""
        threshold = self.thresholds[ranked[0][0]]
        return Prediction(self.name, ranked, None if threshold >= NEVER else threshold, self.precision)


def _place_of(question: Question) -> dict[str, str]:
    place = question.report.location
    features = {
        "address": place.text if place else None,
        "kelurahan": place.kelurahan if place else None,
        "kecamatan": place.kecamatan if place else None,
        "category": question.category,
    }
    return {name: text for name, text in features.items() if text}


def load_model(directory: Path) -> LearnedModel:
    """Return the model in *directory*.

    Raises:
        ValueError: It is missing, of another format, or was changed since it was trained; in one sentence.
    """
    try:
        model, manifest = load(directory)
    except ModelRefused as refused:
        raise ValueError(str(refused)) from refused
    return LearnedModel(model, str(manifest["hash"])[:NAME_SYMBOLS], float(manifest["training"]["precision"]))
