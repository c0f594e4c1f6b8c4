from datetime import timedelta

import pytest

from shared.events import (
    ClockBreached,
    ClockPaused,
    ClockResumed,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    DueChanged,
    HoldReason,
)
from tests.builders import TICKET
from tests.unit.sla.cases import accepted, answered, closed, declined, held, reclassified, resumed, routed, triaged
from tests.unit.sla.harness import (
    COMPLETE,
    FEEDBACK,
    RESOLVE,
    RESPOND,
    VERIFY,
    ClockHarness,
    at_work,
    met,
    said,
    started,
)
from tests.unit.working_time.calendars import at

pytestmark = pytest.mark.unit


def test_acceptance_starts_verify() -> None:
    heard = ClockHarness().receive(accepted("2026-04-06 08:00"))

    assert heard == [started(VERIFY, "2026-04-06 08:00", "2026-04-09 16:00", "3 working_days", agency=None)]


def test_an_agency_meets_verify_and_starts_its_own_clocks() -> None:
    harness = ClockHarness()
    harness.receive(accepted("2026-04-06 08:00"))

    heard = harness.receive(routed(1, "2026-04-06 09:00"))

    assert heard == [
        met(VERIFY, "2026-04-06 09:00", "2026-04-09 16:00", -timedelta(days=3, hours=7)),
        started(RESPOND, "2026-04-06 09:00", "2026-04-13 16:00", "5 working_days"),
        started(RESOLVE, "2026-04-06 09:00", "2026-04-24 16:30", "14 working_days"),
    ]


def test_facts_carry_the_time_at_which_they_happened() -> None:
    harness = ClockHarness()

    harness.receive(accepted("2026-04-06 08:00"), routed(1, "2026-04-06 09:00"), now="2026-04-06 09:07")

    assert [told.at for told in harness.facts] == [at("2026-04-06 08:00")] + [at("2026-04-06 09:00")] * 3
    assert {(told.topic, told.key) for told in harness.facts} == {("sla.events", TICKET)}


def test_triage_publishes_nothing_while_verify_runs() -> None:
    harness = ClockHarness()
    harness.receive(accepted("2026-04-06 08:00"))

    assert harness.receive(triaged(1, "2026-04-06 08:01")) == []


def test_a_final_answer_meets_both_clocks_and_starts_feedback() -> None:
    heard = at_work().receive(answered(2, "2026-04-14 16:30"))

    assert heard[-2:] == [
        met(RESOLVE, "2026-04-14 16:30", "2026-04-24 16:30", -timedelta(days=10)),
        started(FEEDBACK, "2026-04-14 16:30", "2026-04-28 16:00", "10 working_days"),
    ]


def test_declining_stops_respond_for_good_and_the_next_agency_gets_a_round_of_its_own() -> None:
    heard = at_work().receive(declined(2, "2026-04-07 10:00"), routed(3, "2026-04-07 10:00", "rescue"))

    assert heard == [
        said(ClockStopped, RESPOND, stopped_at=at("2026-04-07 10:00"), why="declined"),
        said(
            ClockStarted, RESPOND, 2, started_at=at("2026-04-07 10:00"), due_at=at("2026-04-13 00:00"),
            allowance="5 working_days", agency="rescue", policy_version="p1", calendar_version="w1",
        ),
        said(
            DueChanged, RESOLVE, was=at("2026-04-24 16:30"), due_at=at("2026-04-21 00:00"), why="reassigned"
        ),
    ]  # fmt: skip


def test_a_hold_pauses_and_resuming_publishes_the_later_due_time() -> None:
    harness = at_work()

    paused = harness.receive(held(2, "2026-04-07 10:00", HoldReason.NEEDS_OTHER_AGENCY))
    went_on = harness.receive(resumed(3, "2026-04-08 10:00"))

    assert paused == [said(ClockPaused, clock, paused_at=at("2026-04-07 10:00")) for clock in (RESPOND, RESOLVE)]
    assert went_on == [
        said(ClockResumed, RESPOND, resumed_at=at("2026-04-08 10:00"), due_at=at("2026-04-14 16:00")),
        said(ClockResumed, RESOLVE, resumed_at=at("2026-04-08 10:00"), due_at=at("2026-04-27 16:00")),
    ]


def test_a_pause_that_reaches_its_limit_ends_by_itself() -> None:
    harness = at_work()
    harness.receive(held(2, "2026-04-07 10:00", HoldReason.FIELD_WORK))

    harness.wait_until("2026-04-09 16:00")

    assert harness.all_said(ClockResumed) == [
        said(ClockResumed, RESOLVE, resumed_at=at("2026-04-09 16:00"), due_at=at("2026-04-29 13:30"))
    ]


def test_resuming_after_the_limit_publishes_nothing() -> None:
    harness = at_work()
    harness.receive(held(2, "2026-04-07 10:00", HoldReason.FIELD_WORK))
    harness.wait_until("2026-04-10 16:00")

    assert harness.receive(resumed(3, "2026-04-13 09:00")) == []


def test_no_warning_or_breach_while_waiting_for_the_reporter() -> None:
    harness = at_work()
    harness.receive(held(2, "2026-04-06 10:00"))

    harness.wait_until("2026-04-20 15:59")

    assert {type(data) for data in harness.all_said(ClockWarned, ClockBreached)} == {ClockWarned}
    assert {data.clock for data in harness.all_said(ClockWarned)} == {COMPLETE}


def test_reclassifying_publishes_the_new_due_time_once() -> None:
    heard = at_work().receive(reclassified(2, "2026-04-08 10:00"))

    assert heard == [
        said(DueChanged, RESOLVE, was=at("2026-04-24 16:30"), due_at=at("2026-06-29 16:00"), why="reclassified")
    ]


def test_a_paused_clock_publishes_no_due_time() -> None:
    harness = at_work()
    harness.receive(held(2, "2026-04-07 10:00"))

    during = harness.receive(reclassified(3, "2026-04-08 09:00"))
    after = harness.receive(resumed(4, "2026-04-08 10:00"))

    assert during == []
    assert after[1] == said(ClockResumed, RESOLVE, resumed_at=at("2026-04-08 10:00"), due_at=at("2026-06-30 16:00"))


def test_each_warning_is_published_once_when_its_percentage_is_reached() -> None:
    harness = at_work()

    harness.wait_until("2026-04-13 16:00")

    assert [(data.clock, data.percent) for data in harness.all_said(ClockWarned)] == [(RESPOND, 50), (RESPOND, 80)]
    assert harness.all_said(ClockWarned)[1] == said(
        ClockWarned, RESPOND, percent=80, due_at=at("2026-04-13 16:00"), agency="dishub", remaining_seconds=31_320
    )


def test_a_late_sweep_publishes_every_missed_warning_in_order() -> None:
    harness = at_work()

    heard = harness.look(at("2026-04-13 15:00"))

    assert [(type(data), data.percent, data.remaining_seconds) for data in heard] == [
        (ClockWarned, 50, 3600), (ClockWarned, 80, 3600),
    ]  # fmt: skip


def test_a_sweep_that_comes_after_the_due_time_warns_no_more() -> None:
    heard = at_work().look(at("2026-04-14 09:00"))

    assert [type(data) for data in heard] == [ClockBreached]


def test_a_warning_undone_by_a_later_due_time_may_be_published_again() -> None:
    harness = at_work()
    harness.wait_until("2026-04-20 09:00")
    harness.receive(answered(2, "2026-04-20 09:00", final=False), reclassified(3, "2026-04-20 09:00"))

    harness.wait_until("2026-06-01 09:00")

    assert [data.percent for data in harness.all_said(ClockWarned) if data.clock is RESOLVE] == [50, 50]


def test_an_ended_ticket_is_swept_no_more() -> None:
    harness = at_work()
    harness.receive(answered(2, "2026-04-07 10:00"), closed(3, "2026-04-08 10:00"))

    assert harness.ticket is not None
    assert harness.ticket.wakes_at is None
    assert harness.look(at("2027-01-01 00:00")) == []
