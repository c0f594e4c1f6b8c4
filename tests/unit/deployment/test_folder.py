"""Each server and each service finds its own secrets, and nobody else's."""

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.seal import Opener, Sealer
from shared.topics import SERVICES
from tindak.deployment.folder import Plan, fill
from tindak.keys import KeyPair

pytestmark = pytest.mark.unit

NOW = datetime.now(UTC)
PLAN = Plan(
    servers=("kafka-1", "mongo"),
    databases=("mongo",),
    hosts=("localhost",),
    principals=(*SERVICES, "channel-web", "agency-dlh", "ops"),
    owners={},
    mongo_uri="mongodb://mongo:27017/?replicaSet=rs0&tls=true",
)


def environment(folder: Path, name: str) -> dict[str, str]:
    """Return what a shell reads there, as the containers do."""
    command = f"set -a && . {folder / name / 'environment'} && env -0"
    said = subprocess.run(["sh", "-c", command], env={}, capture_output=True, text=True, check=True).stdout
    found = dict(entry.split("=", 1) for entry in said.split("\0") if entry)
    return {variable: value for variable, value in found.items() if variable.startswith("TINDAK_")}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    fill(tmp_path, PLAN, NOW)
    return tmp_path


def test_each_service_is_given_its_own_user_and_the_keys_that_it_needs(made: Path) -> None:
    keys = {
        "intake": {"TINDAK_CONTACT_PUBLIC_KEYS", "TINDAK_ID_KEY"},
        "notify": {"TINDAK_CONTACT_PRIVATE_KEYS", "TINDAK_LINK_KEYS"},
    }
    passwords = json.loads((made / "admin" / "credentials.json").read_text())["broker"]

    for service in SERVICES:
        given = environment(made, service)
        assert set(given) == {"TINDAK_KAFKA_SASL_PASSWORD", "TINDAK_MONGO_URI", *keys.get(service, set())}
        assert given["TINDAK_KAFKA_SASL_PASSWORD"] == passwords[service]
        assert given["TINDAK_MONGO_URI"].startswith(f"mongodb://{service}:")


def test_notify_alone_opens_what_intake_seals(made: Path) -> None:
    sealed, key_id = Sealer.from_text(environment(made, "intake")["TINDAK_CONTACT_PUBLIC_KEYS"]).seal("ticket", b"name")

    opener = Opener.from_text(environment(made, "notify")["TINDAK_CONTACT_PRIVATE_KEYS"])

    assert opener.open("ticket", sealed, key_id) == b"name"


def test_keys_that_an_earlier_release_drew_go_to_notify_which_opens_what_they_sealed(tmp_path: Path) -> None:
    (tmp_path / "admin").mkdir()
    (tmp_path / "admin" / "TINDAK_CONTACT_KEYS").write_text("old:secret")

    fill(tmp_path, PLAN, NOW)

    holders = {name for name in (*SERVICES, "admin") if "TINDAK_CONTACT_KEYS" in environment(tmp_path, name)}
    assert (holders, environment(tmp_path, "notify")["TINDAK_CONTACT_KEYS"]) == ({"notify", "admin"}, "old:secret")


def test_the_administrator_can_rotate_what_notify_opens_with(made: Path) -> None:
    admin, notify = (environment(made, name)["TINDAK_CONTACT_PRIVATE_KEYS"] for name in ("admin", "notify"))

    assert admin == notify


def test_the_administrator_speaks_for_everybody_by_their_own_names(made: Path) -> None:
    given = environment(made, "admin")

    assert given["TINDAK_CHANNEL_WEB_KAFKA_SASL_USERNAME"] == "channel-web"
    assert given["TINDAK_MONGO_URI"].startswith("mongodb://admin:")
    assert "TINDAK_ADMIN_KAFKA_SASL_PASSWORD" not in given


def test_nobody_shares_a_password(made: Path) -> None:
    passwords = json.loads((made / "admin" / "credentials.json").read_text())

    drawn = [*passwords["broker"].values(), *passwords["database"].values()]
    assert len(set(drawn)) == len(drawn)


def test_what_was_drawn_once_stays(made: Path) -> None:
    before = {name: environment(made, name) for name in (*SERVICES, "admin")}

    assert fill(made, PLAN, NOW) == []
    assert {name: environment(made, name) for name in before} == before


def test_a_new_agency_gets_a_password_and_the_others_keep_theirs(made: Path) -> None:
    before = environment(made, "admin")

    fill(made, replace(PLAN, principals=(*PLAN.principals, "agency-dishub")), NOW)

    after = environment(made, "admin")
    assert after | before == after
    assert set(after) - set(before) == {
        "TINDAK_AGENCY_DISHUB_KAFKA_SASL_USERNAME", "TINDAK_AGENCY_DISHUB_KAFKA_SASL_PASSWORD",
    }  # fmt: skip


def test_a_key_of_ones_own_takes_precedence(made: Path) -> None:
    drawn = environment(made, "notify")["TINDAK_CONTACT_PRIVATE_KEYS"]

    fill(made, replace(PLAN, keys={"TINDAK_ID_KEY": "own", "TINDAK_CONTACT_PRIVATE_KEYS": ""}), NOW)

    assert environment(made, "intake")["TINDAK_ID_KEY"] == "own"
    assert environment(made, "notify")["TINDAK_CONTACT_PRIVATE_KEYS"] == drawn
    pair = KeyPair.draw()
    fill(made, replace(PLAN, keys={"TINDAK_CONTACT_PRIVATE_KEYS": pair.private}), NOW)
    assert environment(made, "intake")["TINDAK_CONTACT_PUBLIC_KEYS"] == pair.public


def test_every_part_is_closed_to_others_and_only_the_database_holds_its_key(made: Path) -> None:
    parts = [path for path in made.iterdir() if path.is_dir()]

    assert {part.name for part in parts} == {"kafka-1", "mongo", "admin", *SERVICES}
    assert {part.stat().st_mode & 0o777 for part in parts} == {0o700}
    assert {path.stat().st_mode & 0o077 for part in parts for path in part.iterdir()} == {0}
    assert [path.parent.name for path in made.rglob("replica-set.key")] == ["mongo"]
