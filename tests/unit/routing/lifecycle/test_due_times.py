from typing import Any

import pytest

from services.routing.domain.lifecycle.due_times import ClockChange, follow_clock
from services.routing.domain.ticket.state import DueClock, Filed, InTriage
from shared.events import (
    Applied,
    ClockMet,
    ClockPaused,
    ClockResumed,
    ClockStarted,
    ClockStopped,
    DueChanged,
    Fact,
    Ignored,
    SlaClock,
)
from tests.builders import TICKET, TRACKING
from tests.fakes.handler_harness import NOON
from tests.unit.routing.samples import LATER, SITUATIONS, filed, ticket

pytestmark = pytest.mark.unit

RESPOND, RESOLVE = SlaClock.RESPOND, SlaClock.RESOLVE
DUE = DueClock(1, LATER, "dishub")
NOBODY = "no agency that has the ticket is concerned"


def about(clock: SlaClock = RESOLVE, round: int = 1) -> dict[str, Any]:
    return {"ticket_id": TICKET, "tracking_id": TRACKING, "clock": clock, "round": round}


def started(clock: SlaClock = RESOLVE, round: int = 1, agency: str | None = "dishub") -> ClockStarted:
    return ClockStarted(
        **about(clock, round), started_at=NOON, due_at=LATER, allowance="5 working_days", agency=agency,
        policy_version="1", calendar_version="1",
    )  # fmt: skip


PAUSED = ClockPaused(**about(), paused_at=NOON)
RESUMED = ClockResumed(**about(), resumed_at=NOON, due_at=LATER)
CHANGED = DueChanged(**about(), was=NOON, due_at=LATER, why="held")
MET = ClockMet(**about(), met_at=NOON, due_at=LATER, lateness_seconds=-1)
STOPPED = ClockStopped(**about(), stopped_at=NOON, why="reopened")


@pytest.mark.parametrize(
    ("known", "change", "after"),
    [
        (None, started(), DUE),
        (DUE, PAUSED, DueClock(1, None, "dishub")),
        (DueClock(1, None, "dishub"), RESUMED, DUE),
        (DueClock(1, NOON, "dishub"), CHANGED, DUE),
        (DUE, MET, DueClock(1, None, "dishub", ended=True)),
        (DUE, STOPPED, DueClock(1, None, "dishub", ended=True)),
        (DueClock(1, None, "dlh", ended=True), started(round=2), DueClock(2, LATER, "dishub")),
        (None, RESUMED, DueClock(1, LATER)),
    ],
    ids=["starts", "pauses", "resumes", "changes", "is met", "stops", "starts anew", "was not heard to start"],
)
def test_the_due_time_follows_its_clock(known: DueClock | None, change: ClockChange, after: DueClock) -> None:
    decision = follow_clock(filed(resolve=known), change, LATER)

    assert decision == Applied(filed(resolve=after), (Fact(change, "tickets.routed.dishub", TICKET, LATER),))


@pytest.mark.parametrize("change", [started(), RESUMED, CHANGED])
def test_a_round_that_has_ended_does_not_go_on(change: ClockChange) -> None:
    state = filed(resolve=DueClock(1, None, "dishub", ended=True))

    assert follow_clock(state, change, LATER).state == state


@pytest.mark.parametrize("change", [started(), PAUSED, RESUMED, CHANGED, MET, STOPPED])
def test_what_is_told_late_of_an_earlier_round_changes_nothing(change: ClockChange) -> None:
    state = filed(resolve=DueClock(2, NOON, "dishub"))

    assert follow_clock(state, change, LATER) == Ignored("a later round of that clock is known", state)


@pytest.mark.parametrize("clock", [SlaClock.VERIFY, SlaClock.COMPLETE, SlaClock.FEEDBACK])
def test_the_other_clocks_concern_no_agency(clock: SlaClock) -> None:
    assert follow_clock(filed(), started(clock), LATER) == Ignored("the clock concerns others only")


def test_without_an_agency_the_due_time_is_remembered_and_nobody_told() -> None:
    decision = follow_clock(filed("in_triage"), CHANGED, LATER)

    assert decision == Applied(filed("in_triage", resolve=DueClock(1, LATER)))


def test_what_changes_nothing_for_nobody_is_ignored() -> None:
    state = Filed(ticket(resolve=DUE), InTriage())

    assert follow_clock(state, CHANGED, LATER) == Ignored(NOBODY, state)


@pytest.mark.parametrize("situation", sorted(set(SITUATIONS) - {"in_triage", "split", "archived_from_triage"}))
def test_whoever_has_or_had_the_ticket_at_its_end_hears_how_its_clock_ends(situation: str) -> None:
    decision = follow_clock(filed(situation, resolve=DUE), MET, LATER)

    assert [fact.topic for fact in decision.facts] == ["tickets.routed.dishub"]


@pytest.mark.parametrize(
    ("change", "known", "heard"),
    [
        (started(RESPOND, agency="dishub"), None, True),
        (started(RESPOND, agency="dlh"), None, False),
        (started(RESOLVE, agency="dlh"), None, True),
        (CHANGED, DueClock(1, LATER, "dlh"), True),
        (CHANGED.model_copy(update={"clock": RESPOND}), DueClock(1, LATER, "dishub"), True),
        (CHANGED.model_copy(update={"clock": RESPOND}), DueClock(1, LATER, "dlh"), False),
        (CHANGED.model_copy(update={"clock": RESPOND}), None, True),
    ],
    ids=[
        "its own starts", "another's starts", "resolve started for one before", "resolve runs through all",
        "its respond", "the respond of one before", "a respond whose start was not heard",
    ],
)  # fmt: skip
def test_an_agency_hears_of_its_own_clocks_only(change: ClockChange, known: DueClock | None, heard: bool) -> None:
    decision = follow_clock(filed(**{change.clock.value: known}), change, LATER)

    assert [fact.topic for fact in decision.facts] == ["tickets.routed.dishub"] * heard
