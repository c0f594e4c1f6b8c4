import pytest

from services.sla.domain.rules import SlaRules
from shared.events import BreachCleared, BreachCorrected, DueChanged
from tests.unit.sla.cases import AGENCY, answered, clock_rule, closed, days, held, rules
from tests.unit.sla.harness import RESOLVE, RESPOND, at_work, said
from tests.unit.working_time.calendars import at, dates, office

pytestmark = pytest.mark.unit


def test_another_policy_times_what_runs() -> None:
    harness = at_work()
    harness.rules = rules(version="p2", clocks={RESPOND: clock_rule(days(2), escalation=AGENCY, calendar=None)})

    heard = harness.look(at("2026-04-07 08:30"))

    assert heard == [
        said(DueChanged, RESPOND, was=at("2026-04-13 16:00"), due_at=at("2026-04-08 16:00"), why="policy_changed")
    ]


def test_another_calendar_times_what_runs() -> None:
    harness = at_work()
    harness.rules = rules(calendars={"default": office(version="c2", holidays=dates("2026-04-08"))})

    heard = harness.look(at("2026-04-07 09:00"))

    assert heard == [
        said(DueChanged, RESPOND, was=at("2026-04-13 16:00"), due_at=at("2026-04-14 16:00"), why="calendar_changed"),
        said(DueChanged, RESOLVE, was=at("2026-04-24 16:30"), due_at=at("2026-04-27 16:00"), why="calendar_changed"),
    ]


def test_a_holiday_that_is_declared_late_corrects_a_breach() -> None:
    harness = at_work()
    harness.wait_until("2026-04-13 18:00")
    harness.rules = rules(calendars={"default": office(version="c2", holidays=dates("2026-04-13"))})

    heard = harness.look(at("2026-04-13 19:00"))

    assert [(data.clock, data.why) for data in heard if isinstance(data, BreachCorrected)] == [
        (RESPOND, "calendar_changed")
    ]


def test_a_pause_that_the_policy_no_longer_knows_is_over() -> None:
    harness = at_work()
    harness.receive(held(2, "2026-04-07 10:00"))
    harness.rules = rules(version="p2", pauses={})

    harness.look(at("2026-04-07 12:00"))

    assert harness.ticket is not None
    assert [(told.paused, told.due_at) for told in harness.ticket.told if told.clock in (RESPOND, RESOLVE)] == [
        (False, at("2026-04-13 16:00")),
        (False, at("2026-04-24 16:30")),
    ]


@pytest.mark.parametrize(
    "later", [rules(version="p2"), rules(calendars={"default": office(version="c2", holidays=dates("2026-04-20"))})]
)
def test_an_ended_clock_keeps_the_due_time_of_its_policy(later: SlaRules) -> None:
    harness = at_work()
    harness.receive(answered(2, "2026-04-24 16:31"))
    assert harness.ticket is not None
    before = [told for told in harness.ticket.told if told.clock is RESOLVE]
    assert harness.all_said(BreachCleared)

    harness.rules = later
    harness.receive(closed(3, "2026-04-27 09:00"))

    assert [told for told in harness.ticket.told if told.clock is RESOLVE] == before
    assert harness.all_said(BreachCorrected) == []
