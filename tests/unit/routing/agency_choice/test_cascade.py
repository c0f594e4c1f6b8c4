from dataclasses import replace

import pytest

from services.routing.domain.agency_choice.cascade import Case, decide_agency
from services.routing.domain.agency_choice.evidence import read
from services.routing.domain.agency_choice.explanation import STEPS_MAX
from services.routing.domain.agency_choice.rules import AgencyRule, OverridePolicy, RoutingPolicy, Rulebook
from services.routing.domain.agency_choice.verdict import Chosen, Doubt, Undecided, Verdict
from shared.events import DecidedBy, Step, Suggestion
from tests.unit.routing.samples import POLICY, any_of, at, report

pytestmark = pytest.mark.unit


def verdict(
    text: str,
    *,
    requested: str | None = None,
    category: str | None = None,
    kecamatan: str | None = None,
    policy: RoutingPolicy = POLICY,
) -> Verdict:
    evidence = read(policy, report(title="", body=text, location=at(kecamatan)))
    district = policy.districts.get(kecamatan or "")
    return decide_agency(policy, Case(evidence, requested, policy.category_of(category), district))


def step(name: str, outcome: str, rule: str | None = None, score: float | None = None) -> Step:
    return Step(step=name, rule=rule, policy_version="p1", outcome=outcome, score=score)


def test_the_agency_with_the_most_points_is_chosen() -> None:
    assert verdict("Lampu jalan mati dan macet, ada sampah") == Chosen(
        "dishub",
        DecidedBy.RULE,
        (
            step("rule", "dishub: lampu jalan", "kw-lamp", 3),
            step("rule", "dishub: macet", "kw-traffic", 2),
            step("rule", "dlh: sampah", "kw-waste", 3),
            step("rules", "dishub", score=5),
        ),
        confidence=0.62,
    )


def test_too_few_points_ask_an_officer() -> None:
    assert verdict("Macet") == Undecided(
        Doubt.NO_EVIDENCE,
        (
            step("rule", "dishub: macet", "kw-traffic", 2),
            step("rules", "2 points for the best agency, 3 are needed", score=2),
            step("model", "no text model is in use"),
        ),
        (Suggestion(agency="dishub", score=2, why="kw-traffic: macet"),),
    )


def test_no_points_at_all_ask_an_officer() -> None:
    assert verdict("Kenapa begini terus min") == Undecided(
        Doubt.NO_EVIDENCE,
        (
            step("rules", "0 points for the best agency, 3 are needed", score=0),
            step("model", "no text model is in use"),
        ),
    )


def test_two_agencies_too_close_to_each_other_ask_an_officer() -> None:
    decided = verdict("Lampu jalan mati, jalan berlubang")

    assert isinstance(decided, Undecided)
    assert decided.reason is Doubt.CLOSE_CALL
    assert decided.explanation[-2] == step("rules", "3 points for dishub, 3 for dsdabmbk: too close", score=3)
    assert [suggestion.agency for suggestion in decided.suggestions] == ["dishub", "dsdabmbk"]


@pytest.mark.parametrize(("margin", "agency"), [(2, "dishub"), (3, None)])
def test_an_agency_must_be_ahead_by_the_margin(margin: int, agency: str | None) -> None:
    decided = verdict("Lampu jalan mati, macet, ada sampah", policy=replace(POLICY, margin=margin))

    assert (decided.agency if isinstance(decided, Chosen) else None) == agency


def test_what_lies_outside_the_city_goes_to_the_national_administrators_with_the_reason() -> None:
    assert verdict("Listrik padam dari PLN") == Chosen(
        "national_admin",
        DecidedBy.RULE,
        (
            step("rule", "national_admin: listrik padam, pln", "out-power", 4),
            step("outside", "national_admin", "out-power", 4),
        ),
        confidence=1.0,
        reason_id="Listrik urusan PLN.",
        reason_en="Power is PLN's.",
    )


def test_the_reporters_choice_is_followed() -> None:
    assert verdict("Mohon dibantu", requested="dlh") == Chosen(
        "dlh", DecidedBy.REQUESTED, (step("requested", "dlh", score=0),)
    )


def test_the_reporters_choice_stands_against_weak_evidence() -> None:
    decided = verdict("Sampah dan lampu jalan", requested="dlh")

    assert decided == Chosen("dlh", DecidedBy.REQUESTED, (step("requested", "dlh", score=3),))


def test_strong_text_evidence_overrides_the_reporters_choice() -> None:
    assert verdict("Lampu jalan mati", requested="dlh") == Undecided(
        Doubt.REQUESTED_DOUBTFUL,
        (
            step("requested", "dlh is doubtful: 0 points for it, 3 for dishub", score=0),
            step("rule", "dishub: lampu jalan", "kw-lamp", 3),
        ),
        (
            Suggestion(agency="dlh", score=0, why="requested: dlh"),
            Suggestion(agency="dishub", score=3, why="kw-lamp: lampu jalan"),
        ),
    )


@pytest.mark.parametrize(
    ("trust", "followed"),
    [(OverridePolicy(True, 4, 3), True), (OverridePolicy(True, 3, 4), True), (OverridePolicy(True, 3, 3), False)],
)
def test_a_choice_is_overruled_from_enough_points_and_enough_lead(trust: OverridePolicy, followed: bool) -> None:
    decided = verdict("Lampu jalan mati", requested="dlh", policy=replace(POLICY, requested=trust))

    assert isinstance(decided, Chosen) is followed


def test_a_choice_does_not_bring_into_the_city_what_lies_outside() -> None:
    decided = verdict("Listrik padam", requested="dishub")

    assert isinstance(decided, Chosen)
    assert (decided.agency, decided.reason_en) == ("national_admin", "Power is PLN's.")
    assert [tried.step for tried in decided.explanation] == ["requested", "rule", "outside"]


@pytest.mark.parametrize(
    ("requested", "accept", "outcome"),
    [("gone", True, "gone is not known"), ("dlh", False, "dlh is not followed")],
)
def test_an_overridden_choice_leaves_the_decision_to_the_text(requested: str, accept: bool, outcome: str) -> None:
    policy = replace(POLICY, requested=OverridePolicy(accept, 3, 3))

    decided = verdict("Lampu jalan mati", requested=requested, policy=policy)

    assert isinstance(decided, Chosen)
    assert decided.agency == "dishub"
    assert decided.explanation[0] == step("requested", outcome)


def test_the_category_names_the_agency() -> None:
    assert verdict("Mohon dibantu", category="Penerangan Jalan") == Chosen(
        "dishub", DecidedBy.RULE, (step("category", "dishub", "penerangan_jalan", 0),)
    )


def test_strong_text_evidence_overrides_the_category() -> None:
    policy = replace(POLICY, category=OverridePolicy(True, 3, 3))

    decided = verdict("Sampah menumpuk", category="penerangan_jalan", policy=policy)

    assert isinstance(decided, Undecided)
    assert decided.reason is Doubt.CATEGORY_DOUBTFUL
    assert [(offered.agency, offered.why) for offered in decided.suggestions] == [
        ("dishub", "category: penerangan_jalan"),
        ("dlh", "kw-waste: sampah"),
    ]


def test_a_category_outside_the_city_gives_its_reason() -> None:
    decided = verdict("Mohon dibantu", category="listrik")

    assert isinstance(decided, Chosen)
    assert (decided.agency, decided.reason_id, decided.reason_en) == ("national_admin", "Urusan PLN.", "It is PLN's.")


def test_a_category_of_the_districts_means_the_office_of_the_place() -> None:
    decided = verdict("Mohon dibantu", category="kelurahan", kecamatan="Ciputat")

    assert isinstance(decided, Chosen)
    assert decided.agency == "kec_ciputat"


def test_a_district_category_without_a_known_place_leaves_the_decision_to_the_text() -> None:
    decided = verdict("Lampu jalan mati", category="kelurahan")

    assert isinstance(decided, Chosen)
    assert decided.agency == "dishub"
    assert decided.explanation[0] == step("category", "the district is not known", "kelurahan")


@pytest.mark.parametrize(("category", "accept"), [("pungli", True), ("penerangan_jalan", False), ("tidak ada", True)])
def test_an_unmapped_category_leaves_the_decision_to_the_text(category: str, accept: bool) -> None:
    decided = verdict(
        "Sampah menumpuk", category=category, policy=replace(POLICY, category=OverridePolicy(accept, 3, 3))
    )

    assert isinstance(decided, Chosen)
    assert decided.agency == "dlh"


def test_a_choice_comes_before_a_category() -> None:
    decided = verdict("Mohon dibantu", requested="dlh", category="penerangan_jalan")

    assert isinstance(decided, Chosen)
    assert (decided.agency, decided.decided_by) == ("dlh", DecidedBy.REQUESTED)


def test_an_officer_is_offered_few_agencies_and_a_short_explanation() -> None:
    rules = tuple(AgencyRule(f"r{n}", any_of(f"kata{n}"), f"a{n % 5}", 1) for n in range(40))
    policy = replace(POLICY, rulebook=Rulebook(rules), suggestions_max=2)

    decided = verdict(" ".join(f"kata{n}" for n in range(40)), policy=policy)

    assert isinstance(decided, Undecided)
    assert len(decided.suggestions) == 2
    assert len(decided.explanation) == STEPS_MAX + 2
