import math

import pytest

from shared.fairness.rates import Bucket, Rate

pytestmark = pytest.mark.unit

RATE = Rate(per_minute=60, burst=10)


def test_a_sender_that_was_quiet_may_send_its_burst_at_once() -> None:
    assert Bucket().left(RATE, 1.0, 1000.0) == 10


@pytest.mark.parametrize(("later_seconds", "left"), [(0, 0), (0.5, 0.5), (3, 3), (10, 10), (3600, 10)])
def test_what_was_used_up_comes_back_as_time_passes_up_to_the_burst(later_seconds: float, left: float) -> None:
    used_up = Bucket().without(10, RATE, 1.0, 1000.0)

    assert used_up.left(RATE, 1.0, 1000.0 + later_seconds) == left


def test_nobody_owes_what_was_taken_beyond_a_rate() -> None:
    assert Bucket().without(500, RATE, 1.0, 0.0).left(RATE, 1.0, 2.0) == 2


def test_whoever_reads_a_quarter_of_a_senders_partitions_takes_a_quarter_of_its_rate() -> None:
    bucket = Bucket(0.0, 0.0)

    assert [bucket.left(RATE, 0.25, at) for at in (4.0, 8.0, math.inf)] == [1, 2, 2.5]


def test_a_small_portion_of_a_small_burst_is_one_record_at_least() -> None:
    assert Bucket().left(Rate(per_minute=60, burst=2), 0.1, 0.0) == 1
