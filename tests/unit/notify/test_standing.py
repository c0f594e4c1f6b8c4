"""Where a ticket stands for who follows a link, and what may be answered to it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.decide import decide
from services.notify.domain.projection import project
from services.notify.domain.standing import MOVING, Action, Standing, open_actions
from shared.events import (
    AnswerOffered,
    ClockResumed,
    ContactErased,
    EventData,
    Ignored,
    ReporterReplied,
    SlaClock,
    TicketAnswered,
    TicketArchived,
    TicketClosed,
    TicketFact,
    TicketHeld,
    TicketMerged,
    TicketReopened,
    TicketRouted,
    TicketSplit,
    TicketWithdrawn,
    TriageRequested,
)
from shared.ids import part_id
from tests.builders import TICKET, TRACKING, arrival, event
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import LATER, POLICY, said

pytestmark = pytest.mark.unit

EMPTY = Correspondence(TICKET)
ONE = {"ticket_id": part_id(TICKET, 1), "parent": TICKET, "part": 1}


def projected(*data: EventData) -> Correspondence:
    state = EMPTY
    for each in data:
        state = project(state, each)
    return state


def resumed(at: datetime, **about: Any) -> ClockResumed:
    plain = {"ticket_id": TICKET, "tracking_id": TRACKING, "clock": SlaClock.RESOLVE, "due_at": LATER}
    return ClockResumed.model_validate(plain | {"resumed_at": at} | about)


ROUTED = said(TicketRouted)
ANSWERED = said(TicketAnswered, state="answered", version=3)
HELD = said(TicketHeld, state="held", version=3)


@pytest.mark.parametrize(
    ("last", "state"),
    [
        (said(TriageRequested, state="in_triage", version=3), "in_triage"),
        (HELD, "held"),
        (said(TicketClosed, state="closed", version=3), "closed"),
        (said(TicketReopened, state="reopened", version=3), "reopened"),
        (said(TicketArchived, state="archived", version=3), "archived"),
        (said(TicketWithdrawn, state="withdrawn", version=3), "withdrawn"),
        (said(TicketSplit, state="split", version=3), "split"),
    ],
)
def test_it_stands_where_the_last_fact_left_it(last: TicketFact, state: str) -> None:
    assert projected(ROUTED, last).standing.state == state


def test_the_last_answer_is_kept_and_an_offered_one_as_well() -> None:
    offered = said(AnswerOffered, state="answered", version=4, answer="Sudah diganti.")

    assert projected(ROUTED, ANSWERED).standing == Standing("answered", NOON, 3, answer="Lubang sudah ditambal.")
    assert projected(ROUTED, ANSWERED, offered).standing.answer == "Sudah diganti."


def test_a_fact_that_is_replayed_late_moves_nothing() -> None:
    assert projected(ANSWERED, ROUTED).standing == projected(ANSWERED).standing


def test_a_hold_is_over_once_a_clock_runs_again() -> None:
    assert projected(HELD, resumed(NOON + timedelta(hours=1))).standing.state == "in_progress"
    assert projected(HELD, resumed(NOON - timedelta(hours=1))).standing.state == "held"
    assert projected(ANSWERED, resumed(NOON + timedelta(hours=1))).standing.state == "answered"


def test_a_part_stands_for_itself() -> None:
    state = projected(ROUTED, said(TicketAnswered, state="answered", version=3, **ONE))

    assert state.standing.state == "routed"
    assert state.seen_from(ONE["ticket_id"]).standing.state == "answered"


def test_of_an_erased_reporter_no_answer_is_kept() -> None:
    state = projected(ANSWERED, said(TicketAnswered, state="answered", **ONE), ContactErased(ticket_id=TICKET))

    assert (state.standing.answer, state.parts[ONE["ticket_id"]].standing.answer) == (None, None)
    assert state.standing.state == "answered"


@pytest.mark.parametrize("kind", [ReporterReplied, TicketMerged])
def test_what_moves_nothing_is_not_written_down(kind: type[TicketFact]) -> None:
    assert projected(ROUTED, said(kind, state="in_progress", version=9)).standing == projected(ROUTED).standing


@pytest.mark.parametrize("kind", MOVING)
def test_of_each_fact_that_moves_it_the_shipped_policy_tells_somebody_or_the_state_keeps_something(
    kind: type[TicketFact],
) -> None:
    """So that knowing where a ticket stands costs no write."""
    told = {notice.on for notice in POLICY.rules.notices}
    kept = {"tindak.ticket.part_reopened.v1"}  # that the whole goes on

    assert kind.TYPE in told | kept


def test_each_of_the_reporters_holds_is_told() -> None:
    for reason in ("needs_reporter", "needs_other_agency", "field_work"):
        held = event(said(TicketHeld, state="held", version=3, reason=reason))

        assert not isinstance(decide(projected(ROUTED), held, arrival(NOON), POLICY.rules), Ignored)


@pytest.mark.parametrize(
    ("standing", "actions"),
    [
        (Standing("answered"), (Action.CONFIRM, Action.DISPUTE, Action.REPLY)),
        (Standing("closed", closed_by="system"), (Action.DISPUTE,)),
        (Standing("closed", closed_by="reporter"), ()),
        (Standing("closed", closed_by="officer"), ()),
        *((Standing(state), (Action.REPLY,)) for state in ("in_triage", "routed", "reopened", "held", "in_progress")),
        *((Standing(state), ()) for state in ("archived", "withdrawn", "split", None)),
    ],
)
def test_what_may_be_answered_follows_from_where_it_stands(standing: Standing, actions: tuple[Action, ...]) -> None:
    assert open_actions(standing, is_stopped=False, is_stopped_everywhere=False) == (
        *actions,
        Action.STOP,
        Action.STOP_ALL,
    )


@pytest.mark.parametrize(
    ("is_stopped", "is_stopped_everywhere", "can_stop_all", "actions"),
    [
        (False, False, True, (Action.STOP, Action.STOP_ALL)),
        (True, False, True, (Action.RESUME, Action.STOP_ALL)),
        (False, True, True, (Action.STOP, Action.RESUME_ALL)),
        (True, True, True, (Action.RESUME, Action.RESUME_ALL)),
        (False, False, False, (Action.STOP,)),
        (True, True, False, (Action.RESUME,)),
    ],
)
def test_what_is_stopped_can_be_resumed_and_what_is_not_can_be_stopped(
    is_stopped: bool, is_stopped_everywhere: bool, can_stop_all: bool, actions: tuple[Action, ...]
) -> None:
    found = open_actions(
        Standing("archived"),
        is_stopped=is_stopped,
        is_stopped_everywhere=is_stopped_everywhere,
        can_stop_all=can_stop_all,
    )

    assert found == actions
