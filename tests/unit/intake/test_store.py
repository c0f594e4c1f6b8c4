import base64

import pytest
from pydantic import ValidationError

from services.intake.domain.state import Taken
from services.intake.settings import Settings
from services.intake.store import INDEXES, STATE, unique
from tests.builders import TRACKING
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

TAKEN = Taken(
    tracking_id=TRACKING, fingerprint="5a" * 32, event_id="11111111-1111-5111-8111-111111111111", submitted_at=NOON,
    accepted_at=NOON, title=None, body="Jalan rusak 😡",
)  # fmt: skip
ID_KEY = base64.b64encode(b"i" * 32).decode()
KEYS = f"k:{base64.b64encode(b'k' * 32).decode()}"


def test_state_comes_back_from_the_store_as_it_was() -> None:
    stored = STATE.dump_python(TAKEN, mode="json")

    assert STATE.validate_python(stored) == TAKEN


def test_stored_state_has_exactly_these_fields() -> None:
    """Documents of an earlier version must stay readable."""
    assert STATE.dump_python(TAKEN, mode="json") == {
        "kind": "taken",
        "tracking_id": TRACKING,
        "fingerprint": "5a" * 32,
        "event_id": "11111111-1111-5111-8111-111111111111",
        "submitted_at": "2026-03-02T05:00:00Z",
        "accepted_at": "2026-03-02T05:00:00Z",
        "title": None,
        "body": "Jalan rusak 😡",
    }


def test_no_two_tickets_share_a_tracking_id() -> None:
    (index,) = INDEXES

    assert unique(TAKEN) == TRACKING
    assert (index.document["key"], index.document["unique"]) == ({"state.tracking_id": 1}, True)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINDAK_CONTACT_PUBLIC_KEYS", KEYS)
    monkeypatch.setenv("TINDAK_ID_KEY", ID_KEY)
    monkeypatch.setenv("TINDAK_INTAKE_HEALTH_PORT", "9001")

    settings = Settings()

    assert (settings.contact_public_keys, settings.health_port) == (KEYS, 9001)
    assert settings.id_key.get_secret_value() == ID_KEY
    assert ID_KEY not in repr(settings)


def test_missing_keys_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TINDAK_CONTACT_PUBLIC_KEYS", raising=False)

    with pytest.raises(ValidationError, match="TINDAK_CONTACT_PUBLIC_KEYS"):
        Settings()
