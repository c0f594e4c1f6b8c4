"""Names and passwords of a secured stack."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shared.topics import SERVICES, Topic
from tindak.stack import Layout, StackError
from tindak.stack.cli import app
from tindak.stack.credentials import Credentials, principals_of

pytestmark = pytest.mark.unit

LAYOUT = Layout("apache", "QUJDREVGR0hJSktMTU5PUA", "tindak-1", (20001,), (20004,), (20007,), secured=True)
PRINCIPALS = ("channel-web", "agency-dlh", *SERVICES, "admin")


def test_everybody_who_writes_or_reads_a_topic_is_a_principal_once() -> None:
    topics = [Topic("a", ("intake",), ("channel-web", "ops"), 1, 1), Topic("b", ("channel-web",), ("intake",), 1, 1)]

    assert principals_of(topics) == ("intake", "channel-web", "ops", "admin")


def test_passwords_stay_the_same_in_their_folder_and_new_principals_get_one(tmp_path: Path) -> None:
    first = Credentials.kept(tmp_path, PRINCIPALS)
    second = Credentials.kept(tmp_path, (*PRINCIPALS, "agency-dinkes"))

    assert second.broker == first.broker | {"agency-dinkes": second.broker["agency-dinkes"]}
    assert (second.database, second.database_key) == (first.database, first.database_key)
    assert Credentials.read(tmp_path) == second


def test_no_two_passwords_are_alike_and_nobody_else_may_read_them(tmp_path: Path) -> None:
    drawn = Credentials.kept(tmp_path, PRINCIPALS)

    passwords = [*drawn.broker.values(), *drawn.database.values(), drawn.database_key]
    assert len(set(passwords)) == len(passwords) == len(PRINCIPALS) + len(SERVICES) + 2
    assert min(map(len, passwords)) >= 32
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]


def test_a_file_that_is_not_ours_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_text("{}")

    with pytest.raises(StackError, match="is not what a stack writes there; choose another folder"):
        Credentials.read(tmp_path)


def test_report_names_servers_principals_and_users_of_the_database(tmp_path: Path) -> None:
    drawn = Credentials.kept(tmp_path, PRINCIPALS)

    told: dict[str, Any] = json.loads(json.dumps(drawn.report(tmp_path, LAYOUT)))

    uri = "mongodb://127.0.0.1:20007/?replicaSet=tindak-1"
    assert told | {"principals": {}, "mongo_users": {}, "mongo_admin": {}, "environment": {}} == {
        "bootstrap_servers": "127.0.0.1:20001",
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "mongo_uri": uri,
        "principals": {},
        "mongo_users": {},
        "mongo_admin": {},
        "environment": {},
    }
    assert told["principals"] == {
        name: {"username": name, "password": password} for name, password in drawn.broker.items()
    }
    assert told["mongo_users"]["sla"] == {
        "username": "sla",
        "password": drawn.database["sla"],
        "auth_source": "admin",
        "uri": uri.replace("//", f"//sla:{drawn.database['sla']}@") + "&authSource=admin",
    }
    assert set(told["mongo_users"]) == set(SERVICES)


def test_exported_are_the_services_credentials_and_nobody_elses(tmp_path: Path) -> None:
    drawn = Credentials.kept(tmp_path, PRINCIPALS)

    exported = Credentials.report(drawn, tmp_path, LAYOUT)["environment"]

    assert isinstance(exported, dict)
    secrets = {value for name, value in exported.items() if name.endswith("PASSWORD")}
    assert secrets == {drawn.broker[service] for service in SERVICES}
    assert exported["TINDAK_STACK_DIR"] == str(tmp_path)
    assert exported["TINDAK_KAFKA_SECURITY_PROTOCOL"] == "SASL_PLAINTEXT"
    assert not [value for value in exported.values() if drawn.database["admin"] in value]


def test_a_secured_stack_needs_a_broker_that_knows_users() -> None:
    done = CliRunner().invoke(app, ["up", "--secure"])

    assert done.exit_code == 2
    assert "--secure needs --broker apache: the embedded broker knows no users" in done.output
