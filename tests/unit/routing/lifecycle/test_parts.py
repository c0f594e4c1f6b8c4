from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.domain.ticket.state import Awaited, Closed, Filed, PartKnown, Split, State, WithAgency, Withdrawn
from shared.events import (
    AcknowledgeTicket,
    AnswerTicket,
    ClosedBy,
    ConfirmTicket,
    DeclineTicket,
    DisputeTicket,
    FeedbackWindowExpired,
    PartEnded,
    PartLink,
    PartReopened,
    TicketClosed,
    TicketPartReopened,
    TicketRouted,
    TicketWithdrawn,
    WholeWithdrawn,
    WithdrawTicket,
)
from tests.builders import TICKET, TRACKING
from tests.unit.routing.divided import FIRST, SECOND, decide_on, opened, part, whole
from tests.unit.routing.samples import CHANNEL, DISHUB, DLH, LATER, ask, head, refusal_of, said, situation_of

pytestmark = pytest.mark.unit

FINAL = AnswerTicket(ticket_id=FIRST, answer="Sudah menyala.", final=True)


def ended(part_id: str, version: int = 4, state: str = "closed") -> PartEnded:
    return PartEnded(ticket_id=TICKET, part=part_id, version=version, state=state)


def reopened(part_id: str, version: int) -> PartReopened:
    return PartReopened(ticket_id=TICKET, part=part_id, version=version)


def after(state: State | None, links: Iterable[PartLink]) -> Filed:
    for link in links:
        state = decide_on(state, link).state
    assert isinstance(state, Filed)
    return state


def linked(state: Filed, *commands: tuple[str, Any]) -> list[Any]:
    """Return what a part tells the whole while it is asked these."""
    told: list[Any] = []
    for source, command in commands:
        decision = decide_on(state, command, source=source)
        told += said(decision, "tickets.links")
        assert isinstance(decision.state, Filed)
        state = decision.state
    return told


# The part


def test_part_starts_with_the_assigned_agency_under_the_same_tracking_id() -> None:
    decision = decide_on(None, opened())

    (routed,) = said(decision)
    assert isinstance(routed, TicketRouted)
    told = (routed.ticket_id, routed.tracking_id, routed.version, routed.parent, routed.part, routed.agency)
    assert told == (FIRST, TRACKING, 1, TICKET, 1, "dishub")
    assert (routed.decided_by, routed.hop, routed.explanation[0].outcome) == ("officer", 1, "Dua masalah.")
    (at_agency,) = said(decision, "tickets.routed.dishub")
    assert at_agency.report == opened().report
    assert situation_of(decision) == WithAgency("dishub")


def test_a_part_is_opened_once() -> None:
    again = decide_on(part(), opened(), LATER + timedelta(days=1))

    assert (again.state, again.facts) == (part(), ())


def test_a_part_that_is_declined_goes_to_another_agency_by_itself() -> None:
    declined = decide_on(part(), DeclineTicket(ticket_id=FIRST, reason="Bukan.", suggested_agency="dlh"), source=DISHUB)

    assert situation_of(declined) == WithAgency("dlh")
    assert [(data.parent, data.part) for data in said(declined)] == [(TICKET, 1)] * 2
    (gone,) = [data for data in said(declined, "tickets.routed.dishub") if data.TYPE.endswith("unassigned.v1")]
    assert (gone.parent, gone.part) == (TICKET, 1)


def test_what_is_asked_of_a_part_before_it_is_open_waits_for_it() -> None:
    waiting = decide_on(None, AcknowledgeTicket(ticket_id=FIRST), source=DISHUB).state

    assert [data.state for data in said(decide_on(waiting, opened()))] == ["routed", "acknowledged"]


def test_a_part_reports_its_end_and_a_later_dispute_to_the_whole() -> None:
    told = linked(part(), (DISHUB, FINAL), (CHANNEL, ConfirmTicket(ticket_id=FIRST)))

    assert told == [ended(FIRST, 3)]

    silent = FeedbackWindowExpired(
        ticket_id=FIRST, tracking_id=TRACKING, clock="feedback", round=1, due_at=LATER
    )  # fmt: skip
    told = linked(
        part(), (DISHUB, FINAL), ("/tindak/sla", silent), (CHANNEL, DisputeTicket(ticket_id=FIRST, reason="x"))
    )

    assert told == [ended(FIRST, 3), reopened(FIRST, 4)]


def test_a_part_that_is_taken_back_with_the_whole_says_why() -> None:
    decision = decide_on(part(), WholeWithdrawn(ticket_id=FIRST))

    (fact,) = said(decision)
    assert fact == TicketWithdrawn(
        ticket_id=FIRST, tracking_id=TRACKING, state="withdrawn", version=2, at=LATER, parent=TICKET, part=1,
        agency="dishub", reason="whole_withdrawn",
    )  # fmt: skip
    assert said(decision, "tickets.links") == [ended(FIRST, 2, "withdrawn")]


def test_a_part_that_has_ended_is_not_taken_back() -> None:
    answered = decide_on(part(), FINAL, source=DISHUB).state
    closed = decide_on(answered, ConfirmTicket(ticket_id=FIRST), source=CHANNEL).state

    assert decide_on(closed, WholeWithdrawn(ticket_id=FIRST)).facts == ()


def test_a_part_of_a_ticket_that_was_taken_back_first_ends_as_it_begins() -> None:
    remembered = decide_on(None, WholeWithdrawn(ticket_id=FIRST)).state
    assert remembered == Awaited(withdrawn=True)

    decision = decide_on(remembered, opened())

    assert [data.state for data in said(decision)] == ["routed", "withdrawn"]
    assert said(decision, "tickets.links") == [ended(FIRST, 2, "withdrawn")]


# The whole


def test_the_whole_closes_with_the_last_of_its_parts() -> None:
    one = decide_on(whole(), ended(FIRST))
    both = decide_on(one.state, ended(SECOND, 3, "archived"))

    assert one.facts == ()
    assert situation_of(one) == Split()
    assert said(both) == [TicketClosed(**head("closed", 3), by=ClosedBy.SYSTEM, reason="all_parts_closed")]
    assert situation_of(both) == Closed(None, ClosedBy.SYSTEM, LATER)


def test_the_whole_goes_on_with_a_part_that_is_opened_again() -> None:
    state = after(whole(), [ended(FIRST), ended(SECOND)])

    decision = decide_on(state, reopened(SECOND, 5))

    assert said(decision) == [TicketPartReopened(**head("split", 4), reopened=SECOND)]
    assert situation_of(decision) == Split()


@pytest.mark.parametrize("told", [ended("somebody else"), ended(FIRST, 0)])
def test_what_is_no_news_of_a_part_changes_nothing(told: PartEnded) -> None:
    assert (decide_on(whole(), told).state, decide_on(whole(), told).facts) == (whole(), ())


@pytest.mark.parametrize("state", [None, part()])
def test_nothing_ends_a_ticket_that_is_not_divided(state: State | None) -> None:
    assert decide_on(state, ended(FIRST)).facts == ()


def test_taking_the_whole_back_takes_every_part_back() -> None:
    decision = ask(whole(), WithdrawTicket(ticket_id=TICKET), CHANNEL)

    assert situation_of(decision) == Withdrawn(None)
    assert said(decision, "tickets.links") == [WholeWithdrawn(ticket_id=FIRST), WholeWithdrawn(ticket_id=SECOND)]


def test_a_whole_that_was_taken_back_stays_so_when_its_parts_end() -> None:
    state = ask(whole(), WithdrawTicket(ticket_id=TICKET), CHANNEL).state

    heard = after(state, [ended(FIRST), ended(SECOND)])

    assert heard.situation == Withdrawn(None)


def test_agencies_may_not_update_the_whole() -> None:
    assert refusal_of(ask(whole(), AnswerTicket(ticket_id=TICKET, answer="x", final=True), DLH)) == "not_found"


def links(part_id: str) -> list[PartLink]:
    return [ended(part_id, 3), reopened(part_id, 5), ended(part_id, 7), reopened(part_id, 9), ended(part_id, 12)]


@given(st.permutations([*links(FIRST), *links(SECOND)]), st.lists(st.integers(0, 9)))
def test_any_order_and_any_repeats_end_the_same(order: Sequence[PartLink], repeats: Sequence[int]) -> None:
    state = after(whole(), [*order, *(order[index] for index in repeats)])

    assert state.ticket.parts == (PartKnown(FIRST, 12, True), PartKnown(SECOND, 12, True))
    assert state.situation == Closed(None, ClosedBy.SYSTEM, LATER)


@given(st.permutations([*links(FIRST), *links(SECOND), reopened(FIRST, 14)]))
def test_a_whole_never_ends_before_its_last_part(order: Sequence[PartLink]) -> None:
    assert after(whole(), order).situation == Split()


@given(st.permutations([opened(), WholeWithdrawn(ticket_id=FIRST), WholeWithdrawn(ticket_id=FIRST), opened()]))
def test_a_part_ends_withdrawn_in_any_order_of_events(order: Sequence[PartLink]) -> None:
    assert after(None, order).situation == Withdrawn("dishub")
