"""Reaches a secured broker under anybody's name; sets single access rules on it, and takes them away."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from shared.process.settings import KafkaSettings

Stack = Mapping[str, Any]
"""What a secured stack prints of itself."""


def kafka_of(stack: Stack, name: str, prefix: str) -> KafkaSettings:
    """Return the settings of *name*, whose topics begin with *prefix*."""
    return KafkaSettings.model_validate(settings_of(stack, name, prefix))


def settings_of(stack: Stack, name: str, prefix: str) -> dict[str, str]:
    """Return the same by name of the setting."""
    return {**_connection(stack, name), "replication_factor": "1", "topic_prefix": prefix}


def _connection(stack: Stack, name: str) -> dict[str, str]:
    user = stack["principals"][name]
    told = {each: stack[each] for each in ("bootstrap_servers", "security_protocol", "sasl_mechanism")}
    return {**told, "sasl_username": user["username"], "sasl_password": user["password"]}


@contextmanager
def rule(stack: Stack, permission: str, name: str, operation: str, resource: str, of: str) -> Iterator[None]:
    """Let the broker keep one more rule until the end: ``ALLOW`` or ``DENY`` *name* an operation on one thing."""
    # librdkafka's names of these settings are ours with dots.
    admin = AdminClient({name.replace("_", "."): value for name, value in _connection(stack, "admin").items()})
    fields: Any = (
        ResourceType[resource],
        of,
        ResourcePatternType.LITERAL,
        f"User:{name}",
        "*",
        AclOperation[operation],
        AclPermissionType[permission],
    )
    added, exactly = AclBinding(*fields), AclBindingFilter(*fields)
    admin.create_acls([added])[added].result(30)
    _await(admin, exactly, [added])
    try:
        yield
    finally:
        admin.delete_acls([exactly])[exactly].result(30)
        _await(admin, exactly, [])


def _await(admin: AdminClient, asked: AclBindingFilter, expected: list[AclBinding]) -> None:
    """Return once the broker, which hears of it from the controller, goes by it."""
    give_up_at = time.monotonic() + 30
    while admin.describe_acls(asked).result(30) != expected:
        assert time.monotonic() < give_up_at, f"{asked} is not as it should be"
