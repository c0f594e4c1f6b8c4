"""The ceiling does as much as it is told, however batches fall."""

import pytest

from bench.rivals.task import Quota

pytestmark = pytest.mark.unit


def test_a_rate_that_is_not_whole_comes_out_in_the_long_run() -> None:
    quota, taken = Quota(1.3), 0
    for _ in range(100):
        quota.earn(1)
        taken += quota.take(500)

    assert taken == 130


def test_what_cannot_be_taken_stays_due() -> None:
    quota = Quota(2.0)
    quota.earn(10)

    assert [quota.take(15), quota.take(15), quota.take(15)] == [15, 5, 0]
