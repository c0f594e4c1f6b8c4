"""Whose variables a command or a service works with."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.stack.test_credentials import LAYOUT
from tindak.console import read_settings
from tindak.environment import at_hand, of_principal, of_service
from tindak.stack import State
from tindak.stack.credentials import Credentials
from tindak.stack.processes import this

pytestmark = pytest.mark.unit

EVERYTHING = {
    "PATH": "/bin",
    "TINDAK_PROFILE": "local",
    "TINDAK_CONTACT_PUBLIC_KEYS": "a:b",
    "TINDAK_CONTACT_PRIVATE_KEYS": "a:c",
    "TINDAK_KAFKA_BATCH_WAIT_MS": "7",
    "TINDAK_MONGO_URI": "mongodb://nobody",
    "TINDAK_INTAKE_KAFKA_SASL_USERNAME": "intake",
    "TINDAK_INTAKE_KAFKA_SASL_PASSWORD": "secret-of-intake",
    "TINDAK_INTAKE_MONGO_URI": "mongodb://intake",
    "TINDAK_INTAKE_HEALTH_PORT": "1",
    "TINDAK_SLA_KAFKA_SASL_PASSWORD": "secret-of-sla",
    "TINDAK_SLA_MONGO_URI": "",
    "TINDAK_SLA_DOCUMENTS_MAX": "9",
    "TINDAK_NOTIFY_SMTP_PASSWORD": "secret-of-the-relay",
    "TINDAK_CHANNEL_WEB_KAFKA_SASL_PASSWORD": "secret-of-web",
}


def test_a_service_finds_its_own_credentials_under_the_common_names_and_no_others() -> None:
    assert of_service("intake", EVERYTHING) == {
        "PATH": "/bin",
        "TINDAK_PROFILE": "local",
        "TINDAK_CONTACT_PUBLIC_KEYS": "a:b",
        "TINDAK_KAFKA_BATCH_WAIT_MS": "7",
        "TINDAK_KAFKA_SASL_USERNAME": "intake",
        "TINDAK_KAFKA_SASL_PASSWORD": "secret-of-intake",
        "TINDAK_MONGO_URI": "mongodb://intake",
        "TINDAK_INTAKE_HEALTH_PORT": "1",
    }


def test_a_service_that_seals_nothing_is_given_no_key() -> None:
    assert of_service("sla", EVERYTHING) == {
        "PATH": "/bin",
        "TINDAK_PROFILE": "local",
        "TINDAK_KAFKA_BATCH_WAIT_MS": "7",
        "TINDAK_KAFKA_SASL_PASSWORD": "secret-of-sla",
        "TINDAK_MONGO_URI": "mongodb://nobody",
        "TINDAK_SLA_DOCUMENTS_MAX": "9",
    }


def test_a_client_is_given_what_bears_its_name() -> None:
    found = of_principal("channel-web", EVERYTHING)

    assert {name: value for name, value in found.items() if "KAFKA" in name or "MONGO" in name} == {
        "TINDAK_KAFKA_BATCH_WAIT_MS": "7",
        "TINDAK_KAFKA_SASL_PASSWORD": "secret-of-web",
        "TINDAK_MONGO_URI": "mongodb://nobody",
    }


@pytest.fixture
def running(tmp_path: Path) -> Credentials:
    """The credentials of a stack of which something runs."""
    State(LAYOUT, {"broker-1": this()}).write(tmp_path)
    return Credentials.kept(tmp_path, ("channel-web", "ops", "intake", "admin"))


def test_where_nothing_is_configured_the_stack_at_hand_is_found(
    running: Credentials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINDAK_STACK_DIR", str(tmp_path))

    as_web, by_default = read_settings(principal="channel-web").kafka, read_settings(database_user="intake")

    assert (as_web.bootstrap_servers, as_web.security_protocol) == ("127.0.0.1:20001", "SASL_PLAINTEXT")
    assert (as_web.sasl_username, by_default.kafka.sasl_username) == ("channel-web", "ops")
    assert as_web.sasl_password is not None
    assert as_web.sasl_password.get_secret_value() == running.broker["channel-web"]
    assert f"//intake:{running.database['intake']}@" in by_default.mongo.uri.get_secret_value()


def test_the_default_folder_is_looked_into(
    running: Credentials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below" / ".tindak").mkdir(parents=True)
    (tmp_path / "below" / ".tindak" / "stack").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path / "below")

    assert at_hand({})["TINDAK_INTAKE_KAFKA_SASL_PASSWORD"] == running.broker["intake"]


@pytest.mark.parametrize(
    "given", [{"TINDAK_KAFKA_BOOTSTRAP_SERVERS": "kafka.example:9092"}, {"TINDAK_MONGO_URI": "mongodb://db.example"}]
)
def test_where_other_servers_are_named_the_stack_is_left_alone(
    given: Mapping[str, str], running: Credentials, tmp_path: Path
) -> None:
    named = {**given, "TINDAK_STACK_DIR": str(tmp_path)}

    assert at_hand(named) == named


def test_credentials_that_are_given_are_used_instead(running: Credentials, tmp_path: Path) -> None:
    given = {
        "TINDAK_STACK_DIR": str(tmp_path),
        "TINDAK_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:20001",
        "TINDAK_KAFKA_SASL_USERNAME": "agency-dlh",
        "TINDAK_KAFKA_SASL_PASSWORD": "its own",
    }

    found = at_hand(given)

    assert found["TINDAK_KAFKA_SASL_MECHANISM"] == "SCRAM-SHA-512"
    assert given.items() <= of_principal("ops", found).items()


def test_a_stack_that_does_not_run_is_not_at_hand(tmp_path: Path) -> None:
    State(LAYOUT, {}).write(tmp_path)

    assert at_hand({"TINDAK_STACK_DIR": str(tmp_path)}) == {"TINDAK_STACK_DIR": str(tmp_path)}
