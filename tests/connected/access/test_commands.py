"""Each command has what it needs as its principal, and nobody else's command works under that name."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.servers.fleet import POLICY
from tindak.cli import main

pytestmark = [pytest.mark.connected, pytest.mark.xdist_group("secure"), pytest.mark.timeout(180)]

TO_THE_END = "--from earliest --until-end"
UNKNOWN = "K7QF-9D2MX-4Q"
READING = [
    ("ops", f"watch accepted {TO_THE_END}"),
    ("ops", f"watch routed {TO_THE_END}"),
    ("ops", f"watch warnings {TO_THE_END}"),
    ("ops", f"watch breaches {TO_THE_END}"),
    ("ops", f"watch deliveries {TO_THE_END}"),
    ("ops", f"watch dead-letters {TO_THE_END}"),
    ("ops", "dlq list"),
    ("ops", "sla report --month 2026-03"),
    ("ops", "routing corrections"),
    ("officers", f"watch triage {TO_THE_END}"),
    ("agency-dlh", f"watch routed --agency dlh {TO_THE_END}"),
    ("channel-web", f"watch answers --channel web {TO_THE_END}"),
]
LOOKING = [
    ("ops", f"track {UNKNOWN}"),
    ("ops", f"sla explain {UNKNOWN}"),
    ("officers", f"officer merge {UNKNOWN} --show"),
    ("officers", f"officer archive {UNKNOWN} --reason unclear"),
]
FOREIGN = [
    ("agency-dlh", f"watch routed --agency dishub {TO_THE_END}"),
    ("agency-dlh", f"track {UNKNOWN}"),
    ("channel-web", f"watch answers --channel android {TO_THE_END}"),
    ("channel-web", "submit --channel android --title Lampu --body Lampu-jalan-mati-di-Ciputat"),
    ("officers", "dlq list"),
    ("ops", f"watch triage {TO_THE_END}"),
    ("ops", "submit --channel web --title Lampu --body Lampu-jalan-mati-di-Ciputat"),
    ("board", "dlq list"),
]


@pytest.fixture
def as_principal(secure_stack: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The environment of somebody who was given one name and one password."""
    user = secure_stack["principals"][name]
    for variable, value in {
        "TINDAK_PROFILE": "local",
        "TINDAK_POLICY_DIR": str(POLICY),
        "TINDAK_KAFKA_BOOTSTRAP_SERVERS": secure_stack["bootstrap_servers"],
        "TINDAK_KAFKA_SECURITY_PROTOCOL": secure_stack["security_protocol"],
        "TINDAK_KAFKA_SASL_MECHANISM": secure_stack["sasl_mechanism"],
        "TINDAK_KAFKA_SASL_USERNAME": user["username"],
        "TINDAK_KAFKA_SASL_PASSWORD": user["password"],
    }.items():
        monkeypatch.setenv(variable, value)


@pytest.mark.usefixtures("as_principal")
@pytest.mark.parametrize(("name", "command"), READING)
def test_a_command_reads_what_it_needs_as_its_principal(
    name: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command.split(), "--timeout", "60"]) == 0, capsys.readouterr().err


@pytest.mark.usefixtures("as_principal")
@pytest.mark.parametrize(("name", "command"), LOOKING)
def test_a_command_about_a_ticket_looks_for_it_as_its_principal(
    name: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command.split(), "--timeout", "60"]) == 1
    assert f"No accepted complaint has the id {UNKNOWN}" in capsys.readouterr().err


@pytest.mark.expects_errors  # aiokafka says, too, that it may not
@pytest.mark.usefixtures("as_principal")
@pytest.mark.parametrize(("name", "command"), FOREIGN)
def test_a_command_under_a_name_that_may_not_is_refused_in_one_sentence(
    name: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command.split(), "--timeout", "30"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert "refuses" in said
    assert "AuthorizationFailed" in said
