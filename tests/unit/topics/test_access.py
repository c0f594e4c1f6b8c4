"""Who may write and read what."""

from collections.abc import Iterable
from dataclasses import astuple

import pytest

from shared.policy.topics import load_topics
from shared.topics import SERVICES, Topic, catalogue, dead_letter_topic, replay_topic
from tests.connected.access.table import table
from tests.servers.fleet import POLICY
from tindak.topics.rules import Allow, Revoke, rules, stale

pytestmark = pytest.mark.unit

UPDATES = Topic("tickets.updates.agency-dinkes", ("agency-dinkes",), ("routing",), 1, 30)
ROUTED = Topic("tickets.routed.dinkes", ("routing",), ("agency-dinkes",), 3, 90)
EVENTS = Topic("tickets.events", ("routing",), ("sla",), 12, 90)
DINKES = "User:agency-dinkes"
DISTINGUISHED = "User:CN={name},O=Kota Tangerang Selatan,C=ID"


def of_principal(name: str, everything: list[Allow]) -> set[tuple[str, ...]]:
    return {astuple(rule)[1:] for rule in everything if rule.principal == f"User:{name}"}


def revocable(*given: tuple[str, str, str, str, str]) -> list[Revoke]:
    return [Revoke(*each) for each in given]


def test_an_agency_has_its_own_topics_and_groups_and_no_other() -> None:
    assert of_principal("agency-dinkes", rules([UPDATES, ROUTED, EVENTS])) == {
        ("READ", "TOPIC", "tickets.routed.dinkes", "LITERAL"),
        ("WRITE", "TOPIC", "tickets.updates.agency-dinkes", "LITERAL"),
        ("READ", "GROUP", "agency-dinkes", "LITERAL"),
        ("READ", "GROUP", "agency-dinkes.", "PREFIXED"),
    }


def test_a_service_has_rules_for_families_so_that_a_new_member_needs_none() -> None:
    assert of_principal("routing", rules([UPDATES, ROUTED, EVENTS])) == {
        ("READ", "TOPIC", "tickets.updates.", "PREFIXED"),
        ("READ", "TOPIC", "tickets.updates", "LITERAL"),  # of release 0.1.0, shared by all
        ("WRITE", "TOPIC", "tickets.routed.", "PREFIXED"),
        ("WRITE", "TOPIC", "tickets.events", "LITERAL"),
        ("READ", "GROUP", "routing", "LITERAL"),
    }


def test_a_service_that_writes_among_outsiders_may_write_its_own_topic_alone() -> None:
    by_links = Topic("tickets.updates.channel-links", ("notify",), ("routing",), 1, 30)

    assert of_principal("notify", rules([UPDATES, by_links])) == {
        ("WRITE", "TOPIC", "tickets.updates.channel-links", "LITERAL")
    }


def test_the_rules_of_the_city_are_exactly_the_table() -> None:
    """The table is written down once more, and the broker's way of matching as well."""
    city = load_topics(POLICY)
    everything = rules(city)
    names = {rule.principal.removeprefix("User:") for rule in everything}

    allowed = {
        name: (matched(name, "WRITE", city, everything), matched(name, "READ", city, everything)) for name in names
    }
    assert allowed == {name: (rights.writes, rights.reads) for name, rights in table(names).items()}
    assert {topic.name for topic in city} == {name for pair in allowed.values() for some in pair for name in some}


def matched(name: str, operation: str, city: Iterable[Topic], everything: list[Allow]) -> set[str]:
    own = [rule for rule in everything if (rule.principal, rule.operation) == (f"User:{name}", operation)]
    return {
        topic.name
        for topic in city
        for rule in own
        if rule.resource == "TOPIC"
        and (topic.name.startswith(rule.name) if rule.pattern == "PREFIXED" else topic.name == rule.name)
    }


def test_only_notify_reads_contacts() -> None:
    everything = rules(catalogue({"dinkes": 1}, {"web": 12}))

    readers = {rule.principal for rule in everything if rule.operation == "READ" and rule.name == "reporters.contacts"}
    assert readers == {"User:notify"}


@pytest.mark.parametrize(("called", "also"), [((), set()), (("web",), {"User:notify"})])
def test_notify_reads_where_the_tickets_of_a_channel_stand_only_if_it_calls_its_server(
    called: tuple[str, ...], also: set[str]
) -> None:
    everything = rules(catalogue({"dinkes": 1}, {"web": 12, "ios": 1}, called=called))

    def readers(topic: str) -> set[str]:
        return {rule.principal for rule in everything if rule.operation == "READ" and rule.name == topic}

    assert readers("tickets.status.web") == {"User:channel-web"} | also
    assert readers("tickets.status.ios") == {"User:channel-ios"}


def test_operators_read_and_write_the_topics_of_dead_letters_and_replays() -> None:
    allowed = {(rule.operation, rule.name) for rule in rules(catalogue({}, {})) if rule.principal == "User:ops"}

    own = {topic for service in SERVICES for topic in (dead_letter_topic(service), replay_topic(service))}
    assert allowed >= {(operation, topic) for operation in ("READ", "WRITE") for topic in own}


def test_nobody_may_do_more_than_read_and_write_topics_and_read_groups_but_intake_may_look_at_routings() -> None:
    everything = rules(catalogue({"dinkes": 1}, {"web": 12}))

    looks = [rule for rule in everything if rule.operation == "DESCRIBE"]
    assert looks == [Allow("User:intake", "DESCRIBE", "GROUP", "routing")]
    assert {(rule.operation, rule.resource) for rule in everything if rule not in looks} == {
        ("READ", "TOPIC"), ("WRITE", "TOPIC"), ("READ", "GROUP"),
    }  # fmt: skip


def test_every_access_rule_carries_the_prefix_in_topics_and_groups() -> None:
    assert rules([ROUTED], prefix="uji-") == [
        Allow("User:routing", "WRITE", "TOPIC", "uji-tickets.routed.", "PREFIXED"),
        Allow(DINKES, "READ", "TOPIC", "uji-tickets.routed.dinkes"),
        Allow(DINKES, "READ", "GROUP", "uji-agency-dinkes"),
        Allow(DINKES, "READ", "GROUP", "uji-agency-dinkes.", "PREFIXED"),
    ]


def test_a_principal_has_the_same_rules_under_each_format() -> None:
    found = rules([EVENTS], formats=("User:{name}", DISTINGUISHED))

    assert [rule.principal for rule in found if rule.operation == "WRITE"] == [
        "User:routing",
        "User:CN=routing,O=Kota Tangerang Selatan,C=ID",
    ]


@pytest.mark.parametrize(
    "rule",
    [
        (DINKES, "WRITE", "TOPIC", "tickets.updates", "LITERAL"),  # shared by all, in an earlier release
        ("User:channels", "READ", "TOPIC", "complaints.rejected", "LITERAL"),
        (DINKES, "READ", "TOPIC", "tickets.events", "LITERAL"),
        (DINKES, "READ", "TOPIC", "tickets.routed.", "PREFIXED"),
        (DINKES, "ALL", "TOPIC", "tickets.routed.dinkes", "LITERAL"),
        (DINKES, "READ", "TOPIC", "*", "LITERAL"),
        (DINKES, "READ", "TOPIC", "tickets.", "PREFIXED"),
        (DINKES, "READ", "TOPIC", "t", "PREFIXED"),
        (DINKES, "READ", "GROUP", "*", "LITERAL"),
        (DINKES, "READ", "GROUP", "agency-", "PREFIXED"),
        (DINKES, "READ", "GROUP", "routing", "LITERAL"),
        ("User:agency-gone", "READ", "TOPIC", "tickets.routed.gone", "LITERAL"),
        ("User:agency-gone", "READ", "GROUP", "agency-gone", "LITERAL"),
        ("User:ops", "WRITE", "TOPIC", "tickets.events", "LITERAL"),
    ],
)
def test_a_rule_of_ours_that_the_table_does_not_hold_is_stale(rule: tuple[str, str, str, str, str]) -> None:
    assert stale(revocable(rule), [UPDATES, ROUTED, EVENTS]) == revocable(rule)


@pytest.mark.parametrize(
    "rule",
    [
        (DINKES, "READ", "TOPIC", "tickets.routed.dinkes", "LITERAL"),
        ("User:routing", "READ", "TOPIC", "tickets.updates.", "PREFIXED"),
        ("User:admin", "READ", "TOPIC", "tickets.events", "LITERAL"),
        ("User:reporting", "READ", "TOPIC", "tickets.events", "LITERAL"),
        ("User:ops", "READ", "TOPIC", "another.application", "LITERAL"),
        ("User:ops", "READ", "TOPIC", "uji-tickets.events", "LITERAL"),  # another deployment's
        ("User:ops", "READ", "TOPIC", "uji-", "PREFIXED"),
        ("User:ops", "READ", "GROUP", "another", "LITERAL"),
        ("User:ops", "READ", "GROUP", "another", "PREFIXED"),
        ("User:ops", "WRITE", "TRANSACTIONAL_ID", "*", "LITERAL"),
        ("User:routing", "DESCRIBE", "CLUSTER", "kafka-cluster", "LITERAL"),
        ("User:CN=agency-gone,O=Kota Tangerang Selatan,C=ID", "READ", "TOPIC", "tickets.events", "LITERAL"),
    ],
)
def test_a_rule_of_the_table_or_of_others_is_not_stale(rule: tuple[str, str, str, str, str]) -> None:
    assert stale(revocable(rule), [UPDATES, ROUTED, EVENTS]) == []


def test_stale_rules_are_found_under_the_prefix_and_formats_of_the_deployment() -> None:
    gone = ("User:CN=agency-gone,O=Kota Tangerang Selatan,C=ID", "READ", "TOPIC", "uji-tickets.routed.gone", "LITERAL")
    other = (gone[0], "READ", "TOPIC", "tickets.routed.gone", "LITERAL")

    assert stale(revocable(gone, other), [ROUTED], "uji-", [DISTINGUISHED]) == revocable(gone)
