"""A city of its own on the secured stack."""

import secrets

import pytest

from shared.policy.topics import load_topics
from tests.conftest import fewer_partitions
from tests.connected.access.administrator import Stack, kafka_of
from tests.servers.fleet import POLICY
from tindak.topics import apply
from tindak.topics.access import allow


@pytest.fixture
def prefix(secure_stack: Stack) -> str:
    """A prefix under which the city has topics and access rules of its own; both stay until the servers go."""
    own = f"t{secrets.token_hex(4)}-"
    settings, city = kafka_of(secure_stack, "admin", own), load_topics(POLICY)
    apply(settings, fewer_partitions(city))
    allow(settings, city)
    return own
