"""A topic's name says who alone may write it, and a source whether it is that one."""

import re

import pytest

from shared import topics
from shared.senders import Owner, Role, Sender, owner_of, sender_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("topic", "owner"),
    [
        ("complaints.submitted.sms_1708", Owner(Role.CHANNEL, "sms_1708")),
        ("tickets.updates.agency-satpol_pp", Owner(Role.AGENCY, "satpol_pp")),
        ("tickets.updates.channel-web", Owner(Role.CHANNEL, "web")),
        ("tickets.updates.officers", Owner(Role.OFFICER, None)),
        ("tickets.updates.officer-rina", None),
        ("tickets.updates.agency-", None),
        ("tickets.updates.web", None),
        ("tickets.updates", None),
        ("complaints.submitted", None),
        ("complaints.answers.web", None),
        ("tickets.routed.dlh", None),
        ("tickets.events", None),
    ],
)
def test_a_topic_belongs_to_the_sender_in_its_name(topic: str, owner: Owner | None) -> None:
    assert owner_of(topic) == owner


@pytest.mark.parametrize(
    ("source", "sender"),
    [
        ("/agencies/dishub", Sender(Role.AGENCY, "dishub")),
        ("/officers/7", Sender(Role.OFFICER, "7")),
        ("/channels/web", Sender(Role.CHANNEL, "web")),
        ("/tindak/routing", None),
        ("/agencies/", None),
        ("/agencies", None),
        ("agencies/dishub", None),
        ("dishub", None),
        ("", None),
    ],
)
def test_a_sender_is_known_by_the_source_of_the_event(source: str, sender: Sender | None) -> None:
    assert sender_of(source) == sender


@pytest.mark.parametrize("sender", [Sender(Role.AGENCY, "dlh"), Sender(Role.CHANNEL, "web"), Sender(Role.OFFICER, "7")])
def test_a_sender_owns_the_topic_on_which_it_writes(sender: Sender) -> None:
    owner = owner_of(sender.updates_topic)

    assert sender_of(sender.source) == sender
    assert owner is not None
    assert owner.is_source(sender.source)


@pytest.mark.parametrize(
    "source",
    [
        "/agencies/dlhx",
        "/agencies/",
        "/agencies/dlh/x",
        "agencies/dlh",
        "/channels/dlh",
        "/officers/dlh",
        "/tindak/dlh",
        "",
    ],
)
def test_an_agency_has_one_source(source: str) -> None:
    assert not Owner(Role.AGENCY, "dlh").is_source(source)


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("p-complaints.submitted.web", True),
        ("p-complaints.submitted.partner_x", True),
        ("p-intake.replays", True),
        ("p-complaints.submitted", False),
        ("p-complaints.submitted.web.copy", False),
        ("p-intake_replays", False),
        ("complaints.submitted.web", False),
        ("pp-complaints.submitted.web", False),
    ],
)
def test_a_family_is_read_by_a_pattern_of_its_deployment(name: str, heard: bool) -> None:
    pattern = topics.topic_pattern([topics.replay_topic("intake"), topics.SUBMITTED], "p-")

    assert (re.match(pattern, name) is not None) is heard


@pytest.mark.parametrize("shared", [True, False])
def test_what_an_earlier_release_told_routing_elsewhere_is_read_on_request_only(shared: bool) -> None:
    pattern = topics.topic_pattern([topics.FOR_ROUTING], "p-", shared=shared)

    assert [bool(re.match(pattern, f"p-{name}")) for name in (topics.FOR_ROUTING, topics.SLA)] == [True, shared]


def test_the_topic_that_all_shared_is_read_on_request_only() -> None:
    pattern = topics.topic_pattern([topics.UPDATES], shared=True)

    assert [bool(re.match(pattern, name)) for name in ("tickets.updates", "tickets.updates.officers")] == [True, True]
