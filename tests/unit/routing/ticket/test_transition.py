"""Whatever anybody asks for, in any order: the ticket always has one owner, and its history counts."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.lifecycle.opening import file
from services.routing.domain.ticket.state import Archived, Filed, InTriage, Split, Withdrawn
from shared.events import (
    Command,
    Fact,
    MessagesResumed,
    MessagesStopped,
    ResendRequested,
    SuppressionRequested,
    TicketFact,
    TicketReopened,
    TicketRouted,
    TicketUnassigned,
    TicketUnmerged,
    UpdateRefused,
    state_after,
)
from tests.builders import accepted
from tests.fakes.handler_harness import NOON
from tests.unit.routing.commands import COMMANDS
from tests.unit.routing.samples import POLICY, ask, said

pytestmark = pytest.mark.laws

SENDERS = (
    "/agencies/dishub", "/agencies/dlh", "/agencies/dsdabmbk", "/agencies/kec_ciputat", "/officers/7", "/channels/web",
    "/channels/x", "somebody",
)  # fmt: skip
AGENCIES = ("dishub", "dlh", "dsdabmbk", "kec_ciputat", "national_admin", "dinas_x")
asked = st.sampled_from(sorted(COMMANDS)).flatmap(
    lambda name: (
        st.sampled_from(AGENCIES).map(
            lambda agency: COMMANDS[name].model_copy(
                update={"agency": agency} if name == "assign" else {"suggested_agency": agency}
            )
        )
        if name in {"assign", "decline"}
        else st.just(COMMANDS[name])
    )
)
WITH_NOBODY = {"in_triage", "split"}
steps = st.lists(st.tuples(asked, st.sampled_from(SENDERS), st.integers(-3, 30)), max_size=40)
bodies = st.sampled_from(["Lampu jalan mati", "Sampah dan lampu jalan", "Tolong min", "Listrik padam PLN"])


def live(body: str, history: list[tuple[Command, str, int]]) -> tuple[Filed, list[Fact]]:
    """Return where a ticket stands after *history*, and everything that was said on the way."""
    opened = file(POLICY, None, accepted(title="", body=body), NOON)
    state, facts, now = opened.state, list(opened.facts), NOON
    for command, source, days in history:
        assert isinstance(state, Filed)
        now += timedelta(days=days)
        decision = ask(state, command, by=source, when=now)  # type: ignore[arg-type]
        state, facts = state_after(state, decision), facts + list(decision.facts)
    assert isinstance(state, Filed)
    return state, facts


@settings(deadline=None)  # a busy machine is no fault of a rule
@given(bodies, steps)
def test_a_ticket_has_one_agency_or_waits_for_an_officer_or_is_divided_or_has_ended(
    body: str, history: list[tuple[Command, str, int]]
) -> None:
    state, facts = live(body, history)

    holders: set[str] = set()
    for fact in facts:
        match fact.data:
            case TicketRouted(agency=agency) if fact.topic == f"tickets.routed.{agency}":
                holders.add(agency)
            case TicketUnassigned(agency=agency):
                assert fact.topic == f"tickets.routed.{agency}"
                holders.remove(agency)
            case _:
                pass
        assert len(holders) <= 2  # between a routing and the release that follows it at once
    assert holders == ({state.situation.agency} - {None})
    assert isinstance(state.situation, InTriage | Split | Archived | Withdrawn) or len(holders) == 1


@settings(deadline=None)
@given(bodies, steps)
def test_a_history_counts_from_one_and_never_runs_backwards(body: str, history: list[tuple[Command, str, int]]) -> None:
    state, facts = live(body, history)

    told = [fact.data for fact in facts if fact.topic == "tickets.events"]
    assert all(isinstance(data, TicketFact) for data in told)
    assert [data.version for data in told] == list(range(1, len(told) + 1))  # type: ignore[attr-defined]
    assert all(one.at <= next_.at for one, next_ in pairwise(told))  # type: ignore[attr-defined]
    assert (state.ticket.version, state.ticket.at) == (told[-1].version, told[-1].at)  # type: ignore[attr-defined]


@settings(deadline=None)
@given(bodies, steps)
def test_every_fact_names_the_agency_that_has_the_ticket_after_it(
    body: str, history: list[tuple[Command, str, int]]
) -> None:
    state, facts = live(body, history)

    told = [fact.data for fact in facts if fact.topic == "tickets.events"]
    has_it: str | None = None
    for data in told:
        assert isinstance(data, TicketFact)
        has_it = data.agency if isinstance(data, TicketRouted) else None if data.state in WITH_NOBODY else has_it
        assert data.agency == has_it
    assert has_it == state.situation.agency


@settings(deadline=None)
@given(bodies, steps)
def test_copies_of_a_fact_name_the_same_agency(body: str, history: list[tuple[Command, str, int]]) -> None:
    _, facts = live(body, history)

    told = {
        fact.data.version: fact.data.agency
        for fact in facts
        if fact.topic == "tickets.events" and isinstance(fact.data, TicketFact)
    }
    for fact in facts:
        if isinstance(fact.data, TicketFact) and not isinstance(fact.data, TicketUnassigned) and fact.data.version > 0:
            assert fact.data.agency == told[fact.data.version]


@settings(deadline=None)
@given(bodies, steps)
def test_every_refusal_explains_itself_in_both_languages(body: str, history: list[tuple[Command, str, int]]) -> None:
    _, facts = live(body, history)

    for fact in facts:
        if isinstance(fact.data, UpdateRefused):
            assert fact.data.code
            assert fact.data.message_id.endswith(".")
            assert fact.data.message_en.endswith(".")
            assert fact.data.message_id != fact.data.message_en


@settings(deadline=None)
@given(bodies, steps)
def test_ended_tickets_stay_ended_unless_the_reporter_reopens(
    body: str, history: list[tuple[Command, str, int]]
) -> None:
    _, facts = live(body, history)

    told = [fact.data for fact in facts if fact.topic == "tickets.events"]
    for one, next_ in pairwise(told):
        if getattr(one, "state", "") in {"closed", "archived", "withdrawn"}:
            # Messages of an ended ticket still go out, so who gets them may stop them, and take that back; an officer
            # may have one sent again, or keep it from being sent.
            of_messages = (MessagesStopped, MessagesResumed, ResendRequested, SuppressionRequested)
            allowed = (UpdateRefused, TicketUnmerged, *of_messages)
            assert isinstance(next_, (*allowed, TicketReopened) if one.state == "closed" else allowed)  # type: ignore[attr-defined]
            assert isinstance(next_, UpdateRefused | TicketUnmerged | TicketReopened) or next_.state == one.state  # type: ignore[attr-defined]


@settings(deadline=None)
@given(bodies, steps)
def test_an_agency_receives_every_fact_while_it_holds_the_ticket(
    body: str, history: list[tuple[Command, str, int]]
) -> None:
    _, facts = live(body, history)

    has_it: set[str] = set()
    for fact in facts:
        agency = fact.topic.removeprefix("tickets.routed.")
        if fact.topic == agency or isinstance(fact.data, UpdateRefused):
            continue
        if isinstance(fact.data, TicketRouted):
            has_it.add(agency)
        assert agency in has_it
        if isinstance(fact.data, TicketUnassigned):
            has_it.remove(agency)


def test_agency_copy_carries_the_report_and_the_history_does_not() -> None:
    decision = file(POLICY, None, accepted(title="", body="Lampu jalan mati"), NOON)

    assert [data.report is None for data in said(decision)] == [True]
    assert [data.report.body for data in said(decision, "tickets.routed.dishub")] == ["Lampu jalan mati"]
