"""The same table holds for clients that show a certificate and have no password."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.policy.agencies import load_agencies
from shared.policy.channels import load_channels
from tests.connected.access.certificates import FORMAT, Authority
from tests.connected.access.table import SERVICES
from tests.connected.access.test_matrix import EXACTLY, said_by_outsider
from tests.servers.fleet import POLICY
from tindak.cli import main
from tindak.stack import kafka, programs
from tindak.stack.node import Node, accepts_connections, free_ports

pytestmark = [pytest.mark.connected, pytest.mark.xdist_group("access"), pytest.mark.timeout(300)]

NAMES = (
    *SERVICES, "officers", "ops", "auditors", "board",
    *(f"channel-{code}" for code in load_channels(POLICY).partitions),
    *(f"agency-{code}" for code in load_agencies(POLICY).codes),
)  # fmt: skip
TRIED = ("intake", "routing", "officers", "ops", "channel-web", "agency-dlh")
FAST = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m")
CLUSTER = "MkU3OEVBNTcwNTJENDM2Qg"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def broker(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A broker that lets in whoever shows a certificate of the authority, and nobody else."""
    folder, (port, controller_port) = tmp_path_factory.mktemp("broker"), free_ports(2)
    data = folder / "broker-1"
    settings = kafka._properties(1, port, controller_port, f"1@127.0.0.1:{controller_port}", data) | {
        "listener.security.protocol.map": "CLIENT:SSL,CONTROLLER:PLAINTEXT",
        "super.users": f"{FORMAT.format(name='admin')};{FORMAT.format(name='broker')};User:ANONYMOUS",
        "ssl.client.auth": "required",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": authority.issue("broker"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": authority.file,
    }
    file = data.with_suffix(".properties")
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    java = (
        str(programs.java()),
        *FAST,
        f"-Dlog4j2.configurationFile={kafka.LOG4J}",
        "-cp",
        f"{programs.kafka_jars()}/*",
    )
    kafka._format(data, java, CLUSTER, None)
    command = (*java, "kafka.Kafka", str(file))
    node = Node("broker-1", port, command, data.with_suffix(".log"), lambda: accepts_connections(port))
    try:
        node.start()
        yield node
    finally:
        node.kill()


@pytest.fixture(scope="module")
def stack(broker: Node, authority: Authority) -> dict[str, Any]:
    """What an outsider must know of it: where it is, and the certificate of everybody."""
    files = {name: str(authority.issue(name)) for name in (*NAMES, "admin")}
    return {
        "bootstrap_servers": f"127.0.0.1:{broker.port}",
        "security_protocol": "SSL",
        "ca": str(authority.file),
        "principals": {name: {"certificate": file} for name, file in files.items()},
    }


def test_rules_for_certificates_allow_exactly_the_table(
    stack: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = stack["principals"]["admin"]["certificate"]
    for name, value in {
        "TINDAK_PROFILE": "local",
        "TINDAK_POLICY_DIR": str(POLICY),
        "TINDAK_KAFKA_BOOTSTRAP_SERVERS": stack["bootstrap_servers"],
        "TINDAK_KAFKA_REPLICATION_FACTOR": "1",
        "TINDAK_KAFKA_SECURITY_PROTOCOL": "SSL",
        "TINDAK_KAFKA_SSL_CA_FILE": stack["ca"],
        "TINDAK_KAFKA_SSL_CERTIFICATE_FILE": certificate,
        "TINDAK_KAFKA_SSL_KEY_FILE": certificate,
    }.items():
        monkeypatch.setenv(name, value)
    assert main(["topics", "apply", "--acls", "--timeout", "60", "--principal-format", FORMAT]) == 0
    printed = tmp_path / "stack.json"
    printed.write_text(json.dumps(stack))

    assert said_by_outsider(printed, *TRIED) == EXACTLY
