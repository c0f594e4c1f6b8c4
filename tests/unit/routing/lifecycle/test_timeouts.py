from datetime import timedelta

import pytest

from services.routing.domain.lifecycle.timeouts import archive_incomplete, close_unanswered, remind
from services.routing.domain.ticket.state import Archived, Closed, Filed
from shared.events import (
    Applied,
    BreachCleared,
    BreachCorrected,
    BreachEscalated,
    Classification,
    ClockBreached,
    ClockFact,
    ClockWarned,
    ClosedBy,
    CompletionWindowExpired,
    Fact,
    FeedbackWindowExpired,
    Ignored,
    SlaClock,
    TicketArchived,
    TicketClosed,
)
from tests.builders import TICKET, TRACKING
from tests.fakes.handler_harness import NOON
from tests.unit.routing.samples import LATER, SITUATIONS, filed, head, said, ticket

pytestmark = pytest.mark.unit

ABOUT = {"ticket_id": TICKET, "tracking_id": TRACKING}
BREACH = {**ABOUT, "clock": SlaClock.RESPOND, "breach_id": "b1"}


def feedback_expired(round: int = 1) -> FeedbackWindowExpired:
    return FeedbackWindowExpired(**ABOUT, clock=SlaClock.FEEDBACK, round=round, due_at=LATER)


def completion_expired(round: int = 1) -> CompletionWindowExpired:
    return CompletionWindowExpired(**ABOUT, clock=SlaClock.COMPLETE, round=round, due_at=LATER)


def warned(agency: str | None = "dishub") -> ClockWarned:
    return ClockWarned(**ABOUT, clock=SlaClock.RESPOND, percent=80, due_at=LATER, agency=agency, remaining_seconds=60)


def breached(agency: str | None = "dishub") -> ClockBreached:
    return ClockBreached(
        **BREACH, agency=agency, classification=Classification.COMPLAINT, due_at=NOON, breached_at=LATER, level=1,
        responsible="liaison",
    )  # fmt: skip


def test_silence_about_the_answer_closes_the_ticket() -> None:
    decision = close_unanswered(filed("answered"), feedback_expired(), LATER)

    data = TicketClosed(**head("closed"), agency="dishub", by=ClosedBy.SYSTEM)
    assert decision == Applied(
        Filed(ticket(at=LATER, version=2, answers=1), Closed("dishub", ClosedBy.SYSTEM, LATER)),
        (Fact(data, "tickets.events", TICKET, LATER), Fact(data, "tickets.routed.dishub", TICKET, LATER)),
    )


def test_the_system_never_closes_a_ticket_before_its_last_fact() -> None:
    decision = close_unanswered(filed("answered", at=LATER), feedback_expired(), NOON)

    assert isinstance(decision.state, Filed)
    assert decision.state.situation == Closed("dishub", ClosedBy.SYSTEM, LATER)


@pytest.mark.parametrize(("answers", "round", "closes"), [(2, 2, True), (2, 1, False), (1, 2, False)])
def test_only_silence_about_the_last_answer_closes_the_ticket(answers: int, round: int, closes: bool) -> None:
    decision = close_unanswered(filed("answered", answers=answers), feedback_expired(round), LATER)

    assert bool(decision.facts) is closes
    assert closes or decision.because == "the answer of that round is not the last word any more"


@pytest.mark.parametrize("situation", sorted(set(SITUATIONS) - {"answered"}))
def test_an_expired_feedback_window_without_an_answer_is_ignored(situation: str) -> None:
    state = filed(situation, answers=1)

    assert close_unanswered(state, feedback_expired(), LATER) == Ignored(
        "the answer of that round is not the last word any more", state
    )


def test_a_report_that_is_not_completed_is_archived() -> None:
    decision = archive_incomplete(filed("held_for_reporter"), completion_expired(), LATER)

    data = TicketArchived(**head("archived"), agency="dishub", by=ClosedBy.SYSTEM, reason="completion_window_expired")
    assert said(decision) == said(decision, "tickets.routed.dishub") == [data]
    assert decision.state == Filed(
        ticket(at=LATER, version=2, questions=1), Archived("dishub", "completion_window_expired")
    )


@pytest.mark.parametrize(("questions", "round", "archives"), [(2, 2, True), (2, 1, False), (1, 2, False)])
def test_only_silence_about_the_last_question_archives(questions: int, round: int, archives: bool) -> None:
    decision = archive_incomplete(filed("held_for_reporter", questions=questions), completion_expired(round), LATER)

    assert bool(decision.facts) is archives


@pytest.mark.parametrize("situation", sorted(set(SITUATIONS) - {"held_for_reporter"}))
def test_a_ticket_that_does_not_wait_for_its_reporter_is_not_archived(situation: str) -> None:
    state = filed(situation, questions=1)

    assert archive_incomplete(state, completion_expired(), LATER) == Ignored(
        "the ticket does not wait for the reporter of that round any more", state
    )


@pytest.mark.parametrize(
    "reminder",
    [
        warned(),
        breached(),
        BreachEscalated(**BREACH, agency="dishub", level=2, responsible="agency_head", at=LATER),
        BreachCleared(**BREACH, agency="dishub", overdue_seconds=60),
        BreachCorrected(**BREACH, agency="dishub", why="reclassified"),
    ],
)
def test_an_agency_receives_the_clock_facts_of_its_ticket(reminder: ClockFact) -> None:
    state = filed()

    decision = remind(state, reminder, LATER)  # type: ignore[arg-type]

    assert decision == Applied(state, (Fact(reminder, "tickets.routed.dishub", TICKET, LATER),))


def test_a_warning_does_not_follow_an_agency_that_has_the_ticket_no_longer() -> None:
    state = filed("routed", agencies=("dlh", "dishub"))

    assert remind(state, warned("dlh"), LATER) == Ignored("no agency that has the ticket is concerned", state)


def test_a_breach_stands_against_the_agency_that_had_the_ticket() -> None:
    decision = remind(filed("in_triage", agencies=("dlh", "dishub")), breached("dlh"), LATER)

    assert [fact.topic for fact in decision.facts] == ["tickets.routed.dlh"]


@pytest.mark.parametrize("agency", [None, "dsdabmbk"])
def test_nobody_is_reminded_of_what_concerns_no_agency(agency: str | None) -> None:
    state = filed("in_triage")

    assert [remind(state, said, LATER).facts for said in (warned(agency), breached(agency))] == [(), ()]


def test_a_reminder_keeps_the_time_of_the_sla_fact() -> None:
    decision = remind(filed(at=LATER), warned(), LATER - timedelta(minutes=5))

    assert [fact.at for fact in decision.facts] == [LATER - timedelta(minutes=5)]
