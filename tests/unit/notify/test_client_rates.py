"""Each client has a rate of its own, and none costs memory without end."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.web.rates import KeyedRates, client_key
from shared.fairness.rates import Rate
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

RATE = Rate(per_minute=6, burst=3)


def test_a_key_may_do_its_burst_and_then_what_its_rate_gives() -> None:
    rates = KeyedRates(RATE)
    seconds = [0, 0, 0, 0, 9, 10, 10, 30, 30, 30]

    admitted = [rates.admit("a", NOON + timedelta(seconds=second)) for second in seconds]

    assert admitted == [True, True, True, False, False, True, False, True, True, False]


def test_one_key_takes_nothing_from_another() -> None:
    rates = KeyedRates(RATE)

    assert [rates.admit("a", NOON) for _ in range(4)] == [True, True, True, False]
    assert rates.admit("b", NOON)


@given(st.lists(st.integers(0, 50), max_size=200))
def test_no_more_keys_are_remembered_than_it_has_room_for(keys: list[int]) -> None:
    rates = KeyedRates(RATE, keys_max=10)

    for key in keys:
        rates.admit(str(key), NOON)

    assert len(rates.buckets) <= 10


def test_who_is_remembered_longest_without_asking_gives_way() -> None:
    rates = KeyedRates(RATE, keys_max=2)
    for key in ("a", "a", "a", "b", "a", "c"):
        rates.admit(key, NOON)

    assert not rates.admit("a", NOON)


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
        ("x" * 100, "x" * 64),
    ],
)
def test_a_client_is_an_address_or_a_network_of_ipv6(host: str, key: str) -> None:
    assert client_key(host) == key
