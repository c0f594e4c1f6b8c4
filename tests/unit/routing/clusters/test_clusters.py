"""Whatever is said about a leader and its members, in any order: each of them has one agency or an officer decides."""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.routing.domain.decide import decide
from services.routing.domain.lifecycle.opening import file
from services.routing.domain.ticket.state import Filed, Held, InTriage, WithAgency
from shared.events import (
    AssignTicket,
    DecidedBy,
    DeclineTicket,
    EventData,
    Fact,
    HoldReason,
    HoldTicket,
    Link,
    TicketRouted,
    TicketUnassigned,
)
from tests.builders import accepted, arrival, event, ticket_id
from tests.fakes.handler_harness import NOON
from tests.unit.routing.samples import OFFICER, POLICY

pytestmark = pytest.mark.unit

LEADER, *MEMBERS = (ticket_id("web", name) for name in ("leader", "m1", "m2"))
TICKETS = (LEADER, *MEMBERS)
AGENCIES = ("dishub", "dlh", "dsdabmbk")
Said = tuple[str, str, int]  # what, to which agency, and how many links are delivered before it

kinds = st.sampled_from(("decline", "decline", "assign", "assign", "hold"))
spoken = st.tuples(kinds, st.sampled_from(AGENCIES), st.integers(0, 3))
histories = st.lists(st.tuples(st.sampled_from(TICKETS), spoken), min_size=4, max_size=25)
of_leader = st.lists(spoken, max_size=15)
# A member has been with dlh and waits for an officer when dlh gets its leader, because dishub has named it.
BACK = [(MEMBERS[0], ("decline", "dlh", 0)), (MEMBERS[0], ("decline", "dlh", 0)), (LEADER, ("decline", "dlh", 0))]
bodies = st.sampled_from(["Lampu jalan mati", "Tolong min"])


@dataclass
class Matter:
    """A leader and those who follow it; links wait until they are delivered, the latest of them first."""

    body: str
    states: dict[str, Filed] = field(default_factory=dict)
    facts: dict[str, list[Fact]] = field(default_factory=dict)
    waiting: deque[Link] = field(default_factory=deque)
    assigned: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for ticket in TICKETS:
            opened = file(POLICY, None, accepted(ticket_id=ticket, title="", body=self.body), NOON)
            assert isinstance(opened.state, Filed)
            linked = {"members": tuple(MEMBERS)} if ticket == LEADER else {"cluster": LEADER}
            self.states[ticket] = Filed(replace(opened.state.ticket, **linked), opened.state.situation)
            self.facts[ticket] = list(opened.facts)
        self.now = NOON

    def hear(self, ticket: str, data: EventData, source: str = "/tindak/routing") -> None:
        self.now += timedelta(minutes=1)
        told = event(data, at=self.now, source=source)
        decision = decide(self.states[ticket], told, arrival(self.now), POLICY)
        assert isinstance(decision.state, Filed)
        self.states[ticket] = decision.state
        self.facts[ticket] += decision.facts
        self.waiting += [fact.data for fact in decision.facts if isinstance(fact.data, Link)]

    def say(self, ticket: str, what: str, agency: str, deliver: int) -> None:
        """Let the ticket's agency or an officer speak; officers say what an agency cannot."""
        self.deliver(deliver)
        holder = self.states[ticket].situation.agency
        if what == "decline" and holder:
            self.assigned.pop(ticket, None)
            told = DeclineTicket(ticket_id=ticket, reason="Bukan.", suggested_agency=agency)
            self.hear(ticket, told, f"/agencies/{holder}")
        elif what == "hold":
            self.hear(ticket, HoldTicket(ticket_id=ticket, reason=HoldReason.FIELD_WORK), OFFICER)
        elif agency != holder:
            self.assigned[ticket] = agency
            self.hear(ticket, AssignTicket(ticket_id=ticket, agency=agency, reason="Tugasnya."), OFFICER)

    def deliver(self, count: int) -> None:
        for _ in range(min(count, len(self.waiting))):
            link = self.waiting.pop()
            self.hear(link.ticket_id, link)

    def routings(self, ticket: str) -> list[TicketRouted]:
        told = (fact.data for fact in self.facts[ticket] if fact.topic == "tickets.events")
        return [data for data in told if isinstance(data, TicketRouted)]


def lived(body: str, history: list[tuple[str, Said]]) -> Matter:
    matter = Matter(body)
    for ticket, words in history:
        matter.say(ticket, *words)
    while matter.waiting:
        matter.deliver(1)
    return matter


def holders(facts: list[Fact]) -> set[str]:
    """Return the agencies that were told that they have it and not that they have it no longer."""
    found: set[str] = set()
    for fact in facts:
        match fact.data:
            case TicketRouted(agency=agency) if fact.topic == f"tickets.routed.{agency}":
                found.add(agency)
            case TicketUnassigned(agency=agency):
                found.remove(agency)
            case _:
                pass
    return found


@settings(deadline=None)  # a busy machine is no fault of a rule
@given(bodies, histories)
def test_each_ticket_of_a_matter_has_one_agency_or_waits_for_an_officer(
    body: str, history: list[tuple[str, Said]]
) -> None:
    matter = lived(body, history)

    for ticket in TICKETS:
        situation = matter.states[ticket].situation
        assert holders(matter.facts[ticket]) == {situation.agency} - {None}
        assert isinstance(situation, InTriage | WithAgency | Held)
        versions = [fact.data.version for fact in matter.facts[ticket] if fact.topic == "tickets.events"]  # type: ignore[attr-defined]
        assert versions == list(range(1, len(versions) + 1))


@settings(deadline=None)
@given(bodies, histories)
@example("Lampu jalan mati", BACK)
def test_nobody_but_an_officer_brings_a_ticket_back_to_an_agency(body: str, history: list[tuple[str, Said]]) -> None:
    matter = lived(body, history)

    for ticket in TICKETS:
        before: list[str] = []
        for routed in matter.routings(ticket):
            assert routed.decided_by is DecidedBy.OFFICER or routed.agency not in before
            before.append(routed.agency)


@settings(deadline=None)
@given(bodies, histories)
def test_a_ticket_that_an_officer_assigned_stays_until_its_agency_declines(
    body: str, history: list[tuple[str, Said]]
) -> None:
    matter = lived(body, history)

    for ticket, agency in matter.assigned.items():
        assert matter.states[ticket].situation.agency == agency


@settings(deadline=None)
@given(bodies, of_leader)
def test_members_without_updates_of_their_own_follow_the_leaders_last_routing(body: str, history: list[Said]) -> None:
    matter = lived(body, [(LEADER, words) for words in history])

    routings = matter.routings(LEADER)
    where = routings[-1].agency if routings else None
    assert {matter.states[member].situation.agency for member in MEMBERS} == {where}
