"""Whatever agencies give back and officers assign, in any order: somebody has the ticket, or an officer is asked."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.lifecycle.opening import file
from services.routing.domain.ticket.state import Filed, InTriage, WithAgency
from services.routing.domain.ticket.tenures import BECAUSE_SYMBOLS_MAX, LAST_MAX, Span, moved_on, spent, with_reason
from shared.events import (
    AssignTicket,
    Command,
    DecidedBy,
    DeclineTicket,
    Fact,
    Tenure,
    TicketRouted,
    TriageRequested,
    state_after,
)
from tests.builders import TICKET, accepted
from tests.fakes.handler_harness import NOON
from tests.unit.routing.samples import LATER, OFFICER, POLICY, ask, filed, said

pytestmark = pytest.mark.unit

AGENCIES = ("dishub", "dlh", "dsdabmbk", "kec_ciputat")
declines = st.sampled_from((*AGENCIES, "dinas_x", None)).map(
    lambda named: DeclineTicket(ticket_id=TICKET, reason="Bukan wewenang kami.", suggested_agency=named)
)
assignments = st.sampled_from(AGENCIES).map(
    lambda agency: AssignTicket(ticket_id=TICKET, agency=agency, reason="Sesuai tugas pokok.")
)
histories = st.lists(st.tuples(st.one_of(declines, declines, assignments), st.integers(0, 5000)), max_size=25)
policies = st.tuples(st.booleans(), st.integers(1, 20)).map(
    lambda drawn: replace(POLICY, try_suggested=drawn[0], hops_max=drawn[1])
)
bodies = st.sampled_from(["Lampu jalan mati", "Tolong min"])


def live(body: str, history: list[tuple[Command, int]], policy: object = POLICY) -> tuple[Filed, list[Fact], datetime]:
    """Return where the ticket stands, what was said, and the end of the story; whoever has the ticket declines it."""
    opened = file(policy, None, accepted(title="", body=body), NOON)  # type: ignore[arg-type]
    state, facts, now = opened.state, list(opened.facts), NOON
    for command, minutes in history:
        assert isinstance(state, Filed)
        now += timedelta(minutes=minutes)
        holder = state.situation.agency or "dishub"
        sender = OFFICER if isinstance(command, AssignTicket) else f"/agencies/{holder}"
        decision = ask(state, command, by=sender, when=now, policy=policy)  # type: ignore[arg-type]
        state, facts = state_after(state, decision), facts + list(decision.facts)
    assert isinstance(state, Filed)
    return state, facts, now


def told(facts: list[Fact]) -> list[TicketRouted | TriageRequested]:
    """Return who got the ticket, in order, as the public history tells it."""
    turns = (TicketRouted, TriageRequested)
    return [fact.data for fact in facts if fact.topic == "tickets.events" and isinstance(fact.data, turns)]


@settings(deadline=None)
@given(bodies, histories, policies)
def test_any_order_of_returns_and_assignments_ends_with_one_agency_or_an_officer(
    body: str, history: list[tuple[Command, int]], policy: object
) -> None:
    state, facts, _ = live(body, history, policy)

    last = told(facts)[-1]
    match state.situation:
        case WithAgency(agency):
            assert isinstance(last, TicketRouted)
            assert last.agency == agency
        case situation:
            assert situation == InTriage()
            assert isinstance(last, TriageRequested)


@settings(deadline=None)
@given(bodies, histories, policies)
def test_nobody_but_an_officer_gives_a_ticket_to_an_agency_twice_or_after_a_second_return(
    body: str, history: list[tuple[Command, int]], policy: object
) -> None:
    _, facts, _ = live(body, history, policy)

    tried = [data for data in told(facts)[1:] if isinstance(data, TicketRouted) and data.decided_by is DecidedBy.RULE]
    assert len(tried) <= 1
    before: list[str] = []
    for data in told(facts):
        if data in tried:
            assert isinstance(data, TicketRouted)
            assert data.agency not in before
        before += [data.agency] if isinstance(data, TicketRouted) else []


@settings(deadline=None)
@given(bodies, histories)
def test_what_an_officer_assigns_is_so(body: str, history: list[tuple[Command, int]]) -> None:
    given_last = AssignTicket(ticket_id=TICKET, agency="dsdabmbk", reason="Sesuai tugas pokok.")

    state, _, _ = live(body, [*history, (given_last, 1)])

    assert state.situation == WithAgency("dsdabmbk")


@settings(deadline=None)
@given(bodies, histories)
def test_the_time_with_agencies_leaves_no_gap_but_triage_and_never_overlaps(
    body: str, history: list[tuple[Command, int]]
) -> None:
    state, facts, now = live(body, history)

    tenures = state.ticket.stays
    assert all(one.until is not None and one.until <= next_.since for one, next_ in pairwise(tenures))
    assert [tenure.agency for tenure in tenures] == [
        data.agency for data in told(facts) if isinstance(data, TicketRouted)
    ]
    assert (bool(tenures) and tenures[-1].until is None) == isinstance(state.situation, WithAgency)
    waited = timedelta()
    asked_at = NOON if isinstance(told(facts)[0], TriageRequested) else None
    for data in told(facts):
        if asked_at is not None and isinstance(data, TicketRouted):
            waited, asked_at = waited + (data.at - asked_at), None
        elif isinstance(data, TriageRequested):
            asked_at = data.at
    waited += now - asked_at if asked_at else timedelta()
    assert sum(((tenure.until or now) - tenure.since for tenure in tenures), timedelta()) + waited == now - NOON


@pytest.mark.parametrize("hops_max", [2, 20])
def test_a_second_return_goes_to_an_officer_with_the_whole_story(hops_max: int) -> None:
    policy = replace(POLICY, hops_max=hops_max)
    first = DeclineTicket(ticket_id=TICKET, reason="Bukan lampu kami.", suggested_agency="dlh")
    second = DeclineTicket(ticket_id=TICKET, reason="Bukan sampah.", suggested_agency="dsdabmbk")

    opened = file(policy, None, accepted(title="", body="Lampu jalan mati"), NOON).state
    assert isinstance(opened, Filed)
    tried = ask(opened, first, when=NOON + timedelta(hours=3), policy=policy).state
    assert isinstance(tried, Filed)
    decision = ask(tried, second, by="/agencies/dlh", when=NOON + timedelta(days=2), policy=policy)

    asked = said(decision)[-1]
    assert isinstance(asked, TriageRequested)
    assert asked.stays == (
        Tenure(agency="dishub", since=NOON, until=NOON + timedelta(hours=3), declined_because="Bukan lampu kami."),
        Tenure(
            agency="dlh",
            since=NOON + timedelta(hours=3),
            until=NOON + timedelta(days=2),
            declined_because="Bukan sampah.",
        ),
    )
    assert [(step.step, step.outcome) for step in asked.explanation] == [
        ("return", "dlh declined and named dsdabmbk, which is not tried"),
        ("stays", "dishub 3 h, dlh 1 d 21 h"),
    ]


def test_what_an_agency_had_before_it_was_noted_is_left_out() -> None:
    decision = ask(filed(), DeclineTicket(ticket_id=TICKET, reason="Bukan."))

    assert said(decision)[-1].stays == ()
    assert with_reason((), "Bukan.") == ()


def test_a_reason_is_kept_short_and_an_officer_sees_the_last_tenures() -> None:
    tenures = tuple(Tenure(agency=f"dinas_{number}", since=NOON, until=LATER) for number in range(30))
    open_one = (*tenures, Tenure(agency="dlh", since=LATER))

    assert with_reason(open_one, "x" * 500)[-1].declined_because == "x" * BECAUSE_SYMBOLS_MAX
    assert len(spent(tenures, LATER).split(", ")) == LAST_MAX
    assert moved_on(tenures, "dlh", "dlh", LATER) == tenures


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "0 min"), (59, "59 min"), (61, "1 h 1 min"), (1440, "1 d"), (4380, "3 d 1 h")]
)
def test_a_duration_is_formatted_in_its_two_largest_units(minutes: int, text: str) -> None:
    assert str(Span.between(NOON, NOON + timedelta(minutes=minutes))) == text
