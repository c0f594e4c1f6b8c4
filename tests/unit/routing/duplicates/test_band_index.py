"""The index in memory finds what a look at every ticket finds."""

import random
from collections import Counter

import pytest

from services.routing.domain.duplicates import band_index
from services.routing.domain.duplicates.band_index import BandIndex
from services.routing.domain.duplicates.minhash import MASK

pytestmark = pytest.mark.unit


def index_of(*tickets: tuple[str, tuple[int, ...]], tickets_max: int = 100) -> BandIndex:
    index = BandIndex(tickets_max)
    for ticket, keys in tickets:
        index.add(ticket, keys)
    return index


ONE, TWO, THREE = ("one", (1, 5, MASK)), ("two", (2, 5)), ("three", (3, 0))


def test_tickets_are_found_by_any_of_their_keys() -> None:
    index = index_of(ONE, TWO, THREE)

    assert index.nearest([(5,)]) == ["one", "two"]
    assert index.nearest([(0, 4), (MASK, 2)]) == ["three", "one", "two"]
    assert index.nearest([(4, MASK - 1), ()]) == []
    assert index.nearest([]) == []


def test_nothing_is_found_before_anything_is_held() -> None:
    assert BandIndex().nearest([(1, 2)]) == []


def test_a_ticket_is_held_once_and_as_it_came_first() -> None:
    index = index_of(ONE, TWO, ("one", (7,)))

    assert len(index) == 2
    assert "one" in index
    assert index.nearest([(7,)]) == []


def test_keys_that_no_text_has_spoil_nothing() -> None:
    index = index_of(("odd", (-1, 2**63, 2**40, MASK + 1, 3)), TWO)

    assert index.nearest([(3,), (2,)]) == ["odd", "two"]


def test_what_is_discarded_is_found_no_more_until_it_comes_again() -> None:
    index = index_of(ONE, TWO)
    index.discard(["one", "unknown"])

    assert "one" not in index
    assert index.nearest([(1, 5)]) == ["two"]

    index.add("one", (1, 5))
    assert index.nearest([(5,)]) == ["two", "one"]


def test_of_too_many_for_one_text_those_are_returned_that_share_most_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(band_index, "COMPARED_MAX", 1)
    index = index_of(("some", (1, 2)), ("most", (1, 2, 3)), ("few", (3,)))

    assert index.nearest([(1, 2, 3)]) == ["most"]
    assert index.nearest([(1, 2, 3), (1,)]) == ["most", "some"]


def test_of_too_many_for_all_texts_the_nearest_of_each_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    index = index_of(("far", (1,)), ("near", (1, 2)), ("other", (3, 4)), ("another", (4,)))
    assert index.nearest([(1, 2), (3, 4)]) == ["near", "other", "far", "another"]

    monkeypatch.setattr(band_index, "FOUND_MAX", 3)

    assert index.nearest([(1, 2), (3, 4)]) == ["near", "other", "far"]
    assert index.nearest([(4,), (9,)]) == ["other", "another"]


def test_of_those_with_one_key_the_newest_count_whatever_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(band_index, "BY_KEY_MAX", 2)
    index = index_of(*((f"ticket {number}", (1,)) for number in range(9)))
    assert index.nearest([(1,)]) == ["ticket 7", "ticket 8"]

    index.discard(f"ticket {number}" for number in (3, 4, 5, 6, 8))
    assert index.nearest([(1,)]) == ["ticket 2", "ticket 7"]


def test_of_too_many_tickets_the_newest_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(band_index, "UNSETTLED_MAX", 1)
    index = index_of(ONE, TWO, THREE, tickets_max=2)

    assert index.nearest([(1,), (2,), (3,)]) == ["two", "three"]
    assert len(index) == 2


def test_where_all_are_gone_what_comes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(band_index, "UNSETTLED_MAX", 1)
    index = index_of(ONE)
    index.discard(["one"])
    assert index.nearest([(1,)]) == []

    index.add("two", (1,))
    assert index.nearest([(1,)]) == ["two"]


@pytest.mark.parametrize("seed", range(20))
def test_it_finds_what_a_look_at_every_ticket_finds(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(band_index, "UNSETTLED_MAX", 7)
    draw, index, held = random.Random(seed), BandIndex(tickets_max=10_000), dict[str, tuple[int, ...]]()
    for number in range(300):
        keys = tuple(draw.sample(range(60), 5))
        index.add(f"ticket {number}", keys)
        held[f"ticket {number}"] = keys
        if draw.random() < 0.3:
            gone = draw.choice(list(held))
            index.discard([gone])
            del held[gone]
        if draw.random() < 0.2:
            asked = tuple(draw.sample(range(60), 4))
            newest = [[one for one, keys in held.items() if key in keys][-band_index.BY_KEY_MAX :] for key in asked]
            shared = Counter(one for under in newest for one in under).most_common(band_index.COMPARED_MAX)
            assert index.nearest([asked]) == [one for one, _ in shared]
    assert len(index) == len(held)
