"""Who may write and read which topic, as rules on the broker (ACLs); adds what is missing and removes none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ConfigResource,
    ResourcePatternType,
    ResourceType,
)

from shared.process.settings import KafkaSettings
from shared.topics import Topic
from tindak.topics.apply import settle
from tindak.topics.connection import (
    Admin,
    BrokerRefused,
    connect,
    refusal,
)

AGENCIES = "agencies"
ONE_AGENCY = "agency:"


@dataclass(frozen=True, slots=True)
class Allow:
    """A principal may do one thing to one topic or consumer group."""

    action: ClassVar[str] = "allow"
    principal: str
    operation: str  # READ or WRITE
    resource: str  # TOPIC or GROUP
    name: str

    def __str__(self) -> str:
        return f"allow {self.principal} to {self.operation.lower()} {self.resource.lower()} {self.name}"


def rules(wanted: Iterable[Topic], prefix: str = "") -> list[Allow]:
    """Return what everybody needs and no more: each principal's topics, and the consumer group that bears its name.

    A service is ``User:<service>``, an agency ``User:agency-<code>``; the other roles bear their own names.
    """
    topics = list(wanted)
    codes = [reader.removeprefix(ONE_AGENCY) for topic in topics for reader in topic.read_by if ONE_AGENCY in reader]
    found: list[Allow] = []
    for topic in topics:
        writers, readers = _names(topic.written_by, codes), _names(topic.read_by, codes)
        found += [Allow(f"User:{name}", "WRITE", "TOPIC", prefix + topic.name) for name in writers]
        found += [Allow(f"User:{name}", "READ", "TOPIC", prefix + topic.name) for name in readers]
        found += [Allow(f"User:{name}", "READ", "GROUP", prefix + name) for name in readers]
    return list(dict.fromkeys(found))


def _names(roles: Sequence[str], codes: Sequence[str]) -> list[str]:
    names: list[str] = []
    for role in roles:
        if role == AGENCIES:
            names += [f"agency-{code}" for code in codes]
        else:
            names.append(role.replace(ONE_AGENCY, "agency-"))
    return names


def allow(settings: KafkaSettings, wanted: Iterable[Topic], *, dry_run: bool = False) -> list[Allow]:
    """Add the rules that are missing on the broker and return them; safe to repeat.

    Other brokers learn of them a moment later, and librdkafka (2.16) lets nobody choose which one is asked for rules:
    who asks at once may be told the same again.

    Raises:
        BrokerRefused: The broker has no authorizer, cannot be reached, or does not let this client do it.
    """
    client = connect(settings)
    try:
        _check_authorizer(client)
        there = set(client.describe_acls(_any()).result(client.timeout_seconds))
        bindings = {_binding(rule): rule for rule in rules(wanted, settings.topic_prefix)}
        missing = [binding for binding in bindings if binding not in there]
        if missing and not dry_run:
            settle(client.create_acls(missing))
    except (KafkaException, TimeoutError) as error:
        raise refusal(error) from error
    return [bindings[binding] for binding in missing]


def _check_authorizer(client: Admin) -> None:
    # Asked before any rule is: librdkafka 2.16 aborts the whole process when a broker does not know the request, as the
    # embedded one does not.
    broker = next(iter(client.list_topics(timeout=client.timeout_seconds).brokers))
    asked = client.describe_configs([ConfigResource(ResourceType.BROKER, str(broker))])
    config = next(iter(asked.values())).result(client.timeout_seconds)
    authorizer = config.get("authorizer.class.name")
    if authorizer is None or not authorizer.value:
        raise BrokerRefused("The broker has no authorizer, so it can keep no access rules; leave out --acls.")


def _binding(rule: Allow) -> AclBinding:
    return AclBinding(
        ResourceType[rule.resource],
        rule.name,
        ResourcePatternType.LITERAL,
        rule.principal,
        "*",
        AclOperation[rule.operation],
        AclPermissionType.ALLOW,
    )


def _any() -> AclBindingFilter:
    anything: Any = None  # documented so; the stub knows only str
    return AclBindingFilter(
        ResourceType.ANY,
        anything,
        ResourcePatternType.ANY,
        anything,
        anything,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
