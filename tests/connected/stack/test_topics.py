"""Topics on a real broker."""

from dataclasses import astuple, replace

import pytest
from confluent_kafka import KafkaException

from shared.topics import Topic
from tests.servers.addresses import Namespace
from tests.servers.fleet import until
from tindak.topics import BrokerRefused, apply, ends
from tindak.topics.access import allow
from tindak.topics.plan import Configure, Create, Leave, RaisePartitions
from tindak.topics.rules import Revoke, rules

pytestmark = [pytest.mark.connected, pytest.mark.every_stack, pytest.mark.without_topics]

TICKETS = Topic("uji.events", ("routing",), ("sla",), 2, 90)


@pytest.fixture
def applied(namespace: Namespace) -> str:
    """The name of a topic that stands as wanted."""
    apply(namespace.kafka, [TICKETS])
    return f"{namespace.prefix}uji.events"


def test_a_missing_topic_is_created_and_then_as_it_should_be(namespace: Namespace) -> None:
    copies = namespace.kafka.replication_factor

    first = apply(namespace.kafka, [TICKETS])
    second = apply(namespace.kafka, [TICKETS])

    assert first == [Create(f"{namespace.prefix}uji.events", 2, copies, TICKETS.config)]
    assert second == []


def test_a_dry_run_changes_nothing(namespace: Namespace) -> None:
    first = apply(namespace.kafka, [TICKETS], dry_run=True)
    second = apply(namespace.kafka, [TICKETS], dry_run=True)

    assert len(first) == 1
    assert first == second


def test_a_retention_that_differs_is_set(namespace: Namespace, applied: str) -> None:
    shorter = replace(TICKETS, retention_days=7)

    changed = apply(namespace.kafka, [shorter])

    assert changed == [Configure(applied, "retention.ms", "7776000000", "604800000")]
    assert apply(namespace.kafka, [shorter]) == []


def test_partitions_are_raised_where_the_broker_can(namespace: Namespace, applied: str) -> None:
    changed = apply(namespace.kafka, [replace(TICKETS, partitions=4)])

    assert changed in (
        [RaisePartitions(applied, 2, 4)],
        [Leave(applied, "it has 2 partitions, and this broker cannot raise them to 4")],  # the embedded one
    )


def test_fewer_partitions_are_reported_and_left(namespace: Namespace, applied: str) -> None:
    changed = apply(namespace.kafka, [replace(TICKETS, partitions=1)])

    assert changed == [Leave(applied, "it has 2 partitions instead of 1, and none can be removed")]


def test_leaders_say_where_partitions_end_and_that_of_an_unknown_one_is_refused(
    namespace: Namespace, applied: str
) -> None:
    found = ends(namespace.kafka, [(applied, 0), (applied, 1)], within_seconds=30)

    assert found == {(applied, 0): 0, (applied, 1): 0}
    assert ends(namespace.kafka, [], within_seconds=30) == {}
    with pytest.raises(KafkaException, match=r"(?i)unknown"):
        ends(namespace.kafka, [(applied, 0), (f"{applied}.none", 0)], within_seconds=1)


async def test_access_rules_are_added_until_none_is_missing(namespace: Namespace, pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("--stack") != "apache":
        pytest.skip("only the local Apache broker has an authorizer")

    first = allow(namespace.kafka, [TICKETS])

    assert first == rules([TICKETS], namespace.prefix)
    await until(lambda: allow(namespace.kafka, [TICKETS]) == [], 30, lambda: "a rule is missing still")


async def test_access_rules_that_the_table_no_longer_holds_are_taken_away(
    namespace: Namespace, pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("--stack") != "apache":
        pytest.skip("only the local Apache broker has an authorizer")
    allow(namespace.kafka, [TICKETS])
    narrowed = [replace(TICKETS, read_by=())]
    gone = [Revoke(*astuple(rule)) for rule in rules([TICKETS], namespace.prefix) if rule.operation == "READ"]

    await until(
        lambda: len(allow(namespace.kafka, narrowed, dry_run=True)) == len(gone), 30, lambda: "not all is there"
    )
    kept = allow(namespace.kafka, narrowed, add_only=True)
    taken = allow(namespace.kafka, narrowed)

    assert kept == []
    assert set(taken) == set(gone)
    await until(lambda: allow(namespace.kafka, narrowed) == [], 30, lambda: "a rule is left")


def test_access_rules_are_refused_in_a_sentence_without_an_authorizer(
    namespace: Namespace, pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("--stack") == "apache":
        pytest.skip("the local Apache broker has an authorizer")

    with pytest.raises(BrokerRefused, match="has no authorizer, so it can keep no access rules; leave out --acls"):
        allow(namespace.kafka, [TICKETS])
