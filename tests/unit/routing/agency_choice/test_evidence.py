import pytest

from services.routing.domain.agency_choice.evidence import Evidence, Point, read
from services.routing.domain.agency_choice.rules import AgencyRule
from shared.events import Classification, Priority
from tests.unit.routing.samples import POLICY, RULES, at, report

pytestmark = pytest.mark.unit


def point(index: int, agency: str, words: str) -> Point:
    rule = RULES[index]
    assert isinstance(rule, AgencyRule)
    return Point(rule, agency, words)


def test_every_rule_that_holds_gives_its_points_once() -> None:
    evidence = read(POLICY, report(title="PJU mati", body="Lampu jalan mati, PJU mati, jalan macet"))

    assert evidence == Evidence((point(1, "dishub", "lampu jalan, pju"), point(2, "dishub", "macet")))
    assert evidence.ranking == (("dishub", 5),)


def test_agencies_are_ranked_by_their_points() -> None:
    evidence = read(POLICY, report(title="Macet", body="Sampah di jalan berlubang, lampu jalan mati"))

    assert evidence.ranking == (("dishub", 5), ("dlh", 3), ("dsdabmbk", 3))
    assert [evidence.score_of(agency) for agency in ("dlh", "kec_ciputat")] == [3, 0]


def test_a_district_rule_scores_for_the_office_of_the_place() -> None:
    evidence = read(POLICY, report(title="Ketua RT", body="", location=at("Ciputat")))

    assert evidence.ranking == (("kec_ciputat", 3),)


@pytest.mark.parametrize("location", [None, at(), at("Cisauk")])
def test_a_district_rule_needs_a_known_place(location: object) -> None:
    evidence = read(POLICY, report(title="Ketua RT", body="", location=location))

    assert evidence == Evidence()


def test_the_highest_priority_that_holds_counts() -> None:
    levels = [
        read(POLICY, report(**changes)).priority
        for changes in ({}, {"body": "membahayakan"}, {"body": "membahayakan", "flags": ("possible_emergency",)})
    ]

    assert levels == [Priority.NORMAL, Priority.HIGH, Priority.EMERGENCY]


def test_the_first_rule_about_the_kind_of_report_counts() -> None:
    evidence = read(POLICY, report(title="", body="Bagaimana cara mengurus KTP?"))

    assert evidence.classification is Classification.INFORMATION_REQUEST


def test_evidence_for_an_agency_can_be_left_out() -> None:
    evidence = read(POLICY, report(title="Lampu jalan", body="sampah"))

    assert evidence.without(("dishub", "dlh")) == Evidence()
    assert evidence.without(()) == evidence


def test_a_score_names_its_rule_and_its_phrases() -> None:
    assert point(2, "dishub", "macet").why == "kw-traffic: macet"
