"""Apache Kafka without containers: KRaft, every node both broker and controller; not a production layout."""

import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from tindak.console import ADMIN
from tindak.stack import programs
from tindak.stack.credentials import Credentials
from tindak.stack.files import write_for_owner
from tindak.stack.layout import SASL_MECHANISM, SECURITY_PROTOCOL
from tindak.stack.node import Node
from tindak.stack.programs import StackError
from tindak.stack.protocol import WITHOUT_A_NAME, serves_cluster

LOG4J = Path(__file__).with_name("kafka-log4j2.yaml")
FORMAT_WITHIN_SECONDS = 120
USERS_WITHIN_SECONDS = 60
SCRAM_ITERATIONS = 4096  # Kafka's least and default; the passwords are long and random


def brokers(
    folder: Path,
    ports: Sequence[int],
    controller_ports: Sequence[int],
    cluster_id: str,
    *,
    detached: bool,
    credentials: Credentials | None = None,
) -> list[Node]:
    """Return the brokers of one cluster, their storage formatted, not started yet.

    With *credentials* they let nobody in without a name; the administrator, as whom they know each other, may do all.
    """
    # Servers that live for minutes are not worth the second compiler: without it they start in half the time.
    fast = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    java = (str(programs.java()), *fast, f"-Dlog4j2.configurationFile={LOG4J}")
    jars = f"{programs.kafka_jars()}/*"
    voters = ",".join(f"{number}@127.0.0.1:{port}" for number, port in enumerate(controller_ports, 1))
    options = credentials.client_options(ADMIN) if credentials else WITHOUT_A_NAME
    nodes = []
    for number, (port, controller_port) in enumerate(zip(ports, controller_ports, strict=True), 1):
        name = f"broker-{number}"
        settings = folder / f"{name}.properties"
        lines = _properties(number, port, controller_port, voters, folder / name) | _security(credentials)
        write_for_owner(settings, "".join(f"{name}={value}\n" for name, value in lines.items()))
        command = (*java, "-Xms256m", "-Xmx512m", "-cp", jars, "kafka.Kafka", str(settings))
        is_ready = partial(serves_cluster, port, cluster_id, options)
        nodes.append(Node(name, port, command, folder / f"{name}.log", is_ready, detached))
    with ThreadPoolExecutor() as threads:
        new = [folder / node.name for node in nodes if not (folder / node.name / "meta.properties").exists()]
        list(threads.map(lambda data: _format(data, (*java, "-cp", jars), cluster_id, credentials), new))
    return nodes


def _properties(number: int, port: int, controller_port: int, voters: str, data: Path) -> dict[str, object]:
    copies = min(voters.count("@"), 3)
    in_sync_min = max(copies - 1, 1)
    return {
        "process.roles": "broker,controller",
        "node.id": number,
        "controller.quorum.voters": voters,
        "listeners": f"CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"CLIENT://127.0.0.1:{port}",
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": data,
        # Lets `tindak topics apply --acls` work.
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync_min,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync_min,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync_min,
        # Groups form and brokers are missed at once: nobody waits for a local stack as long as for a data centre.
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.num.partitions": 4,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        "broker.session.timeout.ms": 3000,
    }


def _security(credentials: Credentials | None) -> dict[str, object]:
    if credentials is None:
        # Whoever connects without a name, that is everybody here, may do all.
        return {
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "super.users": "User:ANONYMOUS",
        }
    known_as = f'required username="{ADMIN}" password="{credentials.broker[ADMIN]}"'
    return {
        "listener.security.protocol.map": f"CLIENT:{SECURITY_PROTOCOL},CONTROLLER:{SECURITY_PROTOCOL}",
        "super.users": f"User:{ADMIN}",
        "sasl.mechanism.inter.broker.protocol": SASL_MECHANISM,
        "listener.name.client.sasl.enabled.mechanisms": SASL_MECHANISM,
        "listener.name.client.scram-sha-512.sasl.jaas.config": (
            f"org.apache.kafka.common.security.scram.ScramLoginModule {known_as};"
        ),
        # SCRAM users stand in the controllers' own log, which they cannot read before they have found each other.
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": (
            f"org.apache.kafka.common.security.plain.PlainLoginModule {known_as}"
            f' user_{ADMIN}="{credentials.broker[ADMIN]}";'
        ),
    }


def make_users(port: int, credentials: Credentials) -> None:
    """Give every principal its password, all in one request; safe to repeat.

    Raises:
        StackError: The broker refused.
    """
    client = AdminClient(
        {"bootstrap.servers": f"127.0.0.1:{port}", "log_level": "0", **credentials.client_options(ADMIN)}
    )
    try:
        set_passwords(client, credentials.broker)
    except KafkaException as error:
        raise StackError(f"Kafka could not make its users: {error.args[0].str()}.") from error


def set_passwords(client: AdminClient, passwords: Mapping[str, str]) -> None:
    """Give everybody named a user with that password, all in one request; safe to repeat.

    Raises:
        KafkaException: The broker refused, or does not answer.
    """
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS)
    wanted: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(name, info, password.encode()) for name, password in passwords.items()
    ]
    for done in client.alter_user_scram_credentials(wanted, request_timeout=USERS_WITHIN_SECONDS).values():
        done.result(2 * USERS_WITHIN_SECONDS)


def _format(data: Path, java: tuple[str, ...], cluster_id: str, credentials: Credentials | None) -> None:
    settings = data.with_suffix(".properties")
    command = [*java, "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(settings)]
    if credentials is not None:
        # The brokers need one user to know each other; it makes the others once they stand.
        command.append(f"--add-scram={SASL_MECHANISM}=[name={ADMIN},password={credentials.broker[ADMIN]}]")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=FORMAT_WITHIN_SECONDS)
    if done.returncode != 0:
        raise StackError(f"Kafka could not format {data}: {(done.stderr or done.stdout).strip()[-300:]}")
