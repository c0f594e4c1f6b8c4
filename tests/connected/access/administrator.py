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
    user = stack["principals"][name]
    return {
        "bootstrap_servers": stack["bootstrap_servers"],
        "security_protocol": stack["security_protocol"],
        "sasl_mechanism": stack["sasl_mechanism"],
        "sasl_username": user["username"],
        "sasl_password": user["password"],
        "replication_factor": "1",
        "topic_prefix": prefix,
    }


def client_options(stack: Stack, name: str) -> dict[str, Any]:
    """Return how librdkafka reaches the broker of *stack*, as a secured stack prints it, under that name."""
    user = stack["principals"][name]
    return {
        "bootstrap.servers": stack["bootstrap_servers"],
        "security.protocol": stack["security_protocol"],
        "sasl.mechanism": stack["sasl_mechanism"],
        "sasl.username": user["username"],
        "sasl.password": user["password"],
    }


@contextmanager
def rule(stack: Stack, permission: str, name: str, operation: str, resource: str, of: str) -> Iterator[None]:
    """Let the broker keep one more rule until the end: ``ALLOW`` or ``DENY`` *name* an operation on one thing."""
    admin = AdminClient(client_options(stack, "admin"))
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
