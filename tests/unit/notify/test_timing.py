from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from services.notify.domain.sending.timing import QuietHours, Retries
from tests.unit.notify.samples import DELIVERY

pytestmark = pytest.mark.unit

WIB = ZoneInfo("Asia/Jakarta")
NIGHT = QuietHours(time(21), time(6), WIB)
SIESTA = QuietHours(time(12), time(13), WIB)


def wib(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, second, tzinfo=WIB).astimezone(UTC)


@pytest.mark.parametrize("at", [wib(2, 20, 59, 59), wib(2, 6), wib(2, 12)])
def test_outside_quiet_hours_nothing_is_put_off(at: datetime) -> None:
    assert NIGHT.over_at(at) is None


@pytest.mark.parametrize(
    ("at", "over_at"),
    [
        (wib(2, 21), wib(3, 6)),
        (wib(2, 23, 59, 59), wib(3, 6)),
        (wib(3, 0), wib(3, 6)),
        (wib(3, 5, 59, 59), wib(3, 6)),
    ],
)
def test_quiet_hours_across_midnight_end_next_morning(at: datetime, over_at: datetime) -> None:
    assert NIGHT.over_at(at) == over_at


@pytest.mark.parametrize(
    ("at", "over_at"),
    [(wib(2, 11, 59), None), (wib(2, 12), wib(2, 13)), (wib(2, 12, 59), wib(2, 13)), (wib(2, 13), None)],
)
def test_quiet_hours_within_a_day_end_the_same_day(at: datetime, over_at: datetime | None) -> None:
    assert SIESTA.over_at(at) == over_at


@given(
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from(["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Asia/Kathmandu", "America/Sao_Paulo"]),
    minutes=st.integers(0, 2 * 365 * 24 * 60),
)
@example(start=time(21), end=time(6), zone="Asia/Jayapura", minutes=12 * 60)
def test_in_every_zone_quiet_hours_are_over_when_they_are_said_to_be(
    start: time, end: time, zone: str, minutes: int
) -> None:
    assume(start != end)
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    hours = QuietHours(start, end, ZoneInfo(zone))
    clock = at.astimezone(ZoneInfo(zone)).time()
    is_quiet = start <= clock < end if start < end else not end <= clock < start

    over_at = hours.over_at(at)

    assert (over_at is not None) == is_quiet
    assert over_at is None or (at < over_at <= at + timedelta(days=1) and hours.over_at(over_at) is None)


def test_the_end_of_quiet_hours_keeps_the_zone_of_the_question() -> None:
    assert NIGHT.over_at(wib(2, 22)).tzinfo is UTC  # type: ignore[union-attr]


@pytest.mark.parametrize(("attempt", "longest_minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (7, 60), (50, 60)])
def test_waits_double_up_to_the_longest_and_lose_at_most_half(attempt: int, longest_minutes: int) -> None:
    retries = Retries(24, timedelta(minutes=1), timedelta(hours=1))

    wait = retries.wait_after(attempt, DELIVERY)

    assert timedelta(minutes=longest_minutes) / 2 <= wait <= timedelta(minutes=longest_minutes)
    assert wait.microseconds % 1000 == 0


def test_the_same_attempt_always_gets_the_same_wait() -> None:
    retries = Retries(24, timedelta(minutes=1), timedelta(hours=1))

    waits = [retries.wait_after(3, DELIVERY) for _ in range(2)]

    assert waits[0] == waits[1]


def test_two_deliveries_of_one_outage_come_back_at_different_times() -> None:
    retries = Retries(24, timedelta(minutes=1), timedelta(hours=1))

    waits = {retries.wait_after(1, DELIVERY[:-1] + digit) for digit in "0123456789abcdef"}

    assert len(waits) == 16
