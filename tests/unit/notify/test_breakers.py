from datetime import timedelta

import pytest

from services.notify.domain.sending.breakers import (
    Breaker,
    BreakerRule,
    Closed,
    HalfOpen,
    Open,
    admit,
    after_failure,
    after_success,
    opens_in,
)
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

SECOND, MS = timedelta(seconds=1), timedelta(milliseconds=1)
RULE = BreakerRule(failures_max=3, open_for=30 * SECOND, longest_for=100 * SECOND)


@pytest.mark.parametrize(
    ("breaker", "after"),
    [(Closed(), Closed(1)), (Closed(1), Closed(2)), (Closed(2), Open(NOON + 30 * SECOND, 1))],
)
def test_so_many_failures_in_a_row_open_it(breaker: Breaker, after: Breaker) -> None:
    assert after_failure(breaker, RULE, NOON) == after


def test_a_success_in_between_starts_the_count_anew() -> None:
    assert after_success(Closed(2)) == Closed()


@pytest.mark.parametrize(("early", "passes"), [(MS, False), (timedelta(), True), (-MS, True)])
def test_an_open_one_lets_one_message_pass_once_its_time_is_over(early: timedelta, passes: bool) -> None:
    now = NOON - early

    admitted = admit(Open(NOON, 1), RULE, now)

    assert admitted == (HalfOpen(now + 30 * SECOND, 1) if passes else None)


def test_while_one_message_finds_out_no_other_passes() -> None:
    assert admit(HalfOpen(NOON, 1), RULE, NOON - MS) is None


def test_a_probe_of_which_nothing_is_heard_is_followed_by_another() -> None:
    assert admit(HalfOpen(NOON, 1), RULE, NOON) == HalfOpen(NOON + 30 * SECOND, 1)


def test_a_probe_that_is_answered_closes_it() -> None:
    assert after_success(HalfOpen(NOON, 4)) == Closed()


@pytest.mark.parametrize(("times", "seconds"), [(1, 60), (2, 100), (500, 100)])
def test_each_probe_that_fails_opens_it_for_twice_as_long_up_to_the_longest(times: int, seconds: int) -> None:
    assert after_failure(HalfOpen(NOON, times), RULE, NOON) == Open(NOON + seconds * SECOND, times + 1)


def test_what_was_on_its_way_when_it_opened_changes_nothing() -> None:
    opened = Open(NOON + SECOND, 2)

    assert (after_success(opened), after_failure(opened, RULE, NOON)) == (opened, opened)


def test_a_closed_one_lets_every_message_pass() -> None:
    assert admit(Closed(2), RULE, NOON) == Closed(2)


@pytest.mark.parametrize(
    ("breaker", "wait"),
    [
        (Closed(2), timedelta()), (Open(NOON + SECOND, 1), SECOND), (HalfOpen(NOON + SECOND, 1), SECOND),
        (Open(NOON, 1), timedelta()),
    ],
)  # fmt: skip
def test_it_says_how_long_no_message_passes(breaker: Breaker, wait: timedelta) -> None:
    assert opens_in(breaker, NOON) == wait
