"""The index of what may be joined follows the database, and this process's own decisions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.routing.candidate_search import FOLLOWED_SECONDS_MAX, OVERLAP, CandidateSearch
from services.routing.domain.duplicates.candidates import Neighbour, Search
from services.routing.domain.duplicates.similarity import Fingerprint
from services.routing.neighbours import NoNeighbours
from shared.delivery.ports import TransientError
from tests.fakes.handler_harness import NOON
from tests.unit.routing.samples import filed

pytestmark = pytest.mark.unit

KEY = 7


def neighbour(id_: str) -> Neighbour:
    return Neighbour(id_, NOON, None, None, Fingerprint(frozenset(), {}, (KEY,)))


class Stored(NoNeighbours):
    """Tickets that may be joined since an instant; notes what it is asked."""

    def __init__(self, **since: datetime) -> None:
        self.since = since
        self.looks: list[datetime | None] = []
        self.read: list[list[str]] = []
        self.asked: list[set[str]] = []
        self.is_down = False

    async def findable_since(self, since: datetime | None, limit: int) -> Sequence[str]:
        if self.is_down:
            raise TransientError("down")
        self.looks.append(since)
        found = [id_ for id_, at in self.since.items() if since is None or at >= since]
        return sorted(found, key=self.since.__getitem__, reverse=True)[:limit]

    async def keys_of(self, ids: Collection[str]) -> Mapping[str, Sequence[int]]:
        self.read.append(list(ids))
        return {id_: (KEY,) for id_ in ids if id_ in self.since}

    async def joinable(self, ids: Collection[str]) -> Sequence[Neighbour]:
        self.asked.append(set(ids))
        return [neighbour(id_) for id_ in ids if id_ in self.since]


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def search_in(stored: Stored) -> tuple[CandidateSearch, Clock]:
    clock = Clock()
    return CandidateSearch(stored, clock), clock


async def found(search: CandidateSearch) -> list[str]:
    return [one.id for one in await search.of([Search(neighbour("new"), (KEY,))])]


def findable(id_: str) -> dict[str, Any]:
    return {"id": id_, "sketch": Fingerprint(frozenset({1}), {}, (KEY,)), "findable": True}


async def test_it_begins_with_what_is_stored_the_newest_as_the_newest() -> None:
    stored = Stored(new=NOON, old=NOON - timedelta(days=1))
    search, _ = search_in(stored)

    assert await found(search) == ["old", "new"]
    assert stored.looks == [None]
    assert stored.read == [["old", "new"]]


async def test_without_a_search_nothing_is_asked() -> None:
    stored = Stored()
    search, _ = search_in(stored)

    assert await search.of([]) == ()
    assert stored.looks == []


async def test_where_no_key_is_shared_no_ticket_is_asked_for() -> None:
    stored = Stored(other=NOON)
    search, _ = search_in(stored)

    assert await search.of([Search(neighbour("new"), (KEY + 1,))]) == ()
    assert stored.asked == []


async def test_what_this_process_decides_is_known_at_once() -> None:
    stored = Stored()
    search, _ = search_in(stored)
    await found(search)

    search.note(filed("routed", **findable("own")), NOON)
    stored.since["own"] = NOON
    assert await found(search) == ["own"]

    search.note(filed("answered", **findable("own") | {"findable": False}), NOON)
    assert await found(search) == []
    assert len(stored.looks) == 1


async def test_what_others_have_filed_is_known_after_some_seconds_though_their_clock_is_late() -> None:
    stored = Stored()
    search, clock = search_in(stored)
    search.note(filed("routed", **findable("own")), NOON)
    stored.since["own"] = NOON
    await found(search)

    stored.since["late"] = NOON - timedelta(seconds=30)
    stored.since["older"] = NOON - OVERLAP - timedelta(seconds=1)
    clock.seconds = FOLLOWED_SECONDS_MAX / 2
    assert await found(search) == ["own"]
    clock.seconds = FOLLOWED_SECONDS_MAX
    assert await found(search) == ["own", "late"]

    assert stored.looks == [None, NOON - OVERLAP]
    assert stored.read == [["late"]]


async def test_as_long_as_nothing_was_decided_everything_is_looked_at() -> None:
    stored = Stored(one=NOON - timedelta(days=9))
    search, clock = search_in(stored)
    await found(search)

    clock.seconds = FOLLOWED_SECONDS_MAX
    stored.since["two"] = NOON - timedelta(days=8)

    assert await found(search) == ["one", "two"]
    assert stored.looks == [None, None]


async def test_what_may_be_joined_no_more_is_asked_for_once() -> None:
    stored = Stored(one=NOON, two=NOON)
    search, _ = search_in(stored)
    await found(search)

    del stored.since["one"]
    assert await found(search) == ["two"]
    assert await found(search) == ["two"]

    assert stored.asked == [{"one", "two"}, {"one", "two"}, {"two"}]


async def test_a_look_that_failed_is_made_again() -> None:
    stored = Stored(one=NOON)
    search, _ = search_in(stored)
    stored.is_down = True
    with pytest.raises(TransientError):
        await found(search)

    stored.is_down = False
    assert await found(search) == ["one"]
