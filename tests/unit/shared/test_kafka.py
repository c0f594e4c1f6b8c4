from datetime import UTC, datetime

import pytest

from shared.kafka import EPOCH, instant

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("timestamp_ms", "at"),
    [
        (0, EPOCH),
        (1_772_427_600_250, datetime(2026, 3, 2, 5, 0, 0, 250_000, UTC)),
        (253_402_300_799_000, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (253_402_300_800_000, EPOCH),
        (2**63 - 1, EPOCH),
        (-(2**63), EPOCH),
    ],
)
def test_a_timestamp_that_no_calendar_holds_is_the_epoch(timestamp_ms: int, at: datetime) -> None:
    assert instant(timestamp_ms) == at
