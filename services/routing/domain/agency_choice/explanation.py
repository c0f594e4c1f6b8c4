"""How a routing decision is explained, and what an officer is offered where there is none; decides nothing."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import zip_longest

from services.routing.domain.agency_choice.evidence import Evidence
from services.routing.domain.agency_choice.prediction import MaybePrediction, Prediction
from services.routing.domain.agency_choice.rules import DISTRICT_OFFICE, RoutingPolicy
from shared.events import Step, Suggestion

STEPS_MAX = 12  # of rules in one explanation; the best agencies come first
STEPS_REMEMBERED_MAX = SUGGESTIONS_REMEMBERED_MAX = 4_096

RankedAgencies = tuple[tuple[str, float], ...]


def step(
    policy: RoutingPolicy, name: str, outcome: str, *, rule: str | None = None, score: float | None = None
) -> Step:
    """Return a step as people may read it."""
    return _step(policy.version, name, outcome, rule, score)


# Rules come to the same steps for many reports.
@lru_cache(STEPS_REMEMBERED_MAX)
def _step(version: str, name: str, outcome: str, rule: str | None, score: float | None) -> Step:
    return Step(step=name, rule=rule, policy_version=version, outcome=outcome, score=score)


def rule_steps(policy: RoutingPolicy, evidence: Evidence, agencies: Iterable[str]) -> tuple[Step, ...]:
    """Return a step for every rule that speaks for *agencies*, at most `STEPS_MAX`."""
    points = [point for agency in agencies for point in evidence.of(agency)]
    return tuple(
        step(policy, "rule", f"{point.agency}: {point.words}", rule=point.rule.id, score=point.rule.weight)
        for point in points[:STEPS_MAX]
    )


def ranked_agencies(policy: RoutingPolicy, prediction: MaybePrediction, district: str | None) -> RankedAgencies:
    """Return the codes of the city's agencies that a model thinks of by code or official name, most probable first.

    Args:
        district: Code of the district office of the report's place; None if the place is not known.
    """
    ranking = prediction.ranking if isinstance(prediction, Prediction) else ()
    named = ((label if label != DISTRICT_OFFICE else district or "", probability) for label, probability in ranking)
    return tuple((code, probability) for label, probability in named if (code := policy.code_of(label)) is not None)


def suggestions(
    policy: RoutingPolicy, evidence: Evidence, predicted: RankedAgencies = (), first: tuple[Suggestion, ...] = ()
) -> tuple[Suggestion, ...]:
    """Return what an officer is offered: *first*, then in turn what the rules and what a model think most of."""
    offered = {suggestion.agency: suggestion for suggestion in first}
    for suggestion in _in_turn(_by_points(evidence), _by_model(predicted)):
        if len(offered) >= policy.suggestions_max:
            break
        offered.setdefault(suggestion.agency, suggestion)
    return tuple(offered.values())[: policy.suggestions_max]


def _by_points(evidence: Evidence) -> Iterator[Suggestion]:
    for agency, score in evidence.ranking:
        yield Suggestion(agency=agency, score=score, why="; ".join(point.why for point in evidence.of(agency)))


def _by_model(predicted: RankedAgencies) -> Iterator[Suggestion]:
    """Yield the agencies that a model thinks of."""
    for agency, probability in predicted:
        yield _by_probability(agency, round(probability, 2), f"{probability:.2f}")


# There are few agencies, and a hundred probabilities.
@lru_cache(SUGGESTIONS_REMEMBERED_MAX)
def _by_probability(agency: str, score: float, said: str) -> Suggestion:
    return Suggestion(agency=agency, score=score, why=f"text model: {said}")


def _in_turn(*lists: Iterator[Suggestion]) -> Iterator[Suggestion]:
    for row in zip_longest(*lists):
        yield from (suggestion for suggestion in row if suggestion is not None)
