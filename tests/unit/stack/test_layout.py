"""Addresses and names of a local stack."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from services.intake.settings import Settings as Intake
from services.notify.settings import Settings as Notify
from shared.process.settings import CommonSettings
from shared.sealing_keys import published
from tindak.environment import of_stack
from tindak.stack import BrokerKind, Layout, StackError, State

pytestmark = pytest.mark.unit

THREE = Layout("apache", "QUJDREVGR0hJSktMTU5PUA", "tindak-1", (20001, 20002, 20003), (20004, 20005, 20006), (20007,))


def test_clients_are_given_every_broker_and_member() -> None:
    assert THREE.environment() == {
        "TINDAK_PROFILE": "local",
        "TINDAK_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:20001,127.0.0.1:20002,127.0.0.1:20003",
        "TINDAK_KAFKA_REPLICATION_FACTOR": "3",
        "TINDAK_MONGO_URI": "mongodb://127.0.0.1:20007/?replicaSet=tindak-1",
    }


def test_contact_key_is_drawn_once_and_kept_with_the_data(tmp_path: Path) -> None:
    layout = Layout.draw("embedded", 1, 1)
    State(layout, {}).write(tmp_path)

    found = State.read(tmp_path)

    assert found is not None
    assert (found.layout.contact_key, layout.contact_key == THREE.contact_key) == (layout.contact_key, False)


def test_exports_are_all_that_the_services_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "policy" / "model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    exported = of_stack(THREE)

    assert exported == THREE.environment() | {
        "TINDAK_CONTACT_PRIVATE_KEYS": THREE.contact_key,
        "TINDAK_CONTACT_PUBLIC_KEYS": published(THREE.contact_key),
        "TINDAK_POLICY_DIR": f"{tmp_path}/policy",
        "TINDAK_ROUTING_MODEL_DIR": f"{tmp_path}/policy/model",
    }
    for name, value in exported.items():
        monkeypatch.setenv(name, value)
    assert [type(settings) for settings in (CommonSettings(), Intake(), Notify())] == [CommonSettings, Intake, Notify]


def test_exports_name_no_policy_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert set(of_stack(THREE)) == {*THREE.environment(), "TINDAK_CONTACT_PRIVATE_KEYS", "TINDAK_CONTACT_PUBLIC_KEYS"}


def test_the_embedded_broker_is_spared_what_it_cannot_do() -> None:
    embedded = replace(THREE, kind="embedded", broker_ports=(20001,), controller_ports=(20004,))

    assert embedded.environment() == {
        "TINDAK_PROFILE": "local",
        "TINDAK_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:20001",
        "TINDAK_KAFKA_REPLICATION_FACTOR": "1",
        "TINDAK_MONGO_URI": "mongodb://127.0.0.1:20007/?replicaSet=tindak-1",
        "TINDAK_KAFKA_ENABLE_IDEMPOTENCE": "false",
        "TINDAK_KAFKA_SESSION_TIMEOUT_MS": "3000",
        "TINDAK_KAFKA_HEARTBEAT_INTERVAL_MS": "1000",
        "TINDAK_KAFKA_FETCH_MAX_WAIT_MS": "50",
    }


def test_every_layout_is_its_own_cluster_on_its_own_ports() -> None:
    layout = Layout.draw("apache", 3, 3)
    other = Layout.draw("apache", 3, 3)

    ports = layout.broker_ports + layout.controller_ports + layout.member_ports
    assert len(set(ports)) == 9
    assert layout.cluster_id != other.cluster_id
    assert layout.replica_set != other.replica_set


def test_a_cluster_id_is_sixteen_bytes_and_no_option() -> None:
    for _ in range(200):
        cluster_id = Layout.draw("embedded", 1, 1).cluster_id

        assert len(base64.urlsafe_b64decode(cluster_id + "==")) == 16
        assert not cluster_id.startswith("-")


@pytest.mark.parametrize(("kind", "brokers", "members"), [("embedded", 3, 1), ("apache", 2, 1), ("apache", 1, 0)])
def test_a_stack_that_cannot_be_is_refused_in_a_sentence(kind: BrokerKind, brokers: int, members: int) -> None:
    with pytest.raises(StackError, match=r"^[A-Z].*\.$"):
        Layout.draw(kind, brokers, members)
