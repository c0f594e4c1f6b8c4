"""Asks a broker, as a Kafka client, whether it is ready."""

from collections.abc import Mapping
from types import MappingProxyType

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from tindak.stack.node import accepts_connections

ANSWER_WITHIN_SECONDS = 2
# Enough names to ask each of the few coordinators.
PROBES = [f"probe-{number}" for number in range(12)]

Options = Mapping[str, str]
WITHOUT_A_NAME: Options = MappingProxyType({})
"""How librdkafka shows a broker who it is; here, not at all."""


def serves_cluster(port: int, cluster_id: str, options: Options = WITHOUT_A_NAME) -> bool:
    """Return whether the broker on this port belongs to that cluster and is among its live brokers."""
    if not accepts_connections(port):  # asked first, because the client reports every refused connection
        return False
    client = _client(port, options)
    try:
        cluster = client.list_topics(timeout=ANSWER_WITHIN_SECONDS)
    except KafkaException:
        return False
    return str(cluster.cluster_id) == cluster_id and any(broker.port == port for broker in cluster.brokers.values())


def forms_groups(port: int, options: Options = WITHOUT_A_NAME) -> bool:
    """Return whether consumer groups can form; a new cluster makes their topic only when it is asked for one."""
    client = _client(port, options)
    asked = client.describe_consumer_groups(PROBES, request_timeout=ANSWER_WITHIN_SECONDS)
    errors = [group.exception(2 * ANSWER_WITHIN_SECONDS) for group in asked.values()]
    return all(error is None or error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND for error in errors)


def _client(port: int, options: Options) -> AdminClient:
    return AdminClient({"bootstrap.servers": f"127.0.0.1:{port}", "log_level": "0", **options})
