"""Who may write and read what."""

import pytest

from shared.topics import SERVICES, Topic, catalogue, dead_letter_topic, replay_topic
from tindak.topics.access import Allow, rules

pytestmark = pytest.mark.unit

AGENCY = Topic("tickets.routed.dinkes", ("routing",), ("agency:dinkes",), 3, 90)
UPDATES = Topic("tickets.updates", ("agencies", "channels"), ("routing",), 12, 30)


def test_an_agency_reads_its_own_topic_and_no_other() -> None:
    everything = rules(catalogue(["dinkes", "dpupr"]))

    allowed = {
        (rule.operation, rule.resource, rule.name) for rule in everything if rule.principal == "User:agency-dinkes"
    }
    assert allowed == {
        ("READ", "TOPIC", "tickets.routed.dinkes"),
        ("READ", "GROUP", "agency-dinkes"),
        ("WRITE", "TOPIC", "tickets.updates"),
    }


def test_only_notify_reads_contacts() -> None:
    everything = rules(catalogue(["dinkes"]))

    readers = {rule.principal for rule in everything if rule.operation == "READ" and rule.name == "reporters.contacts"}
    assert readers == {"User:notify"}


def test_operators_read_and_write_the_topics_of_dead_letters_and_replays() -> None:
    allowed = {(rule.operation, rule.name) for rule in rules(catalogue([])) if rule.principal == "User:ops"}

    own = {topic for service in SERVICES for topic in (dead_letter_topic(service), replay_topic(service))}
    assert allowed >= {(operation, topic) for operation in ("READ", "WRITE") for topic in own}


def test_every_access_rule_carries_the_prefix() -> None:
    assert rules([UPDATES, AGENCY], prefix="uji-") == [
        Allow("User:agency-dinkes", "WRITE", "TOPIC", "uji-tickets.updates"),
        Allow("User:channels", "WRITE", "TOPIC", "uji-tickets.updates"),
        Allow("User:routing", "READ", "TOPIC", "uji-tickets.updates"),
        Allow("User:routing", "READ", "GROUP", "uji-routing"),
        Allow("User:routing", "WRITE", "TOPIC", "uji-tickets.routed.dinkes"),
        Allow("User:agency-dinkes", "READ", "TOPIC", "uji-tickets.routed.dinkes"),
        Allow("User:agency-dinkes", "READ", "GROUP", "uji-agency-dinkes"),
    ]
