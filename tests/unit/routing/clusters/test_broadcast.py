"""Those who follow go where their leader goes, unless they have a way of their own."""

from typing import Any

import pytest

from services.routing.domain.clusters.broadcast import BRANCHES
from services.routing.domain.decide import decide
from services.routing.domain.ticket.state import Filed, Held, InTriage, Led, Situation, Stage, State, WithAgency
from shared.events import (
    AcknowledgeTicket,
    AnswerPassedOn,
    AssignTicket,
    DecidedBy,
    Decision,
    DeclineTicket,
    EventData,
    HoldReason,
    LeaderRouted,
    MergeTicket,
    Step,
    TicketResumed,
    TicketRouted,
    UnmergeTicket,
)
from tests.builders import TICKET, arrival, event, ticket_id
from tests.fakes.handler_harness import NOON
from tests.unit.routing.divided import part
from tests.unit.routing.samples import DISHUB, LATER, OFFICER, POLICY, filed, head, said, situation_of

pytestmark = pytest.mark.unit

ONE, TWO, LEADER = (ticket_id("web", name) for name in ("m1", "m2", "leader"))
TO_DLH = LeaderRouted(
    ticket_id=TICKET, leader=LEADER, agency="dlh", was=("dishub",), hop=2, decided_by=DecidedBy.RULE
)  # fmt: skip
BY_OFFICER = TO_DLH.model_copy(update={"decided_by": DecidedBy.OFFICER})
DECLINED = DeclineTicket(ticket_id=TICKET, reason="Bukan lampu kami.", suggested_agency="dlh")
ASSIGNED = AssignTicket(ticket_id=TICKET, agency="dlh", reason="Sesuai tugasnya.")


def heard(state: State | None, data: EventData, by: str = "/tindak/routing") -> Decision[State]:
    return decide(state, event(data, at=LATER, source=by), arrival(LATER), POLICY)


def member(situation: Situation | str = "routed", **changes: Any) -> Filed:
    return filed(situation, **{"cluster": LEADER} | changes)


def links(decision: Decision[State]) -> list[Any]:
    return said(decision, "tickets.links")


def ticket_of(decision: Decision[State]) -> Any:
    assert isinstance(decision.state, Filed)
    return decision.state.ticket


# The leader


def test_declined_leader_broadcasts_its_new_agency() -> None:
    decision = heard(filed("routed", members=(ONE, TWO)), DECLINED, DISHUB)

    plain = LeaderRouted(
        ticket_id=ONE, leader=TICKET, agency="dlh", was=("dishub",), hop=2, decided_by=DecidedBy.RULE
    )  # fmt: skip
    assert links(decision) == [plain, plain.model_copy(update={"ticket_id": TWO})]
    assert {fact.at for fact in decision.facts} == {LATER}


def test_leader_assigned_out_of_triage_broadcasts_its_agency() -> None:
    decision = heard(filed("in_triage", agencies=(), members=(ONE,)), ASSIGNED, OFFICER)

    assert [(link.was, link.hop, link.decided_by) for link in links(decision)] == [((), 1, "officer")]


def test_broadcast_names_each_former_agency_once() -> None:
    had = ("dishub", "dlh", "dishub")

    decision = heard(filed("routed", agencies=had, members=(ONE,)), ASSIGNED, OFFICER)

    assert [(link.was, link.hop) for link in links(decision)] == [(("dishub", "dlh"), 4)]


def test_broadcast_to_many_members_goes_through_a_few() -> None:
    members = tuple(ticket_id("web", f"many {number}") for number in range(50))

    told = links(heard(filed("routed", members=members), ASSIGNED, OFFICER))

    assert len(told) <= BRANCHES
    assert sorted(ticket for link in told for ticket in (link.ticket_id, *link.then)) == sorted(members)


@pytest.mark.parametrize(
    ("state", "command", "by"),
    [
        (filed("routed"), ASSIGNED, OFFICER),
        (filed("routed", members=(ONE,)), AcknowledgeTicket(ticket_id=TICKET), DISHUB),
        (filed("routed", members=(ONE,)), DECLINED.model_copy(update={"suggested_agency": None}), DISHUB),
        (filed("routed", members=(ONE,), cluster=LEADER), ASSIGNED, OFFICER),
        (filed("routed", members=(ONE,)), ASSIGNED.model_copy(update={"agency": "dishub"}), OFFICER),
    ],
    ids=["nobody follows", "it stays", "an officer is asked", "it follows itself", "that agency has it"],
)
def test_nothing_is_broadcast_without_members_or_without_a_routing(state: Filed, command: EventData, by: str) -> None:
    assert links(heard(state, command, by)) == []


# Those who follow


def test_member_follows_the_leaders_routing_and_says_why() -> None:
    decision = heard(member("in_progress"), TO_DLH)

    why = f"follows ticket {LEADER}, which dlh has now"
    assert said(decision) == [
        TicketRouted(
            **head("routed"), agency="dlh", agency_name="Dinas Lingkungan Hidup", classification="complaint", hop=2,
            decided_by=DecidedBy.RULE, explanation=(Step(step="cluster", policy_version="p1", outcome=why),),
            cluster=LEADER, accepted_at=NOON, submitted_at=NOON,
        )
    ]  # fmt: skip
    assert [type(data).__name__ for data in said(decision, "tickets.routed.dishub")] == ["TicketUnassigned"]
    assert [data.report.body for data in said(decision, "tickets.routed.dlh")] == ["PJU padam sejak seminggu."]
    assert situation_of(decision) == WithAgency("dlh")


def test_a_member_leaves_triage_with_its_leader() -> None:
    decision = heard(member("in_triage", agencies=()), TO_DLH.model_copy(update={"was": ()}))

    assert situation_of(decision) == WithAgency("dlh")
    assert [data.agency for data in said(decision, "tickets.triage")] == ["dlh"]


def test_held_member_is_resumed_before_it_follows() -> None:
    decision = heard(member("held"), TO_DLH)

    assert [type(data) for data in said(decision)] == [TicketResumed, TicketRouted]
    assert situation_of(decision) == WithAgency("dlh")


def test_a_member_follows_from_any_agency_that_had_the_leader() -> None:
    decision = heard(member(), TO_DLH.model_copy(update={"was": ("dishub", "dsdabmbk"), "hop": 3}))

    assert situation_of(decision) == WithAgency("dlh")


def test_answer_to_the_rerouted_leader_is_offered_to_members_that_followed() -> None:
    came_along = heard(member(), TO_DLH).state
    answer = AnswerPassedOn(ticket_id=TICKET, leader=LEADER, agency="dlh", answer="Sudah diangkut.", final=True)

    assert situation_of(heard(came_along, answer)).kind == "answered"


DLH_HELD = Held("dlh", Stage.ROUTED, HoldReason.FIELD_WORK)


@pytest.mark.parametrize(
    "state",
    [
        member(WithAgency("dlh"), agencies=("dlh",)), member(DLH_HELD, agencies=("dlh",)),
        member(WithAgency("dsdabmbk"), agencies=("dsdabmbk",)), member("answered"), member("closed_by_system"),
        member("archived"), member("withdrawn"), member("split"), member("routed", assigned=True),
        member("in_triage", agencies=(), assigned=True),
    ],
    ids=[
        "there already", "held there", "elsewhere by itself", "answered", "closed", "archived", "withdrawn", "divided",
        "assigned", "assigned before",
    ],
)  # fmt: skip
@pytest.mark.parametrize("link", [TO_DLH, BY_OFFICER], ids=["rule", "officer"])
def test_member_with_another_route_stays_and_passes_the_routing_on(state: Filed, link: LeaderRouted) -> None:
    decision = heard(state, link.model_copy(update={"then": (ONE,)}))

    assert said(decision) == []
    assert [told.ticket_id for told in links(decision)] == [ONE]
    assert situation_of(decision) == state.situation
    assert heard(state, link).because == "nothing follows from it"


@pytest.mark.parametrize("situation", ["in_triage", "routed"])
def test_only_an_officer_routes_a_member_back_to_a_former_agency(situation: str) -> None:
    state = member(situation, agencies=("dlh", "dishub"))

    assert situation_of(heard(state, TO_DLH)) == state.situation
    assert situation_of(heard(state, BY_OFFICER)) == WithAgency("dlh")


@pytest.mark.parametrize("state", [None, filed("routed"), filed("routed", cluster=TWO)], ids=["no", "alone", "other"])
def test_ticket_that_follows_nobody_only_passes_the_routing_on(state: State | None) -> None:
    decision = heard(state, TO_DLH.model_copy(update={"then": (ONE, TWO)}))

    assert [(fact.topic, fact.key) for fact in decision.facts] == [("tickets.links", ONE), ("tickets.links", TWO)]


def test_stale_leader_routing_is_ignored() -> None:
    """The leader went from dishub to dlh and back; members that come and go change the way of what they are told."""
    back = BY_OFFICER.model_copy(update={"agency": "dishub", "was": ("dishub", "dlh"), "hop": 3})
    heard_last = heard(member(), back).state

    assert ticket_of(heard(member(), back)).led == Led(LEADER, 3)
    assert situation_of(heard(heard_last, BY_OFFICER)) == WithAgency("dishub")


def test_routings_of_another_leader_are_counted_apart() -> None:
    state = member(led=Led(TWO, 7))

    assert situation_of(heard(state, TO_DLH)) == WithAgency("dlh")


def test_officer_assignment_is_kept_when_the_ticket_joins_a_cluster_later() -> None:
    state: State | None = filed("routed")
    for command in (ASSIGNED, UnmergeTicket(ticket_id=TICKET), MergeTicket(ticket_id=TICKET, into=LEADER)):
        state = heard(state, command, OFFICER).state

    gone_on = TO_DLH.model_copy(update={"agency": "dsdabmbk", "was": ("dishub", "dlh"), "hop": 3})
    assert situation_of(heard(state, gone_on)) == WithAgency("dlh")


def test_part_counts_as_assigned_by_the_officer() -> None:
    assert part().ticket.assigned


def test_joining_alone_reroutes_nobody() -> None:
    decision = heard(filed("in_triage"), MergeTicket(ticket_id=TICKET, into=LEADER), OFFICER)

    assert situation_of(decision) == InTriage()
