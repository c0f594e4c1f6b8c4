"""A text model that has learned single words by heart."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.routing.domain.agency_choice.prediction import Prediction, Question

NAME = "words-1"


@dataclass
class WordModel:
    """Is as sure of an agency as the word that stands for it says; remembers what it was asked, and in which thread."""

    words: Mapping[str, tuple[str, float]] = field(default_factory=lambda: {"gelap": ("dishub", 0.97)})
    threshold: float | None = 0.9
    precision: float = 0.95
    asked: list[str] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def suggest(self, questions: Sequence[Question]) -> list[Prediction]:
        self.threads.add(threading.get_ident())
        return [self.prediction(f"{question.report.title} {question.report.body}") for question in questions]

    def prediction(self, text: str) -> Prediction:
        self.asked.append(text)
        known = sorted(
            {self.words[word] for word in text.lower().split() if word in self.words}, key=lambda one: -one[1]
        )
        return Prediction(NAME, tuple(known), self.threshold, self.precision)
