"""Tries out what each principal of a broker may do, with librdkafka and the table alone; nothing of the project's code.

    tindak stack up --broker apache --secure --detach --format json > stack.json
    python tests/connected/access/outsider.py stack.json [principal ...]

It writes to every topic that lets it, so let nobody work there. Exit code 0: exactly the table.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)
from table import Rights, table  # a script finds what lies beside it

WITHIN_SECONDS = 60.0
AT_ONCE = 6
FORBIDDEN = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}
PASSING = {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT}
"""What the client gets over by itself."""

Outcome = Mapping[str, bool]
"""By name, whether the broker let it be done."""


class NoVerdict(Exception):
    """The broker neither did it nor refused it."""


@dataclass(frozen=True)
class Outsider:
    """A plain client under one name."""

    name: str
    options: Mapping[str, Any]

    def describe(self) -> set[str]:
        """Return all topics that the broker shows."""
        return {name for name in self._admin().list_topics(timeout=WITHIN_SECONDS).topics if not name.startswith("__")}

    def write(self, topics: Iterable[str]) -> Outcome:
        """Write one record to each topic."""
        found: dict[str, bool] = {}

        def delivered(error: KafkaError | None, message: Any) -> None:
            found[message.topic()] = _is_allowed(error)

        producer = Producer({**self.options, "acks": "all", "message.timeout.ms": int(WITHIN_SECONDS * 1000)})
        for topic in topics:
            producer.produce(topic, b"tried", b"tried", on_delivery=delivered)
        producer.flush(2 * WITHIN_SECONDS)
        return found

    def read(self, topics: Iterable[str]) -> Outcome:
        """Read each topic, in the group that bears its name, until it gives a record or is known to have none."""
        found: dict[str, bool] = {}
        waiting = set(topics)
        consumer = self._consumer(self.name)
        consumer.subscribe(sorted(waiting))
        for message in _polled(consumer, lambda: waiting <= found.keys()):
            ended = message.error() is not None and message.error().code() == KafkaError._PARTITION_EOF
            found[message.topic()] = ended or _is_allowed(message.error())
        consumer.close()
        return found

    def describe_groups(self, groups: Iterable[str]) -> Outcome:
        """Look at each group."""
        admin = self._admin()  # held until its answers are there; without it they never come
        return _outcomes(admin.describe_consumer_groups(list(groups), request_timeout=WITHIN_SECONDS))

    def commit(self, groups: Iterable[str], topic: str) -> Outcome:
        """Commit an offset of *topic*, which it may read, in each group."""
        admin, asked = self._admin(), {}
        for group in groups:
            place = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 0)])
            asked |= admin.alter_consumer_group_offsets([place], request_timeout=WITHIN_SECONDS)
        # Who may look at a group is refused each partition, not the whole.
        within = {group: future.result(WITHIN_SECONDS) for group, future in asked.items() if not _error_of(future)}
        refused = {group: place.error for group, done in within.items() for place in done.topic_partitions}
        return _outcomes(asked) | {group: _is_allowed(error) for group, error in refused.items()}

    def join(self, groups: Iterable[str], topic: str) -> Outcome:
        """Become a member of each group."""
        return {group: self._joined(group, topic) for group in groups}

    def administer(self, topic: str) -> Outcome:
        """Do what only the administrator may: make a topic, look at how one is configured, allow itself everything."""
        admin, within = self._admin(), {"request_timeout": WITHIN_SECONDS}
        everywhere = (f"User:{self.name}", "*", AclOperation.ALL, AclPermissionType.ALLOW)
        everything = AclBinding(ResourceType.TOPIC, "*", ResourcePatternType.LITERAL, *everywhere)
        return _outcomes(
            {
                "create": admin.create_topics([NewTopic(f"{topic}.tried", 1, 1)], **within)[f"{topic}.tried"],
                "configure": next(iter(admin.describe_configs([ConfigResource("topic", topic)], **within).values())),
                "allow": admin.create_acls([everything], **within)[everything],
            }
        )

    def _joined(self, group: str, topic: str) -> bool:
        outcomes: set[bool] = set()
        consumer = self._consumer(group)
        consumer.subscribe([topic], on_assign=lambda *_: outcomes.add(True))
        for message in _polled(consumer, lambda: bool(outcomes)):
            ended = message.error() is not None and message.error().code() == KafkaError._PARTITION_EOF
            outcomes.add(ended or _is_allowed(message.error()))
        consumer.close()
        if not outcomes:
            raise NoVerdict(f"{self.name} waits for its part of {topic} in {group}")
        return outcomes == {True}

    def _consumer(self, group: str) -> Consumer:
        own = {"group.id": group, "enable.partition.eof": True, "enable.auto.commit": False}
        return Consumer({**self.options, **own, "session.timeout.ms": 6000, "auto.offset.reset": "earliest"})

    def _admin(self) -> AdminClient:
        return AdminClient(dict(self.options))


def _polled(consumer: Consumer, is_done: Callable[[], bool]) -> Iterator[Any]:
    give_up_at = time.monotonic() + WITHIN_SECONDS
    while not is_done() and time.monotonic() < give_up_at:
        message = consumer.poll(0.1)
        if message is not None and (message.error() is None or message.error().code() not in PASSING):
            yield message


def _outcomes(asked: Mapping[str, Future[Any]]) -> Outcome:
    return {name: _is_allowed(_error_of(future)) for name, future in asked.items()}


def _error_of(future: Future[Any]) -> KafkaError | None:
    error = future.exception(WITHIN_SECONDS)
    if isinstance(error, KafkaException):
        refused: KafkaError = error.args[0]
        return refused
    if error is not None:
        raise error
    return None


def _is_allowed(error: KafkaError | None) -> bool:
    if error is not None and error.code() not in FORBIDDEN:
        raise NoVerdict(str(error))
    return error is None


def outsiders(stack: Mapping[str, Any]) -> dict[str, Outsider]:
    """Return a client for each principal that the JSON of a stack names, with its password or its certificate."""
    common = {
        "bootstrap.servers": stack["bootstrap_servers"],
        "security.protocol": stack["security_protocol"],
        "log_level": 0,
    }
    return {
        name: Outsider(name, common | (_certificate(stack, user) if "certificate" in user else _password(stack, user)))
        for name, user in stack["principals"].items()
    }


def _password(stack: Mapping[str, Any], user: Mapping[str, str]) -> dict[str, str]:
    return {
        "sasl.mechanism": stack["sasl_mechanism"],
        "sasl.username": user["username"],
        "sasl.password": user["password"],
    }


def _certificate(stack: Mapping[str, Any], user: Mapping[str, str]) -> dict[str, str]:
    return {
        "ssl.ca.location": stack["ca"],
        "ssl.certificate.location": user["certificate"],
        "ssl.key.location": user["certificate"],
    }


def differences(outsider: Outsider, rights: Rights, topics: Iterable[str], groups: Iterable[str]) -> Iterator[str]:
    """Yield where what the broker lets one principal do is not what the table says, one sentence each."""
    every, all_groups = sorted(topics), sorted(groups)
    readable = min(rights.reads)
    foreign = [group for group in all_groups if group not in rights.groups]
    tried: dict[str, tuple[set[str], Iterable[str]]] = {
        "describe": (outsider.describe(), rights.reads | rights.writes),
        "write": (_done(outsider.write(every), every), rights.writes),
        "read": (_done(outsider.read(every), every), rights.reads),
        "describe the group": (_done(outsider.describe_groups(all_groups), all_groups), rights.groups | rights.watches),
        "commit in the group": (_done(outsider.commit(all_groups, readable), all_groups), rights.groups),
        "join the group": (_done(outsider.join([*sorted(rights.groups), foreign[0]], readable), ()), rights.groups),
        "administer": (_done(outsider.administer(readable), ()), ()),
    }
    for verb, (could, may) in tried.items():
        yield from (f"{outsider.name} could {verb} {name}" for name in sorted(could - set(may)))
        yield from (f"{outsider.name} could not {verb} {name}" for name in sorted(set(may) - could))


def _done(outcome: Outcome, wanted: Iterable[str]) -> set[str]:
    if missing := set(wanted) - outcome.keys():
        raise NoVerdict(f"nothing was heard of {sorted(missing)}")
    return {name for name, is_allowed in outcome.items() if is_allowed}


def all_differences(stack: Mapping[str, Any], only: Iterable[str] = ()) -> list[str]:
    """Return every difference between the broker and the table for *only* these principals, or for all.

    The administrator, who may do everything, is not tried.
    """
    clients = {name: client for name, client in outsiders(stack).items() if name != "admin"}
    rights = table(clients)
    topics = {topic for each in rights.values() for topic in each.reads | each.writes}
    # A name that merely begins like another's is a stranger's.
    groups = {group for each in rights.values() for group in each.groups} | {f"{name}2" for name in clients}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        tried = list(only) or clients
        found = threads.map(lambda name: list(differences(clients[name], rights[name], topics, groups)), tried)
        return [difference for some in found for difference in some]


if __name__ == "__main__":
    found = all_differences(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), sys.argv[2:])
    print("\n".join(found) or "Exactly the table.")
    sys.exit(1 if found else 0)
