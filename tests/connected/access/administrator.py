"""Sets single access rules on a broker, and takes them away."""

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


def client_options(stack: Mapping[str, Any], name: str) -> dict[str, Any]:
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
def rule(
    stack: Mapping[str, Any], permission: str, name: str, operation: str, resource: str, of: str
) -> Iterator[None]:
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
