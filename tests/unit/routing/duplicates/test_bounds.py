"""Where very many tell of one thing a new report is compared with few of them."""

from datetime import timedelta

import pytest

from services.routing.domain.duplicates import candidates
from services.routing.domain.duplicates.candidates import Neighbour, Search, find_candidates
from services.routing.domain.duplicates.similarity import ClusterRules, Fingerprint
from shared.events import Location
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

DAY = timedelta(days=1)
RULES = ClusterRules(True, 21 * DAY, 300, 2000, 500, 0.5, 0.5)
PLACE, STREET = Location(kelurahan="Serua"), {70: frozenset({71})}
WORDS = frozenset({1, 2, 3, 4})


def neighbour(id_: str, *bands: int, days: int = 0) -> Neighbour:
    return Neighbour(id_, NOON + days * DAY, None, PLACE, Fingerprint(WORDS, STREET, bands))


def found(search: Search, *stored: Neighbour) -> list[str]:
    return [one.id for one in find_candidates(RULES, [search], stored)[search.itself.id].neighbours]


ASKED = Search(neighbour("new", 1, 2, 3), (1, 2, 3))
STORED = (neighbour("one", 1), neighbour("three", 1, 2, 3), neighbour("two", 2, 3))


def test_of_too_many_those_are_compared_that_share_most_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sorted(found(ASKED, *STORED)) == ["one", "three", "two"]

    monkeypatch.setattr(candidates, "COMPARED_MAX", 2)

    assert sorted(found(ASKED, *STORED)) == ["three", "two"]


def test_of_too_many_under_one_key_the_newest_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "BY_KEY_MAX", 2)

    assert sorted(found(ASKED, *(neighbour(f"day {day}", 1, days=day) for day in (2, 0, 1)))) == ["day 1", "day 2"]
