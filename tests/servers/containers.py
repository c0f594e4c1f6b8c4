"""The servers as containers, through whatever Docker API answers: Apache Kafka and a MongoDB replica set."""

from functools import partial

import docker  # type: ignore[import-untyped]  # ships no types
from docker.errors import DockerException  # type: ignore[import-untyped]  # ships no types
from testcontainers.core.container import DockerContainer

from tindak.stack.layout import Layout
from tindak.stack.mongo import answers, command, is_member
from tindak.stack.node import free_ports
from tindak.stack.processes import holds_within
from tindak.stack.protocol import forms_groups, serves_cluster

KAFKA_IMAGE = "apache/kafka:4.3.1"
MONGO_IMAGE = "mongo:8.2"
READY_WITHIN_SECONDS = 90


def why_no_containers() -> str | None:
    """Return why no container can be started here, or None if one can."""
    try:
        client = docker.from_env()
        try:
            client.ping()
        finally:
            client.close()
    except DockerException as error:
        return f"no Docker API answers: {str(error)[:200]}"
    return None


class KafkaContainer(DockerContainer):
    """One broker that is its own controller, on a host port known before it starts, since it must advertise it."""

    def __init__(self) -> None:
        super().__init__(KAFKA_IMAGE)
        self.layout = Layout.draw("apache", brokers=1, members=1)
        (self.port,) = self.layout.broker_ports
        self.with_bind_ports(self.port, self.port)
        # Any variable makes the image forget all its defaults.
        settings = {
            "CLUSTER_ID": self.layout.cluster_id,
            "KAFKA_NODE_ID": 1,
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            "KAFKA_LISTENERS": f"CLIENT://:{self.port},CONTROLLER://:9093",
            "KAFKA_ADVERTISED_LISTENERS": f"CLIENT://127.0.0.1:{self.port}",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "KAFKA_INTER_BROKER_LISTENER_NAME": "CLIENT",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": 1,
            "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": 4,
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": 1,
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": 1,
            "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": 1,
            "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": 1,
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": 0,
            "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": 3000,
        }
        for name, value in settings.items():
            self.with_env(name, str(value))

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> "KafkaContainer":
        super().start()
        ready = partial(serves_cluster, self.port, self.layout.cluster_id)
        assert holds_within(ready, READY_WITHIN_SECONDS), _log(self)
        assert holds_within(partial(forms_groups, self.port), READY_WITHIN_SECONDS), _log(self)
        return self


class MongoReplicaSet(DockerContainer):
    """A replica set of one member that listens on one port inside and outside, so that its address holds in both."""

    def __init__(self) -> None:
        super().__init__(MONGO_IMAGE)
        (self.port,) = free_ports(1)
        self.replica_set = "rs0"
        self.with_bind_ports(self.port, self.port)
        self.with_command(f"mongod --replSet {self.replica_set} --bind_ip_all --port {self.port}")

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?replicaSet={self.replica_set}"

    def start(self) -> "MongoReplicaSet":
        super().start()
        assert holds_within(partial(answers, self.port), READY_WITHIN_SECONDS), _log(self)
        members = [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]
        command(self.port, "replSetInitiate", {"_id": self.replica_set, "members": members})
        ready = partial(is_member, self.port, self.replica_set)
        assert holds_within(ready, READY_WITHIN_SECONDS), _log(self)
        return self


def _log(container: DockerContainer) -> str:
    output, errors = container.get_logs()
    return f"{container.image} was not ready in time:\n{(output + errors).decode(errors='replace')[-2000:]}"
