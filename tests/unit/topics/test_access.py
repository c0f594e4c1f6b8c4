"""Who may write and read what."""

import pytest

from shared.topics import Topic, catalogue
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


def test_nobody_but_notify_reads_contacts() -> None:
    everything = rules(catalogue(["dinkes"]))

    readers = {rule.principal for rule in everything if rule.operation == "READ" and rule.name == "reporters.contacts"}
    assert readers == {"User:notify"}


def test_every_rule_bears_the_prefix() -> None:
    assert rules([UPDATES, AGENCY], prefix="uji-") == [
        Allow("User:agency-dinkes", "WRITE", "TOPIC", "uji-tickets.updates"),
        Allow("User:channels", "WRITE", "TOPIC", "uji-tickets.updates"),
        Allow("User:routing", "READ", "TOPIC", "uji-tickets.updates"),
        Allow("User:routing", "READ", "GROUP", "uji-routing"),
        Allow("User:routing", "WRITE", "TOPIC", "uji-tickets.routed.dinkes"),
        Allow("User:agency-dinkes", "READ", "TOPIC", "uji-tickets.routed.dinkes"),
        Allow("User:agency-dinkes", "READ", "GROUP", "uji-agency-dinkes"),
    ]
