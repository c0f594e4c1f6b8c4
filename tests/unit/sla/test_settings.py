import pytest
from pydantic import ValidationError

from services.sla.settings import Settings

pytestmark = pytest.mark.unit


def test_by_default_a_breach_is_published_within_a_second() -> None:
    assert Settings().sweep_every_seconds < 1


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINDAK_SLA_SWEEP_EVERY_SECONDS", "2.5")
    monkeypatch.setenv("TINDAK_SLA_DOCUMENTS_MAX", "50")

    settings = Settings()

    assert (settings.sweep_every_seconds, settings.documents_max) == (2.5, 50)


@pytest.mark.parametrize(
    ("name", "value"),
    [("SWEEP_EVERY_SECONDS", "0"), ("DOCUMENTS_MAX", "0"), ("DOCUMENTS_MAX", "5001"), ("HEALTH_PORT", "65536")],
)
def test_a_sweep_that_never_rests_or_takes_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"TINDAK_SLA_{name}", value)

    with pytest.raises(ValidationError):
        Settings()
