import pytest

from services.routing.domain.agency_choice.rules import AgencyRule, Category, Condition, Rulebook
from tests.unit.routing.samples import POLICY, phrases

pytestmark = pytest.mark.unit

NOTHING = phrases()


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        (("a",), False),
        (("a", "p"), False),
        (("a", "p", "x"), True),
        (("a", "q", "x"), True),
        (("p", "x"), False),
        (("a", "p", "x", "no"), False),
    ],
)
def test_a_rule_holds_if_every_part_of_its_condition_does(said: tuple[str, ...], holds: bool) -> None:
    condition = Condition(any=phrases("a", "b"), all=(phrases("p", "q"), phrases("x")), none=phrases("no"))

    assert condition.holds(phrases(*said), NOTHING) is holds


@pytest.mark.parametrize(("said", "place", "holds"), [("", "raya", True), ("raya", "", True), ("lain", "lain", False)])
def test_a_place_is_found_in_the_text_and_in_the_location(said: str, place: str, holds: bool) -> None:
    condition = Condition(at=phrases("raya"))

    assert condition.holds(phrases(said), phrases(place)) is holds


def test_location_text_scores_for_no_agency() -> None:
    assert not Condition(any=phrases("pasar")).holds(NOTHING, phrases("pasar"))


def test_matching_rules_keep_their_order_and_name_their_phrases() -> None:
    first = AgencyRule("first", Condition(any=phrases("sampah"), none=phrases("kantong")), "dlh", 3)
    second = AgencyRule("second", Condition(all=(phrases("jalan", "gang"), phrases("rusak"))), "dsdabmbk", 3)
    third = AgencyRule("third", Condition(at=phrases("jalan raya")), "national_admin", 4)

    held = Rulebook((first, second, third)).holding(("gang rusak", "ada sampah"), "di jalan raya")

    assert held == [
        (first, phrases("sampah")),
        (second, phrases("gang", "rusak")),
        (third, phrases("jalan raya")),
    ]


def test_a_rule_that_is_spoken_against_does_not_hold() -> None:
    rule = AgencyRule("waste", Condition(any=phrases("sampah"), none=phrases("kantong")), "dlh", 3)

    assert Rulebook((rule,)).holding(("kantong sampah",), "") == []


def test_an_agency_that_is_gone_is_called_by_its_code() -> None:
    assert (POLICY.name_of("dishub"), POLICY.name_of("gone")) == ("Dinas Perhubungan", "gone")


@pytest.mark.parametrize("given", ["penerangan_jalan", "Penerangan Jalan", " PENERANGAN  JALAN "])
def test_a_category_is_known_by_code_and_by_name(given: str) -> None:
    assert POLICY.category_of(given) == Category("penerangan_jalan", "dishub")


@pytest.mark.parametrize("given", [None, "", "tidak ada"])
def test_an_unmapped_category_is_none(given: str | None) -> None:
    assert POLICY.category_of(given) is None
