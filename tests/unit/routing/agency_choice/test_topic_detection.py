from dataclasses import replace

import pytest

from services.routing.domain.agency_choice.evidence import read
from services.routing.domain.agency_choice.prediction import NO_MODEL, MaybePrediction, Prediction
from services.routing.domain.agency_choice.rules import AgencyRule, RoutingPolicy, Rulebook
from services.routing.domain.agency_choice.topic_detection import parts
from services.routing.domain.agency_choice.verdict import Chosen, Doubt, Undecided, Verdict
from services.routing.domain.lifecycle.opening import verdict_on
from shared.events import PARTS_MAX, ProposedPart
from tests.builders import accepted
from tests.unit.routing.samples import POLICY, RULES, any_of, report

pytestmark = pytest.mark.unit

LAMP = ProposedPart(agency="dishub", words=("lampu jalan",), rules=("kw-lamp",))
WASTE = ProposedPart(agency="dlh", words=("sampah",), rules=("kw-waste",))
STRONG = replace(
    POLICY,
    rulebook=Rulebook(
        (
            *RULES,
            AgencyRule("kw-heap", any_of("menumpuk"), "dlh", 3),
            AgencyRule("kw-hole", any_of("aspal"), "dsdabmbk", 3),
            AgencyRule("kw-deep", any_of("dalam"), "dsdabmbk", 1),
        )
    ),
)


def found(body: str, title: str = "", policy: RoutingPolicy = POLICY) -> tuple[ProposedPart, ...]:
    told = report(title=title, body=body)
    return parts(policy, told, read(policy, told))


def verdict(body: str, prediction: MaybePrediction = NO_MODEL, **about: str) -> Verdict:
    told = report(title="", body=body)
    return verdict_on(POLICY, accepted(title="", body=body, **about), read(POLICY, told), prediction)


def test_equal_scores_from_different_phrases_are_parts() -> None:
    assert found("Lampu jalan mati dan ada sampah") == (LAMP, WASTE)


def test_one_phrase_for_two_agencies_is_one_topic() -> None:
    shared = Rulebook((*RULES, AgencyRule("kw-tree", any_of("lampu jalan tertutup"), "dlh", 3)))

    assert found("Lampu jalan tertutup pohon", policy=replace(POLICY, rulebook=shared)) == ()


@pytest.mark.parametrize(
    "body",
    ["Lampu jalan mati", "Lampu jalan mati dan macet, ada sampah", "macet dan sampah", "Halo", "Pohon dan macet"],
)
def test_a_clear_report_is_one_matter(body: str) -> None:
    assert found(body) == ()


def test_sentences_that_each_speak_strongly_for_another_agency_are_parts() -> None:
    several = found("Sampah menumpuk. Selain itu aspal berlubang, dalam", policy=STRONG)

    assert [part.agency for part in several] == ["dlh", "dsdabmbk"]
    assert several[1].words == ("berlubang", "aspal", "dalam")


def test_a_title_is_a_sentence_of_its_own() -> None:
    assert [part.agency for part in found("Aspal berlubang dalam", "Sampah menumpuk", STRONG)] == ["dlh", "dsdabmbk"]


def test_a_weak_phrase_does_not_delay_a_clear_report() -> None:
    assert found("Aspal berlubang dalam. Lampu jalan juga.", policy=STRONG) == ()


def test_what_a_later_sentence_takes_back_is_no_matter() -> None:
    assert found("Sampah menumpuk, sampah. Aspal berlubang. Hanya kantong sampah", policy=STRONG) == ()


def test_no_more_parts_are_proposed_than_an_officer_may_assign() -> None:
    rules = tuple(AgencyRule(f"kw-{n}", any_of(f"hal{n}"), f"a{n}", 3) for n in range(PARTS_MAX + 2))
    policy = replace(POLICY, rulebook=Rulebook(rules))

    assert len(found(" ".join(f"hal{n}" for n in range(PARTS_MAX + 2)), policy=policy)) == PARTS_MAX


def test_an_officer_is_asked_with_the_parts() -> None:
    asked = verdict("Lampu jalan mati dan ada sampah")

    assert isinstance(asked, Undecided)
    assert (asked.reason, asked.parts) == (Doubt.SEVERAL_MATTERS, (LAMP, WASTE))
    assert asked.explanation[-1].outcome == "no text model is in use"
    assert asked.explanation[-2].outcome == "several matters: dishub, dlh"


@pytest.mark.parametrize("chosen", [{"target_agency": "dishub"}, {"category": "penerangan_jalan"}])
def test_what_the_reporter_chose_is_one_matter_still(chosen: dict[str, str]) -> None:
    assert isinstance(verdict("Lampu jalan mati dan ada sampah", **chosen), Chosen)


def test_a_model_does_not_decide_between_several_matters() -> None:
    sure = Prediction("m", (("dishub", 0.99),), 0.5, 0.99)

    asked = verdict("Lampu jalan mati dan ada sampah", sure)

    assert isinstance(asked, Undecided)
    assert asked.parts == (LAMP, WASTE)
