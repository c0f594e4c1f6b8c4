"""What is shared among those who have something: evenly, and all of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fairness.shares import Source, among

pytestmark = pytest.mark.unit


class Stock:
    """So many records, and how many of them were taken."""

    def __init__(self, records: int) -> None:
        self.records = records
        self.taken = 0

    def take(self, count: int) -> int:
        found = min(count, self.records - self.taken)
        self.taken += found
        return found


def taken_of(stocks: list[Stock], count: int) -> list[int]:
    among([stock.take for stock in stocks])(count)
    return [stock.taken for stock in stocks]


def test_each_gives_the_same_while_all_have_enough() -> None:
    assert taken_of([Stock(1000), Stock(1000), Stock(1000)], 300) == [100, 100, 100]


def test_what_one_leaves_goes_to_the_others() -> None:
    assert taken_of([Stock(1), Stock(1000), Stock(10), Stock(1000)], 500) == [1, 245, 10, 244]


def test_where_there_are_more_sources_than_records_the_first_give_one_each() -> None:
    assert taken_of([Stock(5), Stock(5), Stock(5)], 2) == [1, 1, 0]


def test_shares_can_be_shared_again() -> None:
    stocks = [Stock(1000) for _ in range(5)]
    sources: list[Source] = [stock.take for stock in stocks]

    among([among(sources[:1]), among(sources[1:])])(400)

    assert [stock.taken for stock in stocks] == [200, 50, 50, 50, 50]


def test_who_has_given_is_the_last_to_give_again() -> None:
    stocks = [Stock(5) for _ in range(3)]
    both = among([stock.take for stock in stocks])

    both(2)
    both(2)

    assert [stock.taken for stock in stocks] == [2, 1, 1]


@given(st.lists(st.integers(0, 60), max_size=12), st.integers(0, 300))
def test_all_is_taken_that_there_is_and_nobody_gives_more_than_one_above_another_who_has_more(
    records: list[int], count: int
) -> None:
    stocks = [Stock(each) for each in records]

    taken = taken_of(stocks, count)

    assert sum(taken) == min(count, sum(records))
    unfinished = [stock.taken for stock in stocks if stock.taken < stock.records]
    assert all(each <= least + 1 for least in unfinished for each in taken)
