from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from services.routing.domain.ticket.refusals import (
    CONFIRMED_BEFORE,
    NOT_STOPPED,
    STOPPED_BEFORE,
    UPDATES_MAX,
    WITHDRAWN_BEFORE,
)
from services.routing.domain.ticket.state import Closed, Filed, Held, Stage, WithAgency, Withdrawn
from shared.events import (
    ClosedBy,
    ConfirmTicket,
    DisputeTicket,
    HoldReason,
    MessageScope,
    MessagesResumed,
    MessagesStopped,
    ReplyToTicket,
    ReporterReplied,
    ResumeMessages,
    StopMessages,
    TicketClosed,
    TicketReopened,
    TicketResumed,
    TicketWithdrawn,
    Untracked,
    WithdrawTicket,
)
from shared.topics import TICKETS
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.unit.routing.samples import (
    CHANNEL,
    LATER,
    POLICY,
    SITUATIONS,
    ask,
    author,
    filed,
    head,
    refusal_of,
    said,
    situation_of,
    ticket,
    why,
)

pytestmark = pytest.mark.unit

HEAD = partial(head, by=CHANNEL)

REPLY = ReplyToTicket(ticket_id=TICKET, text="Tiang nomor 12.")
CONFIRM = ConfirmTicket(ticket_id=TICKET, rating=5, comment="Terima kasih.")
DISPUTE = DisputeTicket(ticket_id=TICKET, reason="Masih padam.")
WITHDRAW = WithdrawTicket(ticket_id=TICKET)
STOP, RESUME = StopMessages(ticket_id=TICKET), ResumeMessages(ticket_id=TICKET)


def test_a_reply_reaches_the_agency_and_changes_nothing_else() -> None:
    decision = ask(filed("in_progress"), REPLY, by=CHANNEL)

    data = ReporterReplied(**HEAD("in_progress"), agency="dishub", text="Tiang nomor 12.")
    assert said(decision) == said(decision, "tickets.routed.dishub") == [data]
    assert situation_of(decision) == SITUATIONS["in_progress"]


def test_a_reply_while_an_officer_decides_reaches_triage() -> None:
    decision = ask(filed("in_triage"), REPLY, by=CHANNEL)

    data = ReporterReplied(**HEAD("in_triage"), text="Tiang nomor 12.")
    assert said(decision) == said(decision, "tickets.triage") == [data]


def test_a_reply_ends_a_hold_for_the_reporter() -> None:
    decision = ask(filed("held_for_reporter"), REPLY, by=CHANNEL)

    assert said(decision) == [
        ReporterReplied(**HEAD("held"), agency="dishub", text="Tiang nomor 12."),
        TicketResumed(**HEAD("acknowledged", 3), agency="dishub"),
    ]
    assert situation_of(decision) == WithAgency("dishub", Stage.ACKNOWLEDGED)


def test_a_reply_does_not_end_another_hold() -> None:
    decision = ask(filed("held"), REPLY, by=CHANNEL)

    assert situation_of(decision) == Held("dishub", Stage.ROUTED, HoldReason.FIELD_WORK)


def test_a_reply_after_the_answer_leaves_it_answered() -> None:
    decision = ask(filed("answered"), REPLY, by=CHANNEL)

    assert situation_of(decision) == SITUATIONS["answered"]


@pytest.mark.parametrize("situation", ["closed_by_reporter", "archived", "withdrawn"])
def test_a_reply_after_the_end_is_refused(situation: str) -> None:
    assert refusal_of(ask(filed(situation), REPLY, by=CHANNEL)) == "wrong_state"


def test_a_content_reporter_closes_the_ticket() -> None:
    decision = ask(filed("answered"), CONFIRM, by=CHANNEL)

    data = TicketClosed(
        **head("closed"), agency="dishub", by=ClosedBy.REPORTER, by_whom=author(CHANNEL), rating=5,
        comment="Terima kasih.",
    )  # fmt: skip
    assert said(decision) == said(decision, "tickets.routed.dishub") == [data]
    assert decision.state == Filed(
        ticket(at=LATER, version=2, updates=1, answers=1), Closed("dishub", ClosedBy.REPORTER, LATER)
    )


def test_a_ticket_is_never_closed_before_its_last_fact() -> None:
    decision = ask(filed("answered", at=LATER), CONFIRM, by=CHANNEL, when=NOON)

    assert situation_of(decision) == Closed("dishub", ClosedBy.REPORTER, LATER)


def test_confirming_twice_changes_nothing() -> None:
    decision = ask(filed("closed_by_reporter"), CONFIRM, by=CHANNEL)

    assert why(decision) == CONFIRMED_BEFORE


def test_confirming_after_the_system_has_closed_comes_too_late() -> None:
    assert refusal_of(ask(filed("closed_by_system"), CONFIRM, by=CHANNEL)) == "window_closed"


@pytest.mark.parametrize("situation", ["in_triage", "routed", "held", "archived", "withdrawn"])
def test_there_is_nothing_to_confirm_or_dispute_without_an_answer(situation: str) -> None:
    codes = {refusal_of(ask(filed(situation), command, by=CHANNEL)) for command in (CONFIRM, DISPUTE)}

    assert codes == {"wrong_state"}


def test_a_disputed_answer_reopens_the_ticket_with_its_agency() -> None:
    decision = ask(filed("answered"), DISPUTE, by=CHANNEL)

    data = TicketReopened(**HEAD("reopened"), agency="dishub", reason="Masih padam.")
    assert said(decision) == said(decision, "tickets.routed.dishub") == [data]
    assert situation_of(decision) == WithAgency("dishub", Stage.REOPENED)


@pytest.mark.parametrize(
    ("passed", "reopened"),
    [(timedelta(days=14) - timedelta(seconds=1), True), (timedelta(days=14), True), (timedelta(days=15), False)],
)
def test_a_ticket_that_the_system_closed_can_be_reopened_for_a_while(passed: timedelta, reopened: bool) -> None:
    decision = ask(filed("closed_by_system"), DISPUTE, by=CHANNEL, when=NOON + passed)

    assert (situation_of(decision) == WithAgency("dishub", Stage.REOPENED)) is reopened
    assert reopened or refusal_of(decision) == "window_closed"


def test_a_dispute_on_its_way_while_the_system_closed_counts() -> None:
    policy = replace(POLICY, reopen_within=timedelta(0))

    decision = ask(filed("closed_by_system"), DISPUTE, by=CHANNEL, when=NOON - timedelta(minutes=1), policy=policy)

    assert situation_of(decision) == WithAgency("dishub", Stage.REOPENED)


def test_what_the_reporter_confirmed_is_not_disputed() -> None:
    assert refusal_of(ask(filed("closed_by_reporter"), DISPUTE, by=CHANNEL)) == "wrong_state"


@pytest.mark.parametrize(
    ("situation", "agency", "topic"),
    [
        ("in_triage", None, "tickets.triage"),
        ("routed", "dishub", "tickets.routed.dishub"),
        ("held", "dishub", "tickets.routed.dishub"),
        ("answered", "dishub", "tickets.routed.dishub"),
    ],
)
def test_a_report_can_be_withdrawn_before_its_end(situation: str, agency: str | None, topic: str) -> None:
    decision = ask(filed(situation), WITHDRAW, by=CHANNEL)

    assert said(decision) == said(decision, topic) == [TicketWithdrawn(**HEAD("withdrawn"), agency=agency)]
    assert situation_of(decision) == Withdrawn(agency)


def test_withdrawing_twice_changes_nothing() -> None:
    assert why(ask(filed("withdrawn"), WITHDRAW, by=CHANNEL)) == WITHDRAWN_BEFORE


@pytest.mark.parametrize("situation", ["closed_by_reporter", "archived"])
def test_an_ended_report_is_not_withdrawn(situation: str) -> None:
    assert refusal_of(ask(filed(situation), WITHDRAW, by=CHANNEL)) == "wrong_state"


@pytest.mark.parametrize("name", SITUATIONS)
def test_messages_can_be_stopped_at_any_time_and_the_ticket_stays_as_it_is(name: str) -> None:
    before = filed(name)

    decision = ask(before, STOP, by=CHANNEL)

    [data] = said(decision)
    assert isinstance(data, MessagesStopped)
    assert {fact.topic for fact in decision.facts} == {TICKETS}
    assert situation_of(decision) == before.situation


def test_messages_that_are_stopped_are_not_stopped_again() -> None:
    stopped = ask(filed("routed"), STOP, by=CHANNEL).state

    assert isinstance(stopped, Filed)
    assert why(ask(stopped, STOP, by=CHANNEL)) == STOPPED_BEFORE


@pytest.mark.parametrize("name", SITUATIONS)
def test_messages_that_are_stopped_can_be_resumed_and_stopped_again_at_any_time(name: str) -> None:
    state = filed(name)

    for asked, kind in ((STOP, MessagesStopped), (RESUME, MessagesResumed), (STOP, MessagesStopped)):
        decision = ask(state, asked, by=CHANNEL)
        [data] = said(decision)
        assert (type(data), {fact.topic for fact in decision.facts}) == (kind, {TICKETS})
        assert isinstance(decision.state, Filed)
        state = decision.state


def test_messages_that_are_not_stopped_are_not_resumed() -> None:
    assert why(ask(filed("routed"), RESUME, by=CHANNEL)) == NOT_STOPPED


def test_what_holds_for_an_address_is_said_each_time_and_moves_no_ticket() -> None:
    state = filed("routed")

    for kind in (StopMessages, StopMessages, ResumeMessages, ResumeMessages):
        decision = ask(state, kind(ticket_id=TICKET, scope=MessageScope.ADDRESS), by=CHANNEL)
        [data] = said(decision)
        assert getattr(data, "scope", None) is MessageScope.ADDRESS
        assert isinstance(decision.state, Filed)
        assert not decision.state.ticket.messages_stopped
        state = decision.state


def test_what_holds_for_an_address_counts_among_the_updates_of_a_ticket() -> None:
    full = Filed(replace(ticket(), updates=UPDATES_MAX), SITUATIONS["routed"])

    stop = StopMessages(ticket_id=TICKET, scope=MessageScope.ADDRESS)

    assert isinstance(ask(full, stop, by=CHANNEL), Untracked)


def test_messages_can_be_stopped_after_too_many_updates() -> None:
    full = Filed(replace(ticket(), updates=UPDATES_MAX), SITUATIONS["routed"])

    assert [type(data) for data in said(ask(full, STOP, by=CHANNEL))] == [MessagesStopped]
