"""Addresses and names of a local stack."""

import base64
from dataclasses import replace

import pytest

from tindak.stack import BrokerKind, Layout, StackError

pytestmark = pytest.mark.unit

THREE = Layout("apache", "QUJDREVGR0hJSktMTU5PUA", "tindak-1", (20001, 20002, 20003), (20004, 20005, 20006), (20007,))


def test_clients_are_given_every_broker_and_member() -> None:
    assert THREE.environment() == {
        "TINDAK_PROFILE": "local",
        "TINDAK_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:20001,127.0.0.1:20002,127.0.0.1:20003",
        "TINDAK_KAFKA_REPLICATION_FACTOR": "3",
        "TINDAK_MONGO_URI": "mongodb://127.0.0.1:20007/?replicaSet=tindak-1",
    }


def test_the_embedded_broker_is_spared_what_it_cannot_do() -> None:
    embedded = replace(THREE, kind="embedded", broker_ports=(20001,), controller_ports=(20004,))

    assert embedded.environment() == {
        "TINDAK_PROFILE": "local",
        "TINDAK_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:20001",
        "TINDAK_KAFKA_REPLICATION_FACTOR": "1",
        "TINDAK_MONGO_URI": "mongodb://127.0.0.1:20007/?replicaSet=tindak-1",
        "TINDAK_KAFKA_ENABLE_IDEMPOTENCE": "false",
        "TINDAK_KAFKA_SESSION_TIMEOUT_MS": "6000",
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
