"""Which servers the tests run against, and the rule that no error goes unnoticed."""

import gc
import logging
import os
import secrets
from collections.abc import Iterator, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings
from pymongo import MongoClient

from shared.policy.agencies import load_agencies
from shared.policy.channels import load_channels
from shared.policy.topics import load_topics
from shared.topics import OF_EVERY_TICKET, Topic, catalogue
from tests.servers.addresses import Namespace, Servers
from tindak.stack import LocalStack
from tindak.topics import apply, connect

# A busy machine is no fault of a rule: no test fails because an example took long.
settings.register_profile("patient", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", parent=settings.get_profile("patient"), max_examples=1000)
settings.load_profile("patient")

POLICY = Path(__file__).parents[1] / "policy"


def pytest_collection_finish() -> None:
    """Freeze what collection has made: going through it again and again takes the garbage collector much time."""
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("servers")
    kinds = ("embedded", "apache", "containers")
    group.addoption("--stack", choices=kinds, default="embedded", help="servers of connected, faults and journey tests")
    group.addoption("--brokers", type=int, default=1, help="1 or 3 (apache only)")
    group.addoption("--members", type=int, default=1, help="1 or 3 members of the replica set (not with containers)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "expects_errors: this test may log errors")
    # What the terminal exports for a demo or a stack is not meant for tests, nor for what they start.
    for name in [name for name in os.environ if name.startswith("TINDAK_")]:
        del os.environ[name]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what may take longest, so that no worker ends with it alone."""
    items.sort(key=lambda item: -(marker.args[0] if (marker := item.get_closest_marker("timeout")) else 0))


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """The servers that were asked for on the command line, started once, when the first test needs them."""
    kind = pytestconfig.getoption("--stack")
    if kind == "containers":
        yield from containers()
        return
    brokers, members = pytestconfig.getoption("--brokers"), pytestconfig.getoption("--members")
    with LocalStack(kind, brokers=brokers, members=members, test_commands=True) as local:
        yield Servers(local.layout.environment(), local)


def containers() -> Iterator[Servers]:
    # Docker's client takes a good part of a second, which the tests of the rules need not wait for.
    from tests.servers.containers import KafkaContainer, MongoReplicaSet, why_no_containers

    reason = why_no_containers()
    if reason is not None:
        pytest.skip(reason)
    with KafkaContainer() as kafka, MongoReplicaSet() as mongo:
        found = {"TINDAK_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TINDAK_MONGO_URI": mongo.uri}
        yield Servers({"TINDAK_PROFILE": "local", "TINDAK_KAFKA_REPLICATION_FACTOR": "1"} | found)


@pytest.fixture(scope="session")
def secure_stack() -> Iterator[dict[str, Any]]:
    """What `tindak stack up --secure --format json` prints of a broker and a database that let in none but users.

    Topics and access rules are those of the city. Whoever uses it is marked ``xdist_group("secure")``, so that there is
    one of it.
    """
    with LocalStack("apache", secured_for=load_topics(POLICY)) as local:
        assert local.credentials is not None
        yield local.credentials.report(local.folder, local.layout)


@pytest.fixture
def namespace(request: pytest.FixtureRequest, stack: Servers) -> Iterator[Namespace]:
    """Topics and databases that this test alone uses; gone afterwards.

    All topics of the city are made, in about two seconds; most tests of adapters are marked as needing none or few.
    """
    own = Namespace(stack, f"t{secrets.token_hex(4)}-")
    marked = request.node.get_closest_marker
    if marked("without_topics") is None:
        agencies = {"dishub": 1, "dlh": 1} if marked("without_agencies") else load_agencies(POLICY).partitions
        apply(own.kafka, fewer_partitions(catalogue(agencies, load_channels(POLICY).partitions)))
    yield own
    client = connect(own.kafka)
    made = [name for name in client.list_topics(timeout=30).topics if name.startswith(own.prefix)]
    for deletion in client.delete_topics(made).values() if made else ():
        deletion.result(30)
    with MongoClient[dict[str, Any]](stack.mongo_uri) as database:
        for name in database.list_database_names():
            if name.startswith(own.prefix):
                database.drop_database(name)


def fewer_partitions(topics: tuple[Topic, ...]) -> list[Topic]:
    """Three where there may be many show all that twelve do, and a broker makes each of them on disk."""
    return [
        replace(topic, partitions=3 if topic.partitions > 3 or topic.name in OF_EVERY_TICKET else 1) for topic in topics
    ]


class ErrorWatch(logging.Handler):
    """Notes what is logged as an error, by the standard library or by structlog."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(f"{record.name}: {record.getMessage()}")

    def __call__(self, _: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if method in {"error", "exception", "critical"}:
            self.seen.append(str(dict(event)))
        return event


@pytest.fixture(autouse=True)
def no_unnoticed_error(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test during which an error was logged, unless it is marked ``expects_errors``."""
    watch = ErrorWatch()
    processors = structlog.get_config()["processors"]
    processors.insert(0, watch)
    logging.getLogger().addHandler(watch)
    yield
    logging.getLogger().removeHandler(watch)
    processors.remove(watch)
    if watch.seen and request.node.get_closest_marker("expects_errors") is None:
        pytest.fail(f"errors were logged: {watch.seen[:5]}")
