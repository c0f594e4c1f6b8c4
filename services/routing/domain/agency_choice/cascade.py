"""The decision ladder: which agency is responsible for a report, and why; never what happens to the ticket."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.routing.domain.agency_choice.evidence import Evidence
from services.routing.domain.agency_choice.explanation import Likely, likely, rule_steps, step, suggestions
from services.routing.domain.agency_choice.model_step import by_model
from services.routing.domain.agency_choice.prediction import NO_MODEL, Opinion
from services.routing.domain.agency_choice.rules import DISTRICT_OFFICE, NATIONAL_ADMIN, Category, RoutingPolicy, Trust
from services.routing.domain.agency_choice.verdict import Chosen, Doubt, Undecided, Verdict
from shared.events import DecidedBy, ProposedPart, Step, Suggestion


@dataclass(frozen=True, slots=True)
class Case:
    """What is decided about: the report's evidence, what the reporter chose beside it, and what a model makes of it.

    Args:
        parts: Those among whom the report may have to be divided.
    """

    evidence: Evidence
    requested: str | None = None
    category: Category | None = None
    district: str | None = None
    opinion: Opinion = NO_MODEL
    parts: tuple[ProposedPart, ...] = ()

    def guessed(self, policy: RoutingPolicy) -> Likely:
        """Return the agencies of the city that a model thinks of, most probable first."""
        return likely(policy, self.opinion, self.district)


@dataclass(frozen=True, slots=True)
class Rung:
    """What one step of the ladder found; ``verdict`` is None where the next step must decide."""

    steps: tuple[Step, ...] = ()
    verdict: Verdict | None = None


def decide_agency(policy: RoutingPolicy, case: Case) -> Verdict:
    """Return the agency, or the question to an officer; every step that was tried stands in its explanation."""
    tried: tuple[Step, ...] = ()
    rungs: tuple[Callable[[RoutingPolicy, Case, tuple[Step, ...]], Rung], ...] = (_by_request, _by_category)
    for rung in rungs:
        found = rung(policy, case, tried)
        if found.verdict is not None:
            return found.verdict
        tried += found.steps
    ruled = _by_rules(policy, case, tried)
    return by_model(policy, case.opinion, case.guessed(policy), ruled) if isinstance(ruled, Undecided) else ruled


def _by_request(policy: RoutingPolicy, case: Case, tried: tuple[Step, ...]) -> Rung:
    if case.requested is None:
        return Rung()
    if not policy.requested.accept or case.requested not in policy.agencies:
        known = "not followed" if case.requested in policy.agencies else "not known"
        return Rung((step(policy, "requested", f"{case.requested} is {known}"),))
    choice = Chosen(case.requested, DecidedBy.REQUESTED, (step(policy, "requested", case.requested),))
    return follow(policy, case, tried, choice, policy.requested)


def _by_category(policy: RoutingPolicy, case: Case, tried: tuple[Step, ...]) -> Rung:
    category = case.category
    if category is None or category.agency is None or not policy.category.accept:
        return Rung()
    agency = case.district if category.agency == DISTRICT_OFFICE else category.agency
    if agency is None:
        return Rung((step(policy, "category", "the district is not known", rule=category.code),))
    chosen = (step(policy, "category", agency, rule=category.code),)
    choice = Chosen(agency, DecidedBy.RULE, chosen, None, category.reason_id, category.reason_en)
    return follow(policy, case, tried, choice, policy.category)


def follow(policy: RoutingPolicy, case: Case, tried: tuple[Step, ...], choice: Chosen, trust: Trust) -> Rung:
    """Return the verdict on a choice that somebody made, as far as the evidence lets it stand."""
    evidence, (made,), agency = case.evidence, choice.explanation, choice.agency
    own = evidence.score_of(agency)
    rival, points = next(((other, score) for other, score in evidence.ranking if other != agency), ("", 0))
    if points < trust.overruled_at or points - own < trust.overruled_by:
        return Rung(verdict=replace(choice, explanation=(*tried, made.model_copy(update={"score": own}))))
    doubtful = f"{agency} is doubtful: {own} points for it, {points} for {rival}"
    overruled = step(policy, made.step, doubtful, rule=made.rule, score=own)
    steps = (*tried, overruled, *rule_steps(policy, evidence, (rival, agency)))
    if rival == NATIONAL_ADMIN:
        return Rung(verdict=_outside(policy, evidence, steps))
    doubt = Doubt.REQUESTED_DOUBTFUL if choice.decided_by is DecidedBy.REQUESTED else Doubt.CATEGORY_DOUBTFUL
    chosen = Suggestion(agency=agency, score=own, why=f"{made.step}: {made.rule or agency}")
    return Rung(verdict=Undecided(doubt, steps, suggestions(policy, evidence, case.guessed(policy), (chosen,))))


def _by_rules(policy: RoutingPolicy, case: Case, tried: tuple[Step, ...]) -> Verdict:
    """Choose the agency with the most points if they are enough and clearly the most; otherwise leave it open."""
    ranking = case.evidence.ranking
    (agency, points), (second, next_points) = (*ranking, ("", 0), ("", 0))[:2]
    steps = (*tried, *rule_steps(policy, case.evidence, (name for name, _ in ranking[: policy.suggestions_max])))
    offered = suggestions(policy, case.evidence, case.guessed(policy))
    if points < policy.threshold:
        outcome = f"{points} points for the best agency, {policy.threshold} are needed"
        return Undecided(Doubt.NO_EVIDENCE, (*steps, step(policy, "rules", outcome, score=points)), offered)
    if case.parts:
        named = ", ".join(part.agency for part in case.parts)
        several = step(policy, "rules", f"several matters: {named}", score=points)
        return Undecided(Doubt.SEVERAL_MATTERS, (*steps, several), offered, case.parts)
    if points - next_points < policy.margin:
        outcome = f"{points} points for {agency}, {next_points} for {second}: too close"
        return Undecided(Doubt.CLOSE_CALL, (*steps, step(policy, "rules", outcome, score=points)), offered)
    if agency == NATIONAL_ADMIN:
        return _outside(policy, case.evidence, steps)
    confidence = round(points / sum(score for _, score in ranking), 2)
    return Chosen(agency, DecidedBy.RULE, (*steps, step(policy, "rules", agency, score=points)), confidence)


def _outside(policy: RoutingPolicy, evidence: Evidence, steps: tuple[Step, ...]) -> Chosen:
    rule = max((point.rule for point in evidence.of(NATIONAL_ADMIN)), key=lambda rule: rule.weight)
    points = evidence.score_of(NATIONAL_ADMIN)
    confidence = round(points / sum(score for _, score in evidence.ranking), 2)
    found = step(policy, "outside", NATIONAL_ADMIN, rule=rule.id, score=points)
    return Chosen(NATIONAL_ADMIN, DecidedBy.RULE, (*steps, found), confidence, rule.reason_id, rule.reason_en)
