from dataclasses import replace
from typing import Any

import pytest

from services.routing.domain.agency_choice.cascade import Case, decide_agency
from services.routing.domain.agency_choice.evidence import read
from services.routing.domain.agency_choice.prediction import NOT_ASKED, MaybePrediction, Prediction
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.agency_choice.verdict import Chosen, Doubt, Undecided, Verdict
from shared.events import DecidedBy, Step, Suggestion
from tests.unit.routing.samples import POLICY, report

pytestmark = pytest.mark.unit

VAGUE = "Di sini gelap sekali"


def prediction(*ranking: tuple[str, float], threshold: float | None = 0.9, precision: float = 0.95) -> Prediction:
    return Prediction("m-1", ranking or (("dishub", 0.93), ("dlh", 0.04)), threshold, precision)


def verdict(prediction: MaybePrediction, text: str = VAGUE, *, policy: RoutingPolicy = POLICY, **case: Any) -> Verdict:
    return decide_agency(policy, Case(read(policy, report(title="", body=text)), prediction=prediction, **case))


def step(name: str, outcome: str, rule: str | None = None, score: float | None = None) -> Step:
    return Step(step=name, rule=rule, policy_version="p1", outcome=outcome, score=score)


NOTHING = step("rules", "0 points for the best agency, 3 are needed", score=0)


def test_a_model_that_is_sure_enough_decides_what_the_rules_leave_open() -> None:
    assert verdict(prediction()) == Chosen(
        "dishub", DecidedBy.MODEL, (NOTHING, step("model", "dishub", "m-1", 0.93)), confidence=0.93
    )


@pytest.mark.parametrize(("probability", "decides"), [(0.89, False), (0.9, True), (0.91, True)])
def test_a_prediction_decides_from_the_threshold_of_its_agency_on(probability: float, decides: bool) -> None:
    assert isinstance(verdict(prediction(("dishub", probability))), Chosen) is decides


def test_an_unsure_prediction_becomes_a_suggestion_to_officers() -> None:
    assert verdict(prediction(("dishub", 0.6), ("dlh", 0.25))) == Undecided(
        Doubt.NO_EVIDENCE,
        (NOTHING, step("model", "dishub: 0.60 is not enough, 0.90 is needed", "m-1", 0.6)),
        (
            Suggestion(agency="dishub", score=0.6, why="text model: 0.60"),
            Suggestion(agency="dlh", score=0.25, why="text model: 0.25"),
        ),
    )


@pytest.mark.parametrize(
    ("prediction", "changes", "reservation"),
    [
        (prediction(threshold=None), {}, "dishub: too few examples to decide by"),
        (prediction(), {"model_accept": False}, "dishub: the policy lets the model suggest, not decide"),
        (
            prediction(precision=0.9),
            {},
            "dishub: the model is right in 0.90 of such cases, 0.95 are wanted",
        ),
        (prediction(("national_admin", 0.99)), {}, "national_admin: an officer must say why it is not the city's"),
        (
            prediction(("bina_marga_lama", 0.99), ("dishub", 0.95)),
            {},
            "dishub: the model thinks first of an agency that the city does not have",
        ),
        (prediction(("gone", 0.99)), {}, "no agency of the city: the model knows none for this report"),
    ],
)
def test_a_model_veto_leads_to_triage(prediction: Prediction, changes: dict[str, Any], reservation: str) -> None:
    decided = verdict(prediction, policy=replace(POLICY, **changes))

    assert isinstance(decided, Undecided)
    assert decided.explanation[-1].outcome == reservation


def test_a_model_does_not_choose_between_agencies_that_rules_speak_for_equally() -> None:
    decided = verdict(prediction(), "Lampu jalan mati, jalan berlubang")

    assert isinstance(decided, Undecided)
    assert decided.reason is Doubt.CLOSE_CALL
    assert decided.explanation[-1].outcome == "dishub: not decided by the model where rules speak for several"


def test_suggestions_alternate_between_rules_and_model() -> None:
    made = prediction(("dlh", 0.5), ("dishub", 0.3), ("kec_ciputat", 0.1))

    decided = verdict(made, "Macet", policy=replace(POLICY, suggestions_max=4))

    assert isinstance(decided, Undecided)
    assert [(offered.agency, offered.why) for offered in decided.suggestions] == [
        ("dishub", "kw-traffic: macet"),
        ("dlh", "text model: 0.50"),
        ("kec_ciputat", "text model: 0.10"),
    ]


def test_the_model_s_district_office_is_the_one_of_the_place() -> None:
    there = verdict(prediction(("kecamatan", 0.95)), district="kec_ciputat")
    nowhere = verdict(prediction(("kecamatan", 0.95)))

    assert isinstance(there, Chosen)
    assert there.agency == "kec_ciputat"
    assert isinstance(nowhere, Undecided)


def test_a_model_may_have_learned_official_names() -> None:
    decided = verdict(prediction(("DINAS  perhubungan", 0.95)))

    assert isinstance(decided, Chosen)
    assert decided.agency == "dishub"


@pytest.mark.parametrize(
    ("text", "case"), [("Lampu jalan mati", {}), (VAGUE, {"requested": "dlh"}), ("Listrik padam", {})]
)
def test_what_is_decided_before_is_not_changed_by_a_model(text: str, case: dict[str, Any]) -> None:
    made = prediction(("kec_ciputat", 0.99))

    assert verdict(made, text, **case) == verdict(NOT_ASKED, text, **case)


def test_a_doubtful_choice_is_offered_beside_what_the_model_thinks() -> None:
    decided = verdict(prediction(("kec_ciputat", 0.7)), "Lampu jalan mati", requested="dlh")

    assert isinstance(decided, Undecided)
    assert [offered.agency for offered in decided.suggestions] == ["dlh", "dishub", "kec_ciputat"]


def test_where_no_model_was_asked_the_explanation_says_why() -> None:
    decided = verdict(NOT_ASKED)

    assert decided.explanation == (NOTHING, step("model", "the text model was not asked"))
