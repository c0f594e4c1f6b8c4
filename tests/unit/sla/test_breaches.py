from datetime import timedelta

import pytest

from shared.events import (
    BreachCleared,
    BreachCorrected,
    BreachEscalated,
    ClockBreached,
    ClockMet,
    ClockStopped,
    HoldReason,
    TicketWithdrawn,
)
from tests.builders import TICKET
from tests.unit.sla.cases import accepted, answered, closed, declined, fact, held, reopened, resumed, routed, triaged
from tests.unit.sla.harness import (
    DUE,
    OF_BREACHES,
    RESOLVE,
    RESPOND,
    VERIFY,
    ClockHarness,
    at_work,
    breached,
    escalated,
    id_of,
    met,
    of_breach,
    overdue,
    said,
)
from tests.unit.working_time.calendars import at

pytestmark = pytest.mark.unit


def test_at_the_due_time_nothing_has_breached_and_a_moment_later_it_has() -> None:
    harness = at_work()

    harness.wait_until(DUE)
    at_due_time = harness.all_said(ClockBreached)
    harness.wait_until("2026-04-13 16:01")

    assert at_due_time == []
    assert harness.all_said(ClockBreached) == [breached()]


def test_repeated_sweeps_publish_a_breach_once() -> None:
    harness = overdue()

    assert harness.look(at("2026-04-13 19:00")) == []
    assert harness.look(at("2026-04-13 19:00")) == []
    assert harness.all_said(ClockBreached) == [breached()]


def test_sweep_and_late_event_give_a_breach_the_same_event_id() -> None:
    harness = overdue()

    told = next(told for told in harness.facts if isinstance(told.data, ClockBreached))

    assert (told.topic, told.key, told.occasion) == ("sla.breaches", TICKET, "respond|1|breached")


def test_a_breach_detected_late_carries_its_delay() -> None:
    heard = at_work().look(at("2026-04-14 09:00"))

    assert heard == [breached(noticed=timedelta(hours=17))]


def test_a_lasting_breach_escalates_level_by_level() -> None:
    harness = overdue()

    harness.wait_until("2026-04-24 16:30")

    assert harness.all_said(BreachEscalated) == [
        escalated(2, "agency_head", "2026-04-14 16:00"),
        escalated(3, "mayor", "2026-04-22 16:00"),
    ]


def test_after_sixty_working_days_the_ombudsman_may_be_asked_about_resolve_only() -> None:
    harness = overdue()

    harness.wait_until("2026-12-31 00:00")

    assert [(data.clock, data.at) for data in harness.all_said(BreachEscalated) if data.responsible == "ombudsman"] == [
        (RESOLVE, at("2026-06-29 16:00"))
    ]
    assert harness.ticket is not None
    assert harness.ticket.wakes_at is None


def test_a_sweep_after_an_outage_publishes_breach_and_every_reached_level() -> None:
    heard = at_work().look(at("2026-04-23 09:00"))

    assert [data for data in heard if data.clock is RESPOND] == [
        breached(noticed=timedelta(days=9, hours=17)),
        escalated(2, "agency_head", "2026-04-14 16:00"),
        escalated(3, "mayor", "2026-04-22 16:00"),
    ]


def test_an_unrouted_ticket_breaches_and_escalates_like_any_other() -> None:
    harness = ClockHarness()
    harness.receive(accepted("2026-04-06 08:00"), triaged(1, "2026-04-06 08:01"))

    harness.wait_until("2026-04-10 17:00")

    assert harness.all_said(*OF_BREACHES) == [
        breached(VERIFY, due="2026-04-09 16:00", responsible="triage", agency=None),
        escalated(2, "coordinator_head", "2026-04-10 16:30", clock=VERIFY, agency=None),
    ]


def test_a_declined_ticket_that_nobody_has_is_the_coordinators_breach() -> None:
    harness = at_work()
    harness.receive(declined(2, "2026-04-24 10:00"), triaged(3, "2026-04-24 10:00"))

    harness.wait_until("2026-04-24 17:00")

    resolve = [data for data in harness.all_said(ClockBreached) if data.clock is RESOLVE]
    assert resolve == [breached(RESOLVE, due="2026-04-24 16:30", responsible="triage", agency=None)]


def test_a_late_answer_clears_the_breach_with_the_working_time_it_was_overdue() -> None:
    heard = overdue().receive(answered(2, "2026-04-14 09:00", final=False))

    assert heard == [
        met(RESPOND, "2026-04-14 09:00", DUE, timedelta(hours=17)),
        of_breach(BreachCleared, overdue_seconds=1.5 * 3600),
    ]


def test_a_late_answer_before_any_sweep_still_publishes_its_breach() -> None:
    heard = at_work().receive(answered(2, "2026-04-14 09:00", final=False))

    assert heard == [
        breached(noticed=timedelta(hours=17)),
        met(RESPOND, "2026-04-14 09:00", DUE, timedelta(hours=17)),
        of_breach(BreachCleared, overdue_seconds=1.5 * 3600),
    ]


def test_stopping_an_overdue_clock_clears_its_breach() -> None:
    heard = overdue().receive(fact(TicketWithdrawn, 2, "2026-04-14 08:30"))

    assert heard == [
        said(ClockStopped, RESPOND, stopped_at=at("2026-04-14 08:30"), why="withdrawn"),
        of_breach(BreachCleared, overdue_seconds=3600),
        said(ClockStopped, RESOLVE, stopped_at=at("2026-04-14 08:30"), why="withdrawn"),
    ]


def test_a_cleared_breach_escalates_no_further() -> None:
    harness = overdue()
    harness.receive(answered(2, "2026-04-14 09:00", final=False))

    harness.wait_until("2026-04-23 00:00")

    assert harness.all_said(BreachEscalated) == []


def test_holding_an_overdue_ticket_stops_escalation_and_keeps_the_breach() -> None:
    harness = overdue()
    harness.receive(held(2, "2026-04-14 09:00", HoldReason.NEEDS_OTHER_AGENCY))

    paused = [data for data in harness.wait_until("2026-04-17 09:00") if isinstance(data, BreachEscalated)]
    harness.receive(resumed(3, "2026-04-17 09:00"))
    harness.wait_until("2026-04-20 23:00")

    assert paused == []
    assert harness.all_said(BreachEscalated) == [escalated(2, "agency_head", "2026-04-17 16:30")]
    assert harness.all_said(BreachCorrected) == []


def test_each_round_has_its_own_breach() -> None:
    harness = overdue()
    harness.receive(answered(2, "2026-04-14 09:00"), reopened(3, "2026-04-15 09:00"))

    harness.wait_until("2026-04-22 16:01")

    assert [(data.round, data.breach_id) for data in harness.all_said(ClockBreached)] == [
        (1, id_of(RESPOND)),
        (2, id_of(RESPOND, 2)),
    ]


def test_the_breach_of_a_late_decline_remains_published() -> None:
    heard = overdue().receive(declined(2, "2026-04-14 09:00"), routed(3, "2026-04-14 09:00", "dlh"))

    assert heard[:2] == [
        said(ClockStopped, RESPOND, stopped_at=at("2026-04-14 09:00"), why="declined"),
        of_breach(BreachCleared, overdue_seconds=1.5 * 3600),
    ]


def test_the_clocks_of_a_closed_ticket_breach_no_more() -> None:
    harness = at_work()
    harness.receive(answered(2, "2026-04-07 09:00"), closed(3, "2026-04-08 09:00"))

    harness.wait_until("2027-01-01 00:00")

    assert harness.all_said(*OF_BREACHES) == []
    assert len(harness.all_said(ClockMet)) == 4
