from datetime import timedelta

import pytest

from services.routing.domain.decide import decide
from services.routing.domain.ticket.state import Awaited, State
from shared.events import (
    Arrival,
    ClockStarted,
    ClockWarned,
    CompletionWindowExpired,
    Decision,
    EventData,
    FeedbackWindowExpired,
    Ignored,
    SlaClock,
)
from tests.builders import TICKET, TRACKING, accepted, event
from tests.fakes.handler_harness import NOON
from tests.unit.routing.commands import COMMANDS
from tests.unit.routing.samples import DISHUB, LATER, POLICY, filed, said

pytestmark = pytest.mark.unit

CLOCK = {"ticket_id": TICKET, "tracking_id": TRACKING, "due_at": LATER}
WARNED = ClockWarned(**CLOCK, clock=SlaClock.RESPOND, percent=50, agency="dishub", remaining_seconds=60)
FEEDBACK = FeedbackWindowExpired(**CLOCK, clock=SlaClock.FEEDBACK)
COMPLETION = CompletionWindowExpired(**CLOCK, clock=SlaClock.COMPLETE)
STARTED = ClockStarted(
    **CLOCK, clock=SlaClock.RESPOND, started_at=NOON, allowance="5 working_days", policy_version="1",
    calendar_version="1",
)  # fmt: skip
ARRIVAL = Arrival("tickets.updates", 0, 0, arrived_at=LATER, now=LATER + timedelta(minutes=1))


def heard(state: State | None, data: EventData, source: str = DISHUB) -> Decision[State]:
    return decide(state, event(data, at=NOON, source=source), ARRIVAL, POLICY)


@pytest.mark.parametrize("state", [None, Awaited()])
def test_a_complaint_is_filed_at_the_moment_of_deciding(state: State | None) -> None:
    decision = heard(state, accepted(title="", body="Lampu jalan mati"))

    assert [data.at for data in said(decision)] == [ARRIVAL.now]


def test_a_complaint_that_comes_twice_under_different_ids_is_ignored() -> None:
    state = filed("answered")

    assert heard(state, accepted()) == Ignored("the complaint has been filed before", state)


def test_an_update_counts_from_its_arrival_at_the_broker() -> None:
    decision = heard(filed(), COMMANDS["acknowledge"])

    assert [data.at for data in said(decision)] == [LATER]


@pytest.mark.parametrize("state", [None, Awaited()])
def test_an_update_before_its_complaint_waits(state: State | None) -> None:
    decision = heard(state, COMMANDS["acknowledge"])

    assert isinstance(decision.state, Awaited)
    assert [(early.source, early.arrived_at) for early in decision.state.updates] == [(DISHUB, LATER)]


@pytest.mark.parametrize("state", [None, Awaited()])
@pytest.mark.parametrize("data", [WARNED, FEEDBACK, COMPLETION, STARTED])
def test_a_clock_before_its_complaint_is_ignored(state: State | None, data: EventData) -> None:
    """No agency has the ticket before routing says so, and no window opens before routing says that it may."""
    assert heard(state, data) == Ignored("the complaint has not come yet")


def test_the_windows_of_the_reporter_end_a_ticket_at_the_moment_of_deciding() -> None:
    closed, archived = heard(filed("answered"), FEEDBACK), heard(filed("held_for_reporter"), COMPLETION)

    assert [(data.state, data.at) for data in (*said(closed), *said(archived))] == [
        ("closed", ARRIVAL.now),
        ("archived", ARRIVAL.now),
    ]


def test_a_reminder_is_passed_on() -> None:
    decision = heard(filed(), WARNED)

    assert [(fact.topic, fact.at) for fact in decision.facts] == [("tickets.routed.dishub", NOON)]


@pytest.mark.parametrize("clock", ["verify", "complete", "feedback"])
def test_a_clock_of_the_city_or_the_reporter_concerns_others(clock: str) -> None:
    started = STARTED.model_copy(update={"clock": SlaClock(clock)})

    assert heard(filed(), started) == Ignored("the clock concerns others only")
