import pytest
from pydantic import ValidationError

from shared.process.settings import KafkaSettings

pytestmark = pytest.mark.unit


def test_a_dead_replica_is_replaced_within_seconds_unless_told_otherwise() -> None:
    assert KafkaSettings().session_timeout_ms == 10_000


def test_two_late_heartbeats_in_a_row_are_no_death() -> None:
    KafkaSettings(session_timeout_ms=6_000, heartbeat_interval_ms=2_000)

    with pytest.raises(ValidationError, match=r"HEARTBEAT_INTERVAL_MS .2001. must be at most a third"):
        KafkaSettings(session_timeout_ms=6_000, heartbeat_interval_ms=2_001)


def test_a_missed_heartbeat_is_no_death_for_three_seconds_at_least() -> None:
    KafkaSettings(session_timeout_ms=3_000, heartbeat_interval_ms=1_000)

    with pytest.raises(ValidationError, match="greater than or equal to 3000"):
        KafkaSettings(session_timeout_ms=2_999, heartbeat_interval_ms=900)
