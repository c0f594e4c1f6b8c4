from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from services.notify.domain.sending.arrivals import Arrivals, SlowRule, after_receipt, is_slow
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

MINUTE, MS = timedelta(minutes=1), timedelta(milliseconds=1)
RULE = SlowRule(after=5 * MINUTE, share_max=0.15, within=15 * MINUTE, receipts_min=20)
FAST, SLOW = MINUTE, 6 * MINUTE


def arrived(took: Iterable[timedelta], at: datetime = NOON, before: Arrivals = Arrivals()) -> Arrivals:  # noqa: B008  # never changed
    for each in took:
        before = after_receipt(before, each, RULE, at)
    return before


@pytest.mark.parametrize(("fast", "slow", "expected"), [(17, 3, False), (16, 4, True), (0, 20, True), (200, 0, False)])
def test_a_gateway_is_slow_once_more_than_the_share_took_too_long(fast: int, slow: int, expected: bool) -> None:
    assert is_slow(arrived([FAST] * fast + [SLOW] * slow), RULE, NOON) is expected


@pytest.mark.parametrize(("took", "expected"), [(5 * MINUTE, False), (5 * MINUTE + MS, True)])
def test_as_long_as_the_limit_is_not_too_long(took: timedelta, expected: bool) -> None:
    assert is_slow(arrived([took] * 20), RULE, NOON) is expected


def test_a_few_receipts_say_nothing() -> None:
    assert not is_slow(arrived([SLOW] * 19), RULE, NOON)


def test_what_arrived_long_ago_is_forgotten() -> None:
    before = arrived([SLOW] * 30)

    assert is_slow(before, RULE, NOON + 14 * MINUTE)
    assert not is_slow(before, RULE, NOON + 15 * MINUTE)
    assert len(arrived([FAST] * 5, NOON + 15 * MINUTE, before).minutes) == 1


def test_as_much_is_remembered_of_a_million_messages_as_of_a_few() -> None:
    arrivals = Arrivals()
    for second in range(3600):
        arrivals = after_receipt(arrivals, FAST, RULE, NOON + timedelta(seconds=second))

    assert len(arrivals.minutes) == 15
