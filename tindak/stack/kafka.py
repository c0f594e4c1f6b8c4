"""Apache Kafka without containers: KRaft, every node both broker and controller; not a production layout."""

import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tindak.stack import programs
from tindak.stack.errors import StackError
from tindak.stack.node import Node
from tindak.stack.protocol import serves_cluster

LOG4J = Path(__file__).with_name("kafka-log4j2.yaml")
FORMAT_WITHIN_SECONDS = 120


def brokers(
    folder: Path, ports: Sequence[int], controller_ports: Sequence[int], cluster_id: str, *, detached: bool
) -> list[Node]:
    """Return the brokers of one cluster, their storage formatted, not started yet."""
    # Servers that live for minutes are not worth the second compiler: without it they start in half the time.
    fast = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    java = (str(programs.java()), *fast, f"-Dlog4j2.configurationFile={LOG4J}")
    jars = f"{programs.kafka_jars()}/*"
    voters = ",".join(f"{number}@127.0.0.1:{port}" for number, port in enumerate(controller_ports, 1))
    nodes = []
    for number, (port, controller_port) in enumerate(zip(ports, controller_ports, strict=True), 1):
        name = f"broker-{number}"
        settings = folder / f"{name}.properties"
        settings.write_text(_properties(number, port, controller_port, voters, folder / name))
        command = (*java, "-Xms256m", "-Xmx512m", "-cp", jars, "kafka.Kafka", str(settings))
        is_ready = partial(serves_cluster, port, cluster_id)
        nodes.append(Node(name, port, command, folder / f"{name}.log", is_ready, detached))
    with ThreadPoolExecutor() as threads:
        new = [folder / node.name for node in nodes if not (folder / node.name / "meta.properties").exists()]
        list(threads.map(lambda data: _format(data, (*java, "-cp", jars), cluster_id), new))
    return nodes


def _properties(number: int, port: int, controller_port: int, voters: str, data: Path) -> str:
    copies = min(voters.count("@"), 3)
    in_sync_min = max(copies - 1, 1)
    settings = {
        "process.roles": "broker,controller",
        "node.id": number,
        "controller.quorum.voters": voters,
        "listeners": f"CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"CLIENT://127.0.0.1:{port}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": data,
        # Lets `tindak topics apply --acls` work; whoever connects without a name, that is everybody here, may do all.
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
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
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _format(data: Path, java: tuple[str, ...], cluster_id: str) -> None:
    settings = data.with_suffix(".properties")
    command = [*java, "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=FORMAT_WITHIN_SECONDS)
    if done.returncode != 0:
        raise StackError(f"Kafka could not format {data}: {(done.stderr or done.stdout).strip()[-300:]}")
