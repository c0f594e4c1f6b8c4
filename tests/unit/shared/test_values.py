"""Values: equal and hashed by their fields, replaced without being changed, and frozen under test."""

import dataclasses
import subprocess
import sys
from typing import Any

import pytest

from shared import values
from shared.values import replace, value

pytestmark = pytest.mark.unit

ASSIGNED = "from shared.delivery.ports import Cut; Cut('key', 1, 'a').part = 'value'"


@value
class Place:
    name: str
    floor: int = 0

    @property
    def title(self) -> str:
        return self.name.title()


@value(kw_only=True)
class Named:
    number: int = 1


@value
class Room(Named):
    place: Place


@value
class Storey(Place):
    """Checks itself."""

    def __post_init__(self) -> None:
        if self.floor > 9:
            raise ValueError("so high is no house")


@dataclasses.dataclass
class Plain:
    name: str


def test_a_value_is_replaced_field_by_field_and_stays_as_it_was() -> None:
    before = Place("hall", 1)
    assert replace(before, floor=2) == Place("hall", 2)
    assert before == Place("hall", 1)
    assert replace(before) == before


def test_fields_of_a_base_that_are_passed_by_name_are_replaced_too() -> None:
    assert replace(Room(Place("hall"), number=2), place=Place("roof")) == Room(Place("roof"), number=2)


def test_a_value_that_checks_itself_is_checked_again() -> None:
    assert replace(Storey("hall"), floor=9) == Storey("hall", 9)
    with pytest.raises(ValueError, match="house"):
        replace(Storey("hall"), floor=10)


@pytest.mark.parametrize("name", ["storey", "title", "__class__x", "_replaced"])
def test_an_unknown_field_is_refused(name: str) -> None:
    unknown: dict[str, Any] = {name: 1}
    with pytest.raises(TypeError, match=name):
        replace(Place("hall"), **unknown)


def test_a_dataclass_that_is_no_value_is_replaced_as_usual() -> None:
    assert replace(Plain("hall"), name="roof") == Plain("roof")


def test_equal_values_hash_alike() -> None:
    assert {Place("hall"), Place("hall"), Place("roof")} == {Place("roof"), Place("hall")}


@pytest.mark.parametrize("frozen", [True, False])
def test_values_are_alike_but_for_who_may_assign(frozen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "FROZEN", frozen)
    made = value(type("Made", (), {"__annotations__": {"name": str}, "name": "hall"}))
    assert hash(made()) == hash(replace(made(), name="hall"))
    assert replace(made(), name="roof") == made("roof") != made()
    with pytest.raises(TypeError, match="storey"):
        replace(made(), storey=1)
    if frozen:
        with pytest.raises(dataclasses.FrozenInstanceError):
            made().name = "roof"  # type: ignore[attr-defined]  # that is what is tried


def test_every_value_of_the_project_is_frozen_under_test() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        exec(ASSIGNED)  # noqa: S102  # the type checker would refuse it here


def test_a_service_does_not_pay_for_it() -> None:
    subprocess.run([sys.executable, "-c", ASSIGNED], check=True)
