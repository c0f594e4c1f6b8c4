"""The cascade of agency choice: sensitive kind, request, category, rules, text model; and after a decline.

Each step decides or leaves it to the next one. What happens to the ticket is `lifecycle`'s.
"""

from collections.abc import Callable
from typing import assert_never

from services.routing.domain.agency_choice.evidence import Evidence, read
from services.routing.domain.agency_choice.explanation import (
    RankedAgencies,
    ranked_agencies,
    rule_steps,
    step,
    suggestions,
)
from services.routing.domain.agency_choice.prediction import NO_MODEL, MaybePrediction, NoPrediction, Prediction
from services.routing.domain.agency_choice.rules import (
    DISTRICT_OFFICE,
    NATIONAL_ADMIN,
    Category,
    OverridePolicy,
    RoutingPolicy,
)
from services.routing.domain.agency_choice.verdict import Chosen, Doubt, Undecided, Verdict
from shared.events import DecidedBy, ProposedPart, Report, Step, Suggestion
from shared.values import replace, value


@value
class Case:
    """What is decided about: the report's evidence, what the reporter chose beside it, and a model's prediction.

    Args:
        parts: Those among whom the report may have to be divided.
        sensitive: What kind of sensitive report it is; None for any other.
    """

    evidence: Evidence
    requested: str | None = None
    category: Category | None = None
    district: str | None = None
    prediction: MaybePrediction = NO_MODEL
    parts: tuple[ProposedPart, ...] = ()
    sensitive: str | None = None

    def predicted(self, policy: RoutingPolicy) -> RankedAgencies:
        """Return the agencies of the city that a model thinks of, most probable first."""
        return ranked_agencies(policy, self.prediction, self.district)


@value
class StepResult:
    """What one step of the cascade found; ``verdict`` is None where the next step must decide."""

    steps: tuple[Step, ...] = ()
    verdict: Verdict | None = None


NOTHING_FOUND = StepResult()


def decide_agency(policy: RoutingPolicy, case: Case) -> Verdict:
    """Return the agency, or the question to an officer; every step that was tried stands in its explanation."""
    tried: tuple[Step, ...] = ()
    steps: tuple[Callable[[RoutingPolicy, Case, tuple[Step, ...]], StepResult], ...] = (
        _by_sensitivity, _by_request, _by_category,
    )  # fmt: skip
    for decide in steps:
        result = decide(policy, case, tried)
        if result.verdict is not None:
            return result.verdict
        tried += result.steps
    ruled = _by_rules(policy, case, tried)
    return _by_model(policy, case, ruled) if isinstance(ruled, Undecided) else ruled


def _by_sensitivity(policy: RoutingPolicy, case: Case, tried: tuple[Step, ...]) -> StepResult:
    """Send a sensitive report where the policy says, whatever anybody chose; its words stand in no explanation."""
    if case.sensitive is None:
        return NOTHING_FOUND
    kind = policy.sensitive.get(case.sensitive)
    if kind is None:
        return StepResult((step(policy, "sensitive", "the policy knows no such kind", rule=case.sensitive),))
    chosen = (*tried, step(policy, "sensitive", kind.agency, rule=case.sensitive))
    return StepResult(
        verdict=Chosen(kind.agency, DecidedBy.RULE, chosen, advice_id=kind.advice_id, advice_en=kind.advice_en)
    )


def _by_request(policy: RoutingPolicy, case: Case, tried: tuple[Step, ...]) -> StepResult:
    if case.requested is None:
        return NOTHING_FOUND
    if not policy.requested.accept or case.requested not in policy.agencies:
        known = "not followed" if case.requested in policy.agencies else "not known"
        return StepResult((step(policy, "requested", f"{case.requested} is {known}"),))
    choice = Chosen(case.requested, DecidedBy.REQUESTED, (step(policy, "requested", case.requested),))
    return _unless_overridden(policy, case, tried, choice, policy.requested)


def _by_category(policy: RoutingPolicy, case: Case, tried: tuple[Step, ...]) -> StepResult:
    category = case.category
    if category is None or category.agency is None or not policy.category.accept:
        return NOTHING_FOUND
    agency = case.district if category.agency == DISTRICT_OFFICE else category.agency
    if agency is None:
        return StepResult((step(policy, "category", "the district is not known", rule=category.code),))
    chosen = (step(policy, "category", agency, rule=category.code),)
    choice = Chosen(agency, DecidedBy.RULE, chosen, None, category.reason_id, category.reason_en)
    return _unless_overridden(policy, case, tried, choice, policy.category)


def _unless_overridden(
    policy: RoutingPolicy, case: Case, tried: tuple[Step, ...], choice: Chosen, override: OverridePolicy
) -> StepResult:
    """Return the verdict on a choice that somebody made, as far as the evidence lets it stand."""
    evidence, (made,), agency = case.evidence, choice.explanation, choice.agency
    own = evidence.score_of(agency)
    rival, points = next(((other, score) for other, score in evidence.ranking if other != agency), ("", 0))
    if points < override.overruled_at or points - own < override.overruled_by:
        return StepResult(verdict=replace(choice, explanation=(*tried, made.model_copy(update={"score": own}))))
    doubtful = f"{agency} is doubtful: {own} points for it, {points} for {rival}"
    overruled = step(policy, made.step, doubtful, rule=made.rule, score=own)
    steps = (*tried, overruled, *rule_steps(policy, evidence, (rival, agency)))
    if rival == NATIONAL_ADMIN:
        return StepResult(verdict=_outside(policy, evidence, steps))
    doubt = Doubt.REQUESTED_DOUBTFUL if choice.decided_by is DecidedBy.REQUESTED else Doubt.CATEGORY_DOUBTFUL
    chosen = Suggestion(agency=agency, score=own, why=f"{made.step}: {made.rule or agency}")
    offered = suggestions(policy, evidence, case.predicted(policy), (chosen,))
    return StepResult(verdict=Undecided(doubt, steps, offered))


def _by_rules(policy: RoutingPolicy, case: Case, tried: tuple[Step, ...]) -> Verdict:
    """Choose the agency with the most points if they are enough and clearly the most; otherwise leave it open."""
    ranking = case.evidence.ranking
    (agency, points), (second, next_points) = (*ranking, ("", 0), ("", 0))[:2]
    steps = (*tried, *rule_steps(policy, case.evidence, (name for name, _ in ranking[: policy.suggestions_max])))
    if points < policy.threshold:
        outcome = f"{points} points for the best agency, {policy.threshold} are needed"
        doubt = Doubt.NO_EVIDENCE
    elif case.parts:
        outcome = f"several matters: {', '.join(part.agency for part in case.parts)}"
        doubt = Doubt.SEVERAL_MATTERS
    elif points - next_points < policy.margin:
        outcome = f"{points} points for {agency}, {next_points} for {second}: too close"
        doubt = Doubt.CLOSE_CALL
    elif agency == NATIONAL_ADMIN:
        return _outside(policy, case.evidence, steps)
    else:
        confidence = round(points / sum(score for _, score in ranking), 2)
        return Chosen(agency, DecidedBy.RULE, (*steps, step(policy, "rules", agency, score=points)), confidence)
    offered = suggestions(policy, case.evidence, case.predicted(policy))
    parts = case.parts if doubt is Doubt.SEVERAL_MATTERS else ()
    return Undecided(doubt, (*steps, step(policy, "rules", outcome, score=points)), offered, parts)


def _outside(policy: RoutingPolicy, evidence: Evidence, steps: tuple[Step, ...]) -> Chosen:
    rule = max((point.rule for point in evidence.of(NATIONAL_ADMIN)), key=lambda rule: rule.weight)
    points = evidence.score_of(NATIONAL_ADMIN)
    confidence = round(points / sum(score for _, score in evidence.ranking), 2)
    found = step(policy, "outside", NATIONAL_ADMIN, rule=rule.id, score=points)
    return Chosen(NATIONAL_ADMIN, DecidedBy.RULE, (*steps, found), confidence, rule.reason_id, rule.reason_en)


def _by_model(policy: RoutingPolicy, case: Case, unsure: Undecided) -> Verdict:
    """Return the agency that a model is sure enough of, or the officer's question with what the model says."""
    match case.prediction:
        case NoPrediction(because):
            return replace(unsure, explanation=(*unsure.explanation, step(policy, "model", because)))
        case Prediction() as prediction:
            predicted = case.predicted(policy)
            agency, probability = (*predicted, ("no agency of the city", 0.0))[0]
            veto = _model_veto(policy, prediction, predicted, unsure)
            outcome = f"{agency}: {veto}" if veto else agency
            asked = step(policy, "model", outcome, rule=prediction.model, score=round(probability, 4))
            explanation = (*unsure.explanation, asked)
            if veto:
                return replace(unsure, explanation=explanation)
            return Chosen(agency, DecidedBy.MODEL, explanation, round(probability, 2))
        case _:
            assert_never(case.prediction)


def _model_veto(
    policy: RoutingPolicy, prediction: Prediction, predicted: RankedAgencies, unsure: Undecided
) -> str | None:
    """Return why an officer decides although a model has a prediction; None if the model may decide.

    Two agencies that the rules speak for equally may both be concerned. And whoever is told that a matter is not the
    city's is owed a reason, which a model cannot give.
    """
    if not predicted:
        return "the model knows none for this report"
    agency, probability = predicted[0]
    precision, wanted = prediction.precision, policy.model_precision_min
    if not policy.model_accept:
        return "the policy lets the model suggest, not decide"
    if precision < wanted:
        return f"the model is right in {precision:.2f} of such cases, {wanted:.2f} are wanted"
    if unsure.reason in (Doubt.CLOSE_CALL, Doubt.SEVERAL_MATTERS):
        return "not decided by the model where rules speak for several"
    if agency == NATIONAL_ADMIN:
        return "an officer must say why it is not the city's"
    if probability < prediction.ranking[0][1]:
        return "the model thinks first of an agency that the city does not have"
    if prediction.threshold is None:
        return "too few examples to decide by"
    if probability < prediction.threshold:
        return f"{probability:.2f} is not enough, {prediction.threshold:.2f} is needed"
    return None


@value
class Declined:
    """A report that its agency gives back.

    Args:
        by: The agency that declines.
        named: The agency that it names instead, known or not; None if none.
        had_by: All that have had it, the declining one among them.
        returns: How often it has been declined, this time included.
        time_spent: How long each agency has had it, for people; None if that is not known.
    """

    report: Report
    by: str
    named: str | None
    had_by: tuple[str, ...]
    returns: int
    time_spent: str | None = None
    prediction: MaybePrediction = NO_MODEL


def decide_after_decline(policy: RoutingPolicy, declined: Declined) -> Verdict:
    """Return the agency that the declining one named, if it may be tried; otherwise the question to an officer.

    It is tried once: not if it has had the ticket before (no ticket goes round in a circle, however long), not after
    as many agencies as the policy allows, and not after a second return, whoever chose the agencies in between.
    """
    by, had_by = declined.by, declined.had_by
    named = declined.named if declined.named in policy.agencies else None
    fresh = named not in had_by and len(had_by) < policy.hops_max
    if named is not None and fresh and policy.try_suggested and declined.returns <= 1:
        return Chosen(named, DecidedBy.RULE, (step(policy, "return", f"{by} declined and named {named}"),))
    untried = f" and named {declined.named}, which is not tried" if declined.named else ""
    first = (Suggestion(agency=named, score=0, why=f"named by {by}"),) if named else ()
    steps: tuple[Step, ...] = (step(policy, "return", f"{by} declined{untried}"),)
    if declined.time_spent:
        steps = (*steps, step(policy, "stays", declined.time_spent, score=declined.returns))
    if declined.report.sensitive is not None:
        # What its words speak for would show what it is about.
        return Undecided(Doubt.DECLINED, steps, first)
    evidence = read(policy, declined.report).without(had_by)
    predicted = ranked_agencies(policy, declined.prediction, policy.district_of(declined.report.location))
    untried_yet = tuple((agency, probability) for agency, probability in predicted if agency not in had_by)
    return Undecided(Doubt.DECLINED, steps, suggestions(policy, evidence, untried_yet, first))
