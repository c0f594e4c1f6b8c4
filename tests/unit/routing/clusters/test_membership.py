"""Joining, counting, leaving and what a leader passes on: each ticket decides about itself alone."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.domain.clusters.broadcast import BRANCHES, branched
from services.routing.domain.clusters.membership import decide_link, join, with_findable
from services.routing.domain.duplicates.similarity import Fingerprint
from services.routing.domain.ticket.state import Awaited, Filed, State
from services.routing.domain.ticket.transition import Transition
from shared.events import (
    AnswerOffered,
    AnswerPassedOn,
    AnswerTicket,
    Applied,
    ArchiveTicket,
    ClusterCounted,
    ClusterJoined,
    ClusterLeft,
    Decision,
    LeaderChanged,
    Link,
    LinkRefused,
    MergeTicket,
    TicketLinked,
    TicketMerged,
    TicketResumed,
    TicketUnlinked,
    TicketUnmerged,
    UnmergeTicket,
    WithdrawTicket,
)
from tests.builders import TICKET, TRACKING, ticket_id
from tests.fakes.handler_harness import NOON
from tests.unit.routing.samples import CHANNEL, LATER, OFFICER, POLICY, ask, filed, head, report, said, situation_of

pytestmark = pytest.mark.unit

RULES = replace(POLICY.clusters, members_max=3)
CITY = replace(POLICY, clusters=RULES)
ONE, TWO, THREE, LEADER = (ticket_id("web", name) for name in ("m1", "m2", "m3", "leader"))
LINKED = TicketLinked(ticket_id=TICKET, member=ONE, tracking_id=TRACKING, report=report(body="Gelap."))
ANSWER = AnswerPassedOn(ticket_id=TICKET, leader=LEADER, agency="dishub", answer="Sudah menyala.", final=True)


def heard(state: State | None, link: Link) -> Decision[State]:
    return decide_link(CITY, state, link, LATER)


def links(decision: Decision[Any]) -> list[Any]:
    return said(decision, "tickets.links")


def ticket_of(decision: Decision[State]) -> Any:
    assert isinstance(decision.state, Filed)
    return decision.state.ticket


def test_joining_is_published_to_history_agency_and_leader() -> None:
    state = filed("routed")

    transition = join(Transition(state.ticket, state.situation, LATER), LEADER)

    joined = ClusterJoined(**head("routed"), agency="dishub", cluster=LEADER)
    assert [(fact.topic, fact.key, fact.data) for fact in transition.facts] == [
        ("tickets.events", TICKET, joined),
        ("tickets.routed.dishub", TICKET, joined),
        (
            "tickets.links",
            LEADER,
            TicketLinked(ticket_id=LEADER, member=TICKET, tracking_id=TRACKING, report=report()),
        ),
    ]


def test_leader_counts_a_new_member_and_its_agency_gets_the_text() -> None:
    decision = heard(filed("routed", members=(TWO,)), LINKED)

    data = ClusterCounted(**head("routed"), agency="dishub", member=ONE, joined=True, members=2)
    assert said(decision) == [data]
    assert said(decision, "tickets.routed.dishub") == [data.model_copy(update={"report": LINKED.report})]
    assert ticket_of(decision).members == (TWO, ONE)


def test_an_officer_gets_the_texts_while_nobody_has_the_leader() -> None:
    decision = heard(filed("in_triage"), LINKED)

    assert [data.report.body for data in said(decision, "tickets.triage")] == ["Gelap."]


def test_repeated_join_and_leave_of_a_stranger_change_no_count() -> None:
    state = filed("routed", members=(ONE,))

    assert heard(state, LINKED).state == state
    assert heard(state, TicketUnlinked(ticket_id=TICKET, member=TWO)).facts == ()


def test_member_that_leaves_is_no_longer_counted() -> None:
    decision = heard(filed("routed", members=(ONE, TWO)), TicketUnlinked(ticket_id=TICKET, member=ONE))

    assert said(decision) == [ClusterCounted(**head("routed"), agency="dishub", member=ONE, joined=False, members=1)]
    assert ticket_of(decision).members == (TWO,)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (filed("answered"), "leader_ended"),
        (filed("withdrawn"), "leader_ended"),
        (filed("routed", cluster=LEADER), "leader_follows"),
        (filed("routed", members=(TWO, THREE, LEADER)), "full"),
        (None, "unknown_leader"),
        (Awaited(), "unknown_leader"),
    ],
)
def test_refused_join_names_its_reason(state: State | None, reason: str) -> None:
    decision = heard(state, LINKED)

    assert links(decision) == [LinkRefused(ticket_id=ONE, leader=TICKET, reason=reason)]
    assert isinstance(decision, Applied)


def test_member_leaves_the_leader_that_refuses_it_and_no_other() -> None:
    refused = LinkRefused(ticket_id=TICKET, leader=LEADER, reason="full")

    decision = heard(filed("routed", cluster=LEADER), refused)

    assert said(decision) == [ClusterLeft(**head("routed"), agency="dishub", cluster=LEADER, reason="full")]
    assert links(decision) == [TicketUnlinked(ticket_id=LEADER, member=TICKET)]
    assert ticket_of(decision).cluster is None
    assert heard(filed("routed", cluster=TWO), refused).facts == ()


@given(st.integers(0, 600))
def test_broadcast_reaches_each_member_once_and_no_ticket_sends_many(count: int) -> None:
    members = tuple(f"{number:04}" for number in range(count))
    reached: list[str] = []
    waiting = list(branched(members, ANSWER))
    while waiting:
        link = waiting.pop()
        reached.append(link.ticket_id)
        sent = branched(link.then, link)
        assert len(sent) <= BRANCHES
        waiting += sent

    assert sorted(reached) == list(members)


def test_an_answer_to_the_leader_is_passed_on_to_all_members() -> None:
    command = AnswerTicket(ticket_id=TICKET, answer="Sudah menyala.", final=True)

    decision = ask(filed("routed", members=(ONE, TWO)), command)

    assert [(link.ticket_id, link.leader, link.answer, link.final) for link in links(decision)] == [
        (ONE, TICKET, "Sudah menyala.", True),
        (TWO, TICKET, "Sudah menyala.", True),
    ]


def test_an_offered_final_answer_ends_the_agencys_work_and_a_hold_with_it() -> None:
    decision = heard(filed("held", cluster=LEADER), ANSWER)

    offered = AnswerOffered(**head("answered", 3), agency="dishub", cluster=LEADER, answer="Sudah menyala.", final=True)
    assert said(decision) == [TicketResumed(**head("routed"), agency="dishub"), offered]
    assert ticket_of(decision).answers == 1


def test_an_answer_for_now_leaves_the_agency_at_work() -> None:
    decision = heard(filed("routed", cluster=LEADER), ANSWER.model_copy(update={"final": False}))

    assert [data.state for data in said(decision)] == ["in_progress"]


@pytest.mark.parametrize(
    "state",
    [
        filed("routed"), filed("routed", cluster=TWO), filed("in_triage", cluster=LEADER),
        filed("answered", cluster=LEADER), filed("withdrawn", cluster=LEADER), None,
    ],
)  # fmt: skip
def test_an_answer_is_offered_only_to_those_who_follow_and_passed_on_by_all(state: State | None) -> None:
    decision = heard(state, ANSWER.model_copy(update={"then": (ONE, TWO)}))

    assert said(decision) == []
    assert [link.ticket_id for link in links(decision)] == [ONE, TWO]


def test_an_answer_of_another_agency_is_not_offered() -> None:
    assert heard(filed("routed", cluster=LEADER), ANSWER.model_copy(update={"agency": "dlh"})).facts == ()


@pytest.mark.parametrize(
    ("command", "by"),
    [(WithdrawTicket(ticket_id=TICKET), CHANNEL), (ArchiveTicket(ticket_id=TICKET, reason="unclear"), OFFICER)],
)
def test_when_a_leader_ends_without_an_answer_the_first_member_leads(command: Any, by: str) -> None:
    decision = ask(filed("routed", members=(ONE, TWO)), command, by=by)

    assert [(link.ticket_id, link.successor) for link in links(decision)] == [(ONE, ONE), (TWO, ONE)]


def test_a_member_follows_the_successor_and_the_successor_nobody() -> None:
    changed = LeaderChanged(ticket_id=TICKET, leader=LEADER, successor=ONE)

    follows = heard(filed("routed", cluster=LEADER), changed)
    leads = heard(filed("routed", cluster=LEADER), changed.model_copy(update={"successor": TICKET}))

    assert [type(link) for link in links(follows)] == [TicketUnlinked, TicketLinked]
    assert [(type(data), data.cluster) for data in said(follows)] == [(ClusterJoined, ONE)]
    assert [(type(data), data.reason) for data in said(leads)] == [(ClusterLeft, "leader_ended")]


def test_an_officer_merges_a_whole_cluster_into_another_ticket() -> None:
    decision = ask(filed("routed", members=(ONE,)), MergeTicket(ticket_id=TICKET, into=LEADER), by=OFFICER)

    assert said(decision) == [TicketMerged(**head("routed", by=OFFICER), agency="dishub", into=LEADER)]
    assert [(type(link), link.ticket_id) for link in links(decision)] == [(TicketLinked, LEADER), (LeaderChanged, ONE)]


def test_an_officer_takes_a_ticket_out_of_its_cluster() -> None:
    decision = ask(filed("routed", cluster=LEADER), UnmergeTicket(ticket_id=TICKET), by=OFFICER)

    assert said(decision) == [TicketUnmerged(**head("routed", by=OFFICER), agency="dishub")]
    assert links(decision) == [TicketUnlinked(ticket_id=LEADER, member=TICKET)]
    assert situation_of(decision) == filed("routed").situation


SKETCH = Fingerprint(frozenset({1, 2, 3}), {}, (7,))


@pytest.mark.parametrize(
    ("state", "findable"),
    [
        (filed("routed", sketch=SKETCH), True),
        (filed("in_triage", sketch=SKETCH), True),
        (filed("held", sketch=SKETCH), True),
        (filed("routed"), False),
        (filed("answered", sketch=SKETCH, findable=True), False),
        (filed("routed", sketch=SKETCH, findable=True, cluster=LEADER), False),
        (filed("routed", sketch=SKETCH, findable=True, members=(ONE, TWO, THREE)), False),
    ],
)
def test_only_an_open_ticket_that_leads_and_is_not_full_is_found(state: Filed, findable: bool) -> None:
    assert with_findable(RULES, state, NOON).ticket.findable is findable
    assert with_findable(replace(RULES, accept=False), state, NOON).ticket.findable is False


def test_a_ticket_tells_since_when_it_is_found() -> None:
    found = with_findable(RULES, filed("routed", sketch=SKETCH), NOON)

    assert found.ticket.findable_since == NOON
    assert with_findable(RULES, found, LATER) == found
    assert with_findable(replace(RULES, accept=False), found, LATER).ticket.findable_since is None


def test_the_time_of_a_count_is_that_of_the_link() -> None:
    assert {fact.at for fact in decide_link(CITY, filed("routed", at=NOON), LINKED, LATER).facts} == {LATER}
