import pytest
from pydantic import ValidationError

from shared.process.settings import KafkaSettings

pytestmark = pytest.mark.unit


def test_a_dead_replica_is_replaced_within_seconds_by_default() -> None:
    assert KafkaSettings().session_timeout_ms == 10_000


def test_two_late_heartbeats_in_a_row_keep_the_session() -> None:
    KafkaSettings(session_timeout_ms=6_000, heartbeat_interval_ms=2_000)

    with pytest.raises(ValidationError, match=r"HEARTBEAT_INTERVAL_MS .2001. must be at most a third"):
        KafkaSettings(session_timeout_ms=6_000, heartbeat_interval_ms=2_001)


def test_a_session_timeout_below_three_seconds_is_refused() -> None:
    KafkaSettings(session_timeout_ms=3_000, heartbeat_interval_ms=1_000)

    with pytest.raises(ValidationError, match="greater than or equal to 3000"):
        KafkaSettings(session_timeout_ms=2_999, heartbeat_interval_ms=900)
