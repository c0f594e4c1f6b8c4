"""The audit finds every ticket that is not counted as it follows."""

from collections.abc import Callable
from typing import Any

import pytest

from shared import topics
from shared.events import (
    ClusterCounted,
    ClusterJoined,
    ClusterLeft,
    DecidedBy,
    EventData,
    LeaderRouted,
    LinkRefused,
    Report,
    TicketLinked,
    TicketRouted,
)
from tests.builders import TRACKING, ticket_id
from tests.fakes.handler_harness import NOON
from tests.unit.tindak.audit.story import ABOUT, Story
from tindak.audit import Check

pytestmark = pytest.mark.unit

LEADER, MEMBER = ticket_id("web", "leader"), ticket_id("web", "member")


def fact(kind: type[EventData], ticket: str, version: int, **about: Any) -> EventData:
    plain = {"ticket_id": ticket, "tracking_id": TRACKING, "state": "routed", "version": version, "at": NOON}
    return kind.model_validate(plain | about)


JOINED = fact(ClusterJoined, MEMBER, 2, cluster=LEADER)
LEFT = fact(ClusterLeft, MEMBER, 3, cluster=LEADER, reason="full")
COUNTED = fact(ClusterCounted, LEADER, 2, member=MEMBER, joined=True, members=1)
REPORT = Report(channel="web", title="Lampu", body="Mati.")
LINKED = TicketLinked(ticket_id=LEADER, member=MEMBER, tracking_id=TRACKING, report=REPORT)
REFUSED = LinkRefused(ticket_id=MEMBER, leader=LEADER, reason="full")


def story(*data: EventData) -> Story:
    told = Story()
    for each in data:
        told.publish(topics.TICKETS if "version" in type(each).model_fields else topics.LINKS, each)
    return told


@pytest.mark.parametrize("told", [(JOINED, LINKED, COUNTED), (JOINED, LINKED, REFUSED, LEFT), ()])
def test_a_cluster_that_is_counted_or_refused_is_well(told: tuple[EventData, ...]) -> None:
    assert story(*told).findings(Check.CLUSTERS) == []


def again(members: int) -> EventData:
    return fact(ClusterCounted, LEADER, 3, member=MEMBER, joined=True, members=members)


@pytest.mark.parametrize(
    "told",
    [
        (JOINED,),
        (JOINED, LINKED),
        (JOINED, COUNTED),
        (JOINED, LINKED, REFUSED),
        (JOINED, LINKED, COUNTED, LEFT),
        (LINKED, COUNTED),
        (JOINED, LINKED, COUNTED, again(1)),
        (JOINED, LINKED, COUNTED, again(2)),
        (JOINED, LINKED, COUNTED.model_copy(update={"members": 2})),
        (JOINED, LINKED, COUNTED.model_copy(update={"joined": False, "members": 0})),
    ],
    ids=[
        "never told the leader", "never counted", "counted untold", "refused and stayed", "left and still counted",
        "counted and never joined", "counted twice", "counted as two", "wrong number", "counted out without in",
    ],
)  # fmt: skip
def test_a_cluster_that_is_not_counted_as_it_is_is_found(told: tuple[EventData, ...]) -> None:
    assert {finding.check for finding in story(*told).findings(Check.CLUSTERS)} == {Check.CLUSTERS}


def test_a_repeat_under_its_id_counts_once() -> None:
    told = story(JOINED, LINKED, COUNTED, JOINED, LINKED, COUNTED)

    check: Callable[..., list[Any]] = told.findings
    assert check(Check.CLUSTERS) == []


ROUTED = TicketRouted.model_validate(
    ABOUT | {"ticket_id": LEADER, "version": 3, "agency": "dlh", "agency_name": "DLH", "hop": 2, "explanation": ()}
    | {"decided_by": DecidedBy.RULE}
)  # fmt: skip
TOLD = LeaderRouted(ticket_id=MEMBER, leader=LEADER, agency="dlh", was=("dishub",), hop=2, decided_by=DecidedBy.RULE)
FOLLOWS = (JOINED, LINKED, COUNTED)
GONE = fact(ClusterCounted, LEADER, 3, member=MEMBER, joined=False, members=0)
UNLED = ROUTED.model_copy(update={"version": 4})


@pytest.mark.parametrize(
    "told",
    [
        (*FOLLOWS, ROUTED, TOLD),
        (*FOLLOWS, ROUTED.model_copy(update={"cluster": "another"})),
        (*FOLLOWS, LEFT, GONE, UNLED),
        (ROUTED.model_copy(update={"version": 1}), *FOLLOWS),
    ],
    ids=["told", "follows itself", "nobody follows any more", "nobody followed yet"],
)
def test_a_leader_that_links_its_routing_passes(told: tuple[EventData, ...]) -> None:
    assert story(*told).findings(Check.CLUSTERS) == []


@pytest.mark.parametrize(
    "told",
    [
        (*FOLLOWS, ROUTED),
        (*FOLLOWS, TOLD),
        (*FOLLOWS, ROUTED, TOLD, TOLD.model_copy(update={"then": ("another",)})),
        (*FOLLOWS, ROUTED, TOLD.model_copy(update={"hop": 1})),
        (*FOLLOWS, ROUTED, TOLD.model_copy(update={"ticket_id": LEADER})),
    ],
    ids=["not told", "did not go", "told twice", "told of another routing", "told another"],
)
def test_a_leader_that_misses_or_repeats_a_member_is_found(told: tuple[EventData, ...]) -> None:
    assert {finding.check for finding in story(*told).findings(Check.CLUSTERS)} == {Check.CLUSTERS}
