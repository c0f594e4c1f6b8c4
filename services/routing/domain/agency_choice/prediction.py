"""What a text model makes of reports, as the cascade hears it, and which reports it is asked about; holds no model."""

from collections.abc import Sequence
from typing import Protocol

from shared.events import Report
from shared.values import value


@value
class Question:
    """What a model is told: the report, and the code of its category if it has one."""

    report: Report
    category: str | None = None


@value
class Prediction:
    """What a model makes of one report.

    Args:
        model: Which model it is; stands in the explanation.
        ranking: Codes of agencies and their probabilities (0 to 1), most probable first; ``kecamatan`` is the district
            office of the report's place.
        threshold: Probability from which the first of them may be right often enough to need no person; None if there
            were too few examples of it to tell.
        precision: How often "often enough" is: the share of such predictions that were right, 0 to 1.
    """

    model: str
    ranking: tuple[tuple[str, float], ...]
    threshold: float | None
    precision: float


@value
class NoPrediction:
    """No model was asked, and why."""

    because: str


MaybePrediction = Prediction | NoPrediction
NO_MODEL = NoPrediction("no text model is in use")
NOT_ASKED = NoPrediction("the text model was not asked")


class TextModel(Protocol):
    """A text model that has learned from labelled reports."""

    def suggest(self, questions: Sequence[Question]) -> Sequence[Prediction]:
        """Return a prediction for each question, in order; takes processor time and is called in a thread."""
        ...
