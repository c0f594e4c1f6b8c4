"""What the search for similar reports keeps, and how much of it; the look-ups end in time."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.routing import duplicate_search, neighbours
from services.routing.domain.duplicates import similar_reports
from services.routing.domain.duplicates.similar_reports import OpenReport
from services.routing.duplicate_search import SimilarReports
from services.routing.listings import RememberedListings
from services.routing.neighbours import Listing, NoNeighbours, StoredNeighbours, open_report
from shared.events import ComplaintAccepted, Location
from tests.builders import accepted

pytestmark = pytest.mark.unit

LAMP = "Lampu jalan padam sejak seminggu"


class Listed(NoNeighbours):
    """Open tickets by kelurahan; notes which reports were read."""

    def __init__(self, **ids: list[str]) -> None:
        self.ids = ids
        self.read: list[list[str]] = []

    async def listed_in(self, kelurahan: Collection[str]) -> Mapping[str, Listing]:
        return {each: Listing(self.ids.get(each, [])) for each in kelurahan}

    async def reports_of(self, ids: Collection[str]) -> Mapping[str, OpenReport]:
        self.read.append(list(ids))
        return {id_: open_report(id_.upper(), "", LAMP) for id_ in ids}


def new(kelurahan: str, id_: str = "new") -> ComplaintAccepted:
    return accepted(ticket_id=id_, tracking_id=id_.upper(), title="", body=LAMP, location=Location(kelurahan=kelurahan))


async def found(search: SimilarReports, *complaints: ComplaintAccepted) -> list[str]:
    return [one.tracking_id for similar in (await search.of(complaints)).values() for one in similar]


async def test_a_report_is_read_once() -> None:
    listed = Listed(Serua=["a", "b"])
    search = SimilarReports(listed)

    await found(search, new("Serua"))
    listed.ids["Serua"] = ["c", "a", "b"]
    assert sorted(await found(search, new("Serua", "next"))) == ["A", "B", "C"]
    assert listed.read == [["a", "b"], ["c"]]


async def test_what_is_listed_no_more_is_dropped() -> None:
    listed = Listed(Serua=["a", "b"])
    search = SimilarReports(listed)
    await found(search, new("Serua"))

    listed.ids["Serua"] = ["b"]

    assert await found(search, new("Serua", "next")) == ["B"]


async def test_a_report_that_comes_where_there_are_too_many_is_not_read_once_it_is_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(similar_reports, "REPORTS_MAX", 2)
    listed = Listed(Serua=["b", "a"])
    search = SimilarReports(listed)
    await found(search, new("Serua", "c"), new("Serua", "d"))

    listed.ids["Serua"] = ["d", "c"]

    assert await found(search, new("Serua", "e")) == ["D", "C"]
    assert listed.read == [["b", "a"]]
    assert await found(SimilarReports(listed), new("Serua", "e")) == ["D", "C"]


async def test_what_comes_where_there_are_too_many_and_is_never_listed_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(similar_reports, "REPORTS_MAX", 2)
    search = SimilarReports(Listed(Serua=["b", "a"]))

    for id_ in "cde":
        assert sorted(await found(search, new("Serua", id_))) == ["A", "B"]

    assert len(search.indexes["Serua"]) == 3


async def test_a_process_that_has_just_started_reads_the_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicate_search, "READ_MAX", 2)
    listed = Listed(Serua=["a", "b", "c"])
    search = SimilarReports(listed)

    assert await found(search, new("Serua")) == ["A", "B"]
    assert sorted(await found(search, new("Serua", "next"))) == ["A", "B", "C"]
    assert listed.read == [["a", "b"], ["c"]]


async def test_the_kelurahan_that_was_asked_about_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicate_search, "REPORTS_REMEMBERED_MAX", 5)
    search = SimilarReports(Listed(Serua=["a", "b"], Setu=["c", "d"]))
    await found(search, new("Serua"))

    await found(search, new("Setu", "next"))

    assert list(search.indexes) == ["Setu"]


async def test_nothing_is_looked_up_for_reports_without_a_kelurahan() -> None:
    class Forbidden(NoNeighbours):
        async def listed_in(self, kelurahan: Collection[str]) -> Mapping[str, Listing]:
            raise AssertionError(kelurahan)

    search = SimilarReports(Forbidden())

    assert await search.of([accepted(location=None), accepted(location=Location(text="Jl. Mawar"))]) == {}


class Store:
    """Stands for a collection that answers so often, each time with the next rows, and then never."""

    def __init__(self, *answers: list[dict[str, Any]]) -> None:
        self.answers = list(answers)

    async def select(self, *_: Any) -> list[dict[str, Any]]:
        if not self.answers:
            await asyncio.Event().wait()
        return self.answers.pop(0)


async def test_a_database_that_does_not_answer_in_time_is_waited_for_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "LOOK_UP_MS_MAX", 10)

    with pytest.raises(TimeoutError):
        await StoredNeighbours(Store()).reports_of(["a"])  # type: ignore[arg-type]


async def test_what_is_read_in_time_is_kept_though_the_rest_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "LOOK_UP_MS_MAX", 50)
    monkeypatch.setattr(neighbours, "REPORTS_AT_ONCE", 1)
    slow = StoredNeighbours(Store([{"_id": "a", "tracking_id": "A"}]))  # type: ignore[arg-type]

    assert list(await slow.reports_of(["a", "b"])) == ["a"]


async def test_kelurahan_that_are_listed_in_time_are_kept_though_the_rest_is_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Slow(StoredNeighbours):
        async def _listed_in(self, kelurahan: str) -> Listing:
            if kelurahan != "Serua":
                await asyncio.Event().wait()
            return Listing([kelurahan])

    monkeypatch.setattr(neighbours, "LOOK_UP_MS_MAX", 50)
    monkeypatch.setattr(neighbours, "LISTED_AT_ONCE", 1)
    slow = Slow(Store())  # type: ignore[arg-type]

    assert await slow.listed_in(["Serua", "Setu"]) == {"Serua": Listing(["Serua"])}
    with pytest.raises(TimeoutError):
        await slow.listed_in(["Setu"])


async def test_a_kelurahan_that_was_not_listed_in_time_costs_the_others_nothing() -> None:
    class Late(Listed):
        async def listed_in(self, kelurahan: Collection[str]) -> Mapping[str, Listing]:
            return {each: listing for each, listing in (await super().listed_in(kelurahan)).items() if each != "Setu"}

    search = SimilarReports(RememberedListings(Late(Serua=["a"], Setu=["b"])))
    search.neighbours = Late()

    with capture_logs() as logs:
        similar = await search.of([new("Serua", "one"), new("Setu", "two")])

    assert {id_: [one.tracking_id for one in found] for id_, found in similar.items()} == {"one": ["A"]}
    assert [(each["event"], each["kelurahan"]) for each in logs] == [("similar reports are left out", 1)]


async def test_a_document_that_lacks_its_names_hides_no_other() -> None:
    rows = [{"_id": "a", "title": "x"}, {"_id": "b", "tracking_id": "B"}]

    read = await StoredNeighbours(Store(rows)).reports_of(["a", "b"])  # type: ignore[arg-type]

    assert [(id_, one.tracking_id) for id_, one in read.items()] == [("b", "B")]
