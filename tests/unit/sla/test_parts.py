"""The clocks of a ticket that is divided, and of its parts."""

from typing import Any

import pytest

from shared.events import ClockFact, ClockMet, ClockStarted, ClockStopped, SlaClock, TicketPartReopened
from shared.ids import part_id
from tests.builders import TICKET
from tests.unit.sla.cases import accepted, answered, closed, fact, held, routed, split, triaged
from tests.unit.sla.harness import COMPLETE, FEEDBACK, RESOLVE, RESPOND, VERIFY, ClockHarness

pytestmark = pytest.mark.unit

PART: dict[str, Any] = {"ticket_id": part_id(TICKET, 1), "parent": TICKET, "part": 1}
ACCEPTED, DIVIDED = "2026-04-06 08:00", "2026-04-07 10:00"


def ends(said: list[ClockFact]) -> dict[SlaClock, str]:
    """Return how clocks ended: ``met``, or why they stopped."""
    return {
        data.clock: "met" if isinstance(data, ClockMet) else data.why
        for data in said
        if isinstance(data, ClockMet | ClockStopped)
    }


@pytest.mark.parametrize(
    ("before", "ended"),
    [
        ([triaged(1, ACCEPTED)], {VERIFY: "met"}),
        ([routed(1, ACCEPTED)], {RESPOND: "split", RESOLVE: "split"}),
        ([routed(1, ACCEPTED), held(2, ACCEPTED)], {RESPOND: "split", RESOLVE: "split", COMPLETE: "met"}),
        ([routed(1, ACCEPTED), answered(2, ACCEPTED)], {FEEDBACK: "split"}),
    ],
    ids=["triage", "at work", "held", "answered"],
)
def test_dividing_a_ticket_ends_its_own_clocks(before: list[Any], ended: dict[SlaClock, str]) -> None:
    harness = ClockHarness()
    harness.receive(accepted(ACCEPTED), *before)

    assert ends(harness.receive(split(len(before) + 1, DIVIDED))) == ended
    assert harness.wait_until("2026-09-01 08:00") == []


def test_no_clock_restarts_when_a_part_reopens_or_the_whole_closes() -> None:
    harness = ClockHarness()
    harness.receive(accepted(ACCEPTED), triaged(1, ACCEPTED), split(2, DIVIDED))

    again = fact(TicketPartReopened, 4, DIVIDED, reopened=PART["ticket_id"])

    assert harness.receive(closed(3, DIVIDED, "system"), again) == []


def test_a_part_has_clocks_of_its_own_from_its_beginning_and_none_for_finding_an_agency() -> None:
    harness = ClockHarness()

    started = harness.receive(routed(1, DIVIDED, **PART))

    assert {data.clock for data in started} == {RESPOND, RESOLVE}
    for data in started:
        assert isinstance(data, ClockStarted)
        assert (data.ticket_id, data.parent, data.part) == (PART["ticket_id"], TICKET, 1)
        assert data.started_at == routed(1, DIVIDED).at


def test_a_part_that_comes_back_to_an_officer_has_a_clock_for_that() -> None:
    harness = ClockHarness()
    harness.receive(routed(1, DIVIDED, **PART))

    said = harness.receive(triaged(2, "2026-04-08 10:00", **PART))

    assert [(data.clock, data.round) for data in said if isinstance(data, ClockStarted)] == [(VERIFY, 1)]


def test_a_breach_of_a_part_names_its_whole_ticket() -> None:
    harness = ClockHarness()
    harness.receive(routed(1, DIVIDED, **PART))

    said = harness.wait_until("2026-04-20 08:00")

    assert said
    assert {(data.parent, data.part) for data in said} == {(TICKET, 1)}
