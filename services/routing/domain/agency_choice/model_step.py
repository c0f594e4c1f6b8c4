"""The step of the ladder that asks a text model; it comes last and only where it is sure enough, it decides."""

from dataclasses import replace
from typing import assert_never

from services.routing.domain.agency_choice.explanation import Likely, step
from services.routing.domain.agency_choice.prediction import Guess, Opinion, Unasked
from services.routing.domain.agency_choice.rules import NATIONAL_ADMIN, RoutingPolicy
from services.routing.domain.agency_choice.verdict import Chosen, Doubt, Undecided, Verdict
from shared.events import DecidedBy


def by_model(policy: RoutingPolicy, opinion: Opinion, guessed: Likely, unsure: Undecided) -> Verdict:
    """Return the agency that a model is sure enough of, or the question to an officer with what the model says.

    Args:
        guessed: The agencies of the city that it thinks of, most probable first.
        unsure: What the rules came to.
    """
    match opinion:
        case Unasked(because):
            return replace(unsure, explanation=(*unsure.explanation, step(policy, "model", because)))
        case Guess() as guess:
            agency, probability = (*guessed, ("no agency of the city", 0.0))[0]
            reservation = against(policy, guess, guessed, unsure)
            outcome = f"{agency}: {reservation}" if reservation else agency
            asked = step(policy, "model", outcome, rule=guess.model, score=round(probability, 4))
            explanation = (*unsure.explanation, asked)
            if reservation:
                return replace(unsure, explanation=explanation)
            return Chosen(agency, DecidedBy.MODEL, explanation, round(probability, 2))
        case _:
            assert_never(opinion)


def against(policy: RoutingPolicy, guess: Guess, guessed: Likely, unsure: Undecided) -> str | None:
    """Return why an officer decides although a model has an opinion; None if the model may decide.

    Two agencies that the rules speak for equally may both be concerned. And whoever is told that a matter is not the
    city's is owed a reason, which a model cannot give.
    """
    if not guessed:
        return "the model knows none for this report"
    agency, probability = guessed[0]
    if not policy.model_accept:
        return "the policy lets the model suggest, not decide"
    if guess.precision < policy.model_precision_min:
        return f"the model is right in {guess.precision:.2f} of such cases, {policy.model_precision_min:.2f} are wanted"
    if unsure.reason in (Doubt.CLOSE_CALL, Doubt.SEVERAL_MATTERS):
        return "not decided by the model where rules speak for several"
    if agency == NATIONAL_ADMIN:
        return "an officer must say why it is not the city's"
    if probability < guess.ranking[0][1]:
        return "the model thinks first of an agency that the city does not have"
    if guess.threshold is None:
        return "too few examples to decide by"
    if probability < guess.threshold:
        return f"{probability:.2f} is not enough, {guess.threshold:.2f} is needed"
    return None
