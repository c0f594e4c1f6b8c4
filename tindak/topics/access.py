"""Sets who may write and read which topic as access rules (ACLs) on the broker."""

from collections.abc import Iterable, Sequence
from typing import Any

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
from tindak.topics.connection import Admin, BrokerRefused, connect, refusal
from tindak.topics.rules import SCRAM_FORMAT, Allow, Revoke, rules, stale


def allow(
    settings: KafkaSettings,
    wanted: Iterable[Topic],
    formats: Sequence[str] = (SCRAM_FORMAT,),
    *,
    add_only: bool = False,
    dry_run: bool = False,
) -> list[Allow | Revoke]:
    """Make the broker's rules those of the table and return what differed; safe to repeat.

    What is missing is added before what is stale is taken away, so that nobody loses what they keep. Rules that deny,
    and rules for principals, topics and groups that are not ours, stay.

    Other brokers learn of them a moment later, and librdkafka (2.16) lets nobody choose which one is asked for rules:
    who asks at once may be told the same again.

    Args:
        settings: Where the broker is, and the prefix before every topic's and group's name.
        wanted: Every topic, with who writes and reads it.
        formats: How the broker calls a principal, see `rules`; of other names nothing is touched.
        add_only: Whether to leave what is stale, as while clients of an earlier release still run.
        dry_run: Whether to change nothing and only return what differs.

    Raises:
        BrokerRefused: The broker has no authorizer, cannot be reached, or does not let this client do it.
    """
    topics = list(wanted)
    client = connect(settings)
    try:
        _check_authorizer(client)
        there = set(client.describe_acls(_any()).result(client.timeout_seconds))
        table = {_binding(rule): rule for rule in rules(topics, settings.topic_prefix, formats)}
        missing = {binding: rule for binding, rule in table.items() if binding not in there}
        allowing = {each: _revoking(each) for each in sorted(there) if each.permission_type is AclPermissionType.ALLOW}
        surplus = set() if add_only else set(stale(allowing.values(), topics, settings.topic_prefix, formats))
        revoked = {binding: rule for binding, rule in allowing.items() if rule in surplus}
        if missing and not dry_run:
            settle(client.create_acls(list(missing)))
        if revoked and not dry_run:
            settle(client.delete_acls([_exactly(binding) for binding in revoked]))
    except (KafkaException, TimeoutError) as error:
        raise refusal(error) from error
    return [*missing.values(), *revoked.values()]


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
        ResourcePatternType[rule.pattern],
        rule.principal,
        "*",
        AclOperation[rule.operation],
        AclPermissionType.ALLOW,
    )


def _revoking(binding: AclBinding) -> Revoke:
    return Revoke(
        binding.principal,
        AclOperation(binding.operation).name,
        ResourceType(binding.restype).name,
        binding.name,
        ResourcePatternType(binding.resource_pattern_type).name,
    )


def _exactly(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
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
