"""What routing remembers of the open tickets of a kelurahan between two looks at the database."""

from collections.abc import Collection, Mapping

import pytest

from services.routing import listings
from services.routing.domain.ticket.state import Filed
from services.routing.listings import LISTED_SECONDS_MAX, RememberedListings
from services.routing.neighbours import Listing, NoNeighbours
from shared.events import Location
from tests.unit.routing.samples import filed, report

pytestmark = pytest.mark.unit

SERUA = report(location=Location(kelurahan="Serua"))


class Listed(NoNeighbours):
    """Lists the same tickets every time; notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def listed_in(self, kelurahan: Collection[str]) -> Mapping[str, Listing]:
        self.asked.append(list(kelurahan))
        return {name: Listing(["b", "a"], {"b": "a"}) for name in kelurahan}


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def remembered() -> tuple[RememberedListings, Listed, Clock]:
    neighbours, clock = Listed(), Clock()
    known = RememberedListings(neighbours, clock)
    await known.listed_in(["Serua"])
    return known, neighbours, clock


async def test_the_database_is_asked_again_only_after_some_seconds() -> None:
    known, neighbours, clock = await remembered()

    clock.seconds = LISTED_SECONDS_MAX / 2
    assert await known.listed_in(["Serua", "Setu"]) == dict.fromkeys(("Serua", "Setu"), Listing(["b", "a"], {"b": "a"}))
    clock.seconds = LISTED_SECONDS_MAX
    await known.listed_in(["Serua", "Setu"])

    assert neighbours.asked == [["Serua"], ["Setu"], ["Serua"]]


async def test_a_ticket_that_was_filed_since_is_listed_first_with_its_leader() -> None:
    known, _, _ = await remembered()

    known.note(filed("routed", id="c", report=SERUA, cluster="a"))

    assert await known.listed_in(["Serua"]) == {"Serua": Listing(["c", "b", "a"], {"b": "a", "c": "a"})}


@pytest.mark.parametrize(
    "after",
    [
        filed("withdrawn", id="b", report=SERUA),
        filed("routed", id="b", report=SERUA, erased=True),
        filed("routed", id="b", report=SERUA, parent="a"),
        filed("routed", id="b", report=report(location=Location(kelurahan="Serua"), confidential=True)),
    ],
    ids=["ended", "erased", "part", "confidential"],
)
async def test_a_ticket_that_may_be_shown_no_more_is_listed_no_more(after: Filed) -> None:
    known, _, _ = await remembered()

    known.note(after)

    assert await known.listed_in(["Serua"]) == {"Serua": Listing(["a"])}


async def test_a_leader_that_was_left_is_left_in_the_list() -> None:
    known, _, _ = await remembered()

    known.note(filed("routed", id="b", report=SERUA))

    assert await known.listed_in(["Serua"]) == {"Serua": Listing(["b", "a"])}


async def test_no_more_are_remembered_than_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "REPORTS_MAX", 2)
    known, _, _ = await remembered()

    known.note(filed("routed", id="c", report=SERUA))

    assert (await known.listed_in(["Serua"]))["Serua"].ids == ["c", "b"]


async def test_nothing_is_remembered_of_a_kelurahan_that_nobody_asked_about() -> None:
    known, neighbours, _ = await remembered()

    known.note(filed("routed", id="c", report=report(location=Location(kelurahan="Setu"))))
    known.note(filed("routed", id="d", report=report(location=None)))

    assert await known.listed_in(["Setu"]) == {"Setu": Listing(["b", "a"], {"b": "a"})}
    assert neighbours.asked == [["Serua"], ["Setu"]]


async def test_of_too_many_tickets_the_kelurahan_listed_first_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    known, neighbours, _ = await remembered()
    monkeypatch.setattr(listings, "LISTED_MAX", 2 * len((await known.listed_in(["Setu"]))["Setu"].ids))

    assert set(await known.listed_in(["Muncul"])) == {"Muncul"}
    await known.listed_in(["Setu", "Muncul", "Serua"])

    assert neighbours.asked == [["Serua"], ["Setu"], ["Muncul"], ["Serua"]]
