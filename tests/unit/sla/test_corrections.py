from datetime import timedelta

import pytest

from services.sla.domain.snapshot import Standing
from shared.events import (
    BreachCleared,
    BreachCorrected,
    BreachEscalated,
    ClockBreached,
    ClockMet,
    ClockStopped,
    TicketWithdrawn,
)
from tests.unit.sla.cases import answered, fact, held, reclassified, routed
from tests.unit.sla.harness import DUE, OF_BREACHES, RESOLVE, RESPOND, at_work, breached, met, of_breach, overdue, said
from tests.unit.working_time.calendars import at

pytestmark = pytest.mark.unit


def test_an_answer_in_time_that_arrives_after_the_sweep_corrects_the_breach() -> None:
    heard = overdue().receive(answered(2, "2026-04-13 15:59", final=False), now="2026-04-13 18:01")

    assert heard == [
        of_breach(BreachCorrected, why="met_in_time"),
        met(RESPOND, "2026-04-13 15:59", DUE, -timedelta(minutes=1)),
    ]


def test_an_answer_at_the_due_time_itself_is_in_time() -> None:
    heard = overdue().receive(answered(2, DUE, final=False), now="2026-04-13 18:01")

    assert heard == [of_breach(BreachCorrected, why="met_in_time"), met(RESPOND, DUE, DUE, timedelta(0))]


def test_a_withdrawal_in_time_that_arrives_late_corrects_the_breach() -> None:
    heard = overdue().receive(fact(TicketWithdrawn, 2, "2026-04-13 15:00"), now="2026-04-13 18:01")

    assert heard[0] == of_breach(BreachCorrected, why="stopped_in_time")


def test_a_hold_in_time_that_arrives_late_corrects_the_breach() -> None:
    harness = overdue()

    heard = harness.receive(held(2, "2026-04-13 15:00"), now="2026-04-13 18:01")

    assert of_breach(BreachCorrected, why="held") in heard
    assert harness.all_said(ClockBreached) == [breached()]


def test_reclassifying_corrects_a_breach_that_thereby_never_was() -> None:
    harness = at_work()
    harness.receive(answered(2, "2026-04-07 09:00", final=False))
    harness.wait_until("2026-04-27 17:00")

    heard = harness.receive(reclassified(3, "2026-04-28 09:00"))

    assert heard[-1] == of_breach(BreachCorrected, RESOLVE, why="reclassified")
    assert harness.ticket is not None
    assert [told.breach.standing for told in harness.ticket.told if told.clock is RESOLVE] == [Standing.CORRECTED]


def test_a_corrected_breach_reopens_under_the_same_id() -> None:
    """Exactly one `breached` per round is promised, so that the second time is said as a first level reached again."""
    harness = at_work()
    harness.receive(answered(2, "2026-04-07 09:00", final=False))
    harness.wait_until("2026-04-27 17:00")
    harness.receive(reclassified(3, "2026-04-28 09:00"))

    harness.wait_until("2026-06-30 17:00")
    again = [(told.data.level, told.occasion) for told in harness.facts if isinstance(told.data, BreachEscalated)]
    cleared = harness.receive(answered(4, "2026-07-01 09:00"))[1:2]

    assert len(harness.all_said(ClockBreached)) == 1
    assert again == [
        (2, "resolve|1|escalated|2|0"),
        (1, "resolve|1|escalated|1|1"),
        (4, "resolve|1|escalated|4|1"),
        (2, "resolve|1|escalated|2|1"),
    ]
    assert cleared == [of_breach(BreachCleared, RESOLVE, overdue_seconds=9 * 3600)]


def test_reclassifying_after_the_end_changes_nothing() -> None:
    harness = at_work()
    harness.receive(answered(2, "2026-04-27 09:00"))
    before = harness.all_said(*OF_BREACHES)

    assert harness.receive(reclassified(3, "2026-04-27 10:00")) == []
    assert before[-1] == of_breach(BreachCleared, RESOLVE, overdue_seconds=1.5 * 3600)


def test_an_earlier_answer_that_arrives_last_puts_the_lateness_right() -> None:
    harness = overdue()
    harness.receive(answered(3, "2026-04-14 10:00", final=False))

    heard = harness.receive(answered(2, "2026-04-14 09:00", final=False), now="2026-04-14 11:00")

    assert heard == [
        met(RESPOND, "2026-04-14 09:00", DUE, timedelta(hours=17)),
        of_breach(BreachCleared, overdue_seconds=1.5 * 3600),
    ]


def test_an_answer_that_turns_out_to_be_another_agencys_ends_the_breach_when_the_ticket_left() -> None:
    """A dead letter replayed late: the ticket had gone to another agency before the answer."""
    harness = overdue()
    harness.receive(answered(3, "2026-04-15 10:00", final=False))

    heard = harness.receive(routed(2, "2026-04-14 09:00", "dlh"), now="2026-04-15 12:00")

    assert heard[:2] == [
        said(ClockStopped, RESPOND, stopped_at=at("2026-04-14 09:00"), why="reassigned"),
        of_breach(BreachCleared, overdue_seconds=1.5 * 3600),
    ]
    assert heard[3] == said(
        ClockMet,
        RESPOND,
        2,
        met_at=at("2026-04-15 10:00"),
        due_at=at("2026-04-21 16:00"),
        lateness_seconds=-timedelta(days=6, hours=6).total_seconds(),
    )
