"""What the decision cascade comes to: an agency, or a question to an officer; never how it comes to it."""

from enum import StrEnum

from shared.events import DecidedBy, ProposedPart, Step, Suggestion
from shared.values import value


class Doubt(StrEnum):
    """Why an officer must decide."""

    NO_EVIDENCE = "no_evidence"
    CLOSE_CALL = "close_call"
    REQUESTED_DOUBTFUL = "requested_doubtful"
    CATEGORY_DOUBTFUL = "category_doubtful"
    SEVERAL_MATTERS = "several_matters"
    DECLINED = "declined"


@value
class Chosen:
    """An agency is responsible.

    Args:
        confidence: Share of the rules' points that speak for it, or a model's probability, 0 to 1; None where neither
            was what decided.
        reason_id, reason_en: Why the matter lies outside the city's authority, for the reporter; None if it does not.
        advice_id, advice_en: What the reporter of a sensitive matter is told beside where it went; None if nothing.
    """

    agency: str
    decided_by: DecidedBy
    explanation: tuple[Step, ...]
    confidence: float | None = None
    reason_id: str | None = None
    reason_en: str | None = None
    advice_id: str | None = None
    advice_en: str | None = None


@value
class Undecided:
    """An officer must decide; ``parts`` are those among whom a report of several matters may be divided."""

    reason: Doubt
    explanation: tuple[Step, ...]
    suggestions: tuple[Suggestion, ...] = ()
    parts: tuple[ProposedPart, ...] = ()


Verdict = Chosen | Undecided
