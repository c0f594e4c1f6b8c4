"""What the journeys share: a mail relay on loopback, and how the services are told of it."""

from collections.abc import Iterator

import pytest

from tests.connected.notify.relay import Relay


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A mail relay that takes everything."""
    taking = Relay()
    with taking.listening():
        yield taking
