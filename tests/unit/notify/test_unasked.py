"""What asked nobody is no attempt; and what a server does not take in time goes by mail."""

from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.deliveries import Due, Failed, Sending, Situation, Waiting, unasked_of
from services.notify.domain.outcomes import Deferred, Outcome, Setback, Untried
from services.notify.domain.sending.attempts import after_attempt, conclude, tick
from shared.events import Applied, NotificationFailed
from shared.values import replace
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import DELIVERY, LEASE, correspondence, delivery, rules

pytestmark = pytest.mark.unit

RULES = rules()
MS, MINUTE = timedelta(milliseconds=1), timedelta(minutes=1)
LEASED = Sending(NOON + LEASE, 1)
BREAKER_OPEN = Deferred("sms", "breaker_open", Setback.UNASKED, 10 * MINUTE)


@pytest.mark.parametrize("attempt", [1, 2, RULES.retries.attempts_max])
def test_an_attempt_that_asked_nobody_is_still_to_be_made(attempt: int) -> None:
    after = after_attempt(delivery(Sending(NOON + LEASE, attempt)), attempt, BREAKER_OPEN, RULES, NOON)

    assert after == Due(NOON + 10 * MINUTE + RULES.retries.wait_after(1, DELIVERY), attempt, unasked=1)


def test_whoever_asks_nobody_again_and_again_looks_ever_more_seldom() -> None:
    waits, situation = [], after_attempt(delivery(LEASED), 1, BREAKER_OPEN, RULES, NOON)
    for _ in range(9):
        assert isinstance(situation, Due)
        waits.append(situation.at - NOON - 10 * MINUTE)
        leased_again = tick(correspondence(delivery(replace(situation, at=NOON))), RULES, NOON).state.deliveries[0]
        situation = after_attempt(leased_again, 1, BREAKER_OPEN, RULES, NOON)

    assert waits == [RULES.retries.wait_after(times, DELIVERY) for times in range(1, 10)]
    assert waits[0] <= MINUTE
    assert waits[-1] >= 30 * MINUTE


@pytest.mark.parametrize("situation", [Sending(NOON, 1, unasked=4), Waiting(NOON)])
def test_a_lost_or_first_attempt_was_not_put_off(situation: Situation) -> None:
    [moved] = tick(correspondence(delivery(situation)), RULES, NOON).state.deliveries

    assert unasked_of(moved.situation) == 0


def test_nobody_is_looked_for_longer_than_the_notice_is_news() -> None:
    waiting = replace(delivery(LEASED), planned_at=NOON - RULES.stale_for + MINUTE)

    assert after_attempt(waiting, 1, BREAKER_OPEN, RULES, NOON) == Due(NOON + MINUTE, 1, unasked=1)


@pytest.mark.parametrize(("age", "goes_on"), [(RULES.stale_for - MS, True), (RULES.stale_for, False)])
def test_what_nobody_could_be_asked_for_until_it_is_stale_has_failed_for_that_reason(
    age: timedelta, goes_on: bool
) -> None:
    waiting = replace(delivery(LEASED), planned_at=NOON - age)

    decision = conclude(correspondence(waiting), DELIVERY, LEASED, BREAKER_OPEN, RULES, NOON)

    told = [(type(fact.data), vars(fact.data)["attempt"], vars(fact.data)["error"]) for fact in decision.facts]
    assert told == ([] if goes_on else [(NotificationFailed, 0, "breaker_open")])


BY_MACHINE: dict[str, Any] = {"role": "liaison", "agency": "dishub", "channels": ("webhook", "email", "log")}
DOWN = Deferred("webhook", "webhook_503", Setback.GATEWAY)
LATE = RULES.webhook_within


@pytest.mark.parametrize(
    ("outcome", "attempt", "age", "goes_by_mail"),
    [
        (DOWN, 1, LATE - MS, False),
        (DOWN, 1, LATE, True),
        (replace(DOWN, setback=Setback.UNASKED), 1, LATE - MS, False),
        (replace(DOWN, setback=Setback.UNASKED), 1, LATE, True),
        (DOWN, RULES.retries.attempts_max, MS, True),
        (replace(DOWN, setback=Setback.UNASKED), RULES.retries.attempts_max, MS, False),
        (Deferred("email", "smtp_451"), 1, LATE, False),
        (Untried(), 1, LATE, False),
    ],
)
def test_a_server_that_takes_no_notice_for_too_long_is_given_up_for_a_mail(
    outcome: Outcome, attempt: int, age: timedelta, goes_by_mail: bool
) -> None:
    lease = Sending(NOON + LEASE, attempt)
    waiting = replace(delivery(lease, **BY_MACHINE), planned_at=NOON - age)

    after = conclude(correspondence(waiting), DELIVERY, lease, outcome, RULES, NOON)

    assert isinstance(after, Applied)
    by_mail = replace(waiting, channels=("email",), situation=Due(NOON, 1))
    assert (after.state.deliveries == (by_mail,)) is goes_by_mail
    assert after.facts == ()


def test_a_notice_that_has_no_way_but_a_server_uses_up_its_attempts_there() -> None:
    lease = Sending(NOON + LEASE, RULES.retries.attempts_max)
    only = replace(delivery(lease, **BY_MACHINE | {"channels": ("webhook", "log")}), planned_at=NOON - LATE)

    [after] = conclude(correspondence(only), DELIVERY, lease, DOWN, RULES, NOON).state.deliveries

    assert after.situation == Failed(NOON, RULES.retries.attempts_max, "webhook", "webhook_503")
