from datetime import timedelta

import pytest

from shared.events import ClockStopped, CompletionWindowExpired, FeedbackWindowExpired, TicketArchived
from tests.unit.sla.cases import answered, closed, fact, held, reopened
from tests.unit.sla.harness import COMPLETE, FEEDBACK, RESOLVE, RESPOND, at_work, met, said
from tests.unit.working_time.calendars import at

pytestmark = pytest.mark.unit


def test_the_feedback_window_expires_once_just_after_its_end() -> None:
    harness = at_work()
    harness.receive(answered(2, "2026-04-07 10:00"))

    assert FeedbackWindowExpired not in map(type, harness.wait_until("2026-04-21 16:00"))
    heard = harness.look(at("2026-04-21 16:00") + timedelta(milliseconds=1))

    assert heard == [said(FeedbackWindowExpired, FEEDBACK, due_at=at("2026-04-21 16:00"))]
    assert harness.facts[-1].at == at("2026-04-21 16:00")
    assert harness.ticket is not None
    assert harness.ticket.wakes_at is None


def test_closing_after_an_expired_window_publishes_nothing_about_its_clock() -> None:
    harness = at_work()
    harness.receive(answered(2, "2026-04-07 10:00"))
    harness.wait_until("2026-04-22 00:00")

    assert harness.receive(closed(3, "2026-04-21 16:01", "system")) == []


def test_a_dispute_after_the_expired_window_starts_new_rounds() -> None:
    harness = at_work()
    harness.receive(answered(2, "2026-04-07 10:00"))
    harness.wait_until("2026-04-22 00:00")

    heard = harness.receive(reopened(3, "2026-04-22 09:00"))

    assert heard[-1] == met(FEEDBACK, "2026-04-22 09:00", "2026-04-21 16:00", timedelta(hours=17))
    assert [(data.clock, data.round) for data in heard[:-1]] == [(RESPOND, 2), (RESOLVE, 2)]


def test_a_confirmation_in_the_window_meets_feedback() -> None:
    harness = at_work()
    harness.receive(answered(2, "2026-04-07 10:00"))

    assert harness.receive(closed(3, "2026-04-07 16:00")) == [
        met(FEEDBACK, "2026-04-07 16:00", "2026-04-21 16:00", -timedelta(days=14))
    ]


def test_the_completion_window_expires_and_archiving_stops_what_stood_still() -> None:
    harness = at_work()
    harness.receive(held(2, "2026-04-07 10:00"))
    harness.wait_until("2026-04-22 00:00")

    archived = harness.receive(
        fact(TicketArchived, 3, "2026-04-22 00:00", by="system", reason="completion_window_expired")
    )

    assert harness.all_said(CompletionWindowExpired) == [
        said(CompletionWindowExpired, COMPLETE, due_at=at("2026-04-21 16:00"))
    ]
    assert archived == [
        said(ClockStopped, clock, stopped_at=at("2026-04-22 00:00"), why="archived") for clock in (RESPOND, RESOLVE)
    ]


def test_an_open_window_that_the_end_of_the_ticket_closes_is_stopped() -> None:
    harness = at_work()
    harness.receive(answered(2, "2026-04-07 10:00"))

    assert harness.receive(closed(3, "2026-04-08 10:00", "officer")) == [
        said(ClockStopped, FEEDBACK, stopped_at=at("2026-04-08 10:00"), why="closed")
    ]
