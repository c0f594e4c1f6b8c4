"""``tindak watch breaches``: a line per word about a breach; read twice, or from zero, it is the same set."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events import ClockFact, Event
from tests.builders import TRACKING, event
from tests.unit.sla.cases import RULES, answered, reclassified
from tests.unit.sla.harness import ClockHarness, at_work, overdue
from tindak.sla.breaches import Breaches, Standing

pytestmark = pytest.mark.unit


def told(harness: ClockHarness) -> list[Event]:
    """Return what a harness said of breaches, as it lies on the topic."""
    facts = [fact for fact in harness.facts if fact.topic == "sla.breaches"]
    return [event(fact.data, at=fact.at or when_of(fact.data)) for fact in facts]


def when_of(data: Any) -> datetime:
    return getattr(data, "at", None) or getattr(data, "breached_at", None) or OVERDUE_UNTIL


def a_long_story() -> list[Event]:
    harness = at_work()
    harness.wait_until("2026-04-27 17:00")
    harness.receive(reclassified(2, "2026-04-28 09:00"), answered(3, "2026-04-28 10:00", final=False))
    harness.wait_until("2026-06-30 17:00")
    return told(harness)


OVERDUE_UNTIL = datetime.fromisoformat("2026-04-28T10:00:00+07:00")
STORY = a_long_story()


def test_the_story_has_breaches_that_were_cleared_corrected_and_opened_again() -> None:
    standing = Breaches(RULES).apply_all(STORY).standing

    assert sorted(breach.standing for breach in standing.values()) == [Standing.CLEARED, Standing.OPEN]
    assert {type(one.data).__name__ for one in STORY} == {
        "ClockBreached", "BreachEscalated", "BreachCleared", "BreachCorrected",
    }  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, len(STORY) - 1), max_size=20))
def test_a_stream_with_repeats_is_the_same_set_as_without(again: list[int]) -> None:
    once = Breaches(RULES).apply_all(STORY)
    repeated = [one for place, one in enumerate(STORY) for _ in range(1 + again.count(place))]

    assert Breaches(RULES).apply_all(repeated).standing == once.standing
    assert once.apply_all(STORY).standing == Breaches(RULES).apply_all(STORY).standing


def test_a_line_shows_agency_clock_overdue_time_and_level() -> None:
    harness = overdue()
    harness.wait_until("2026-04-14 17:00")
    breaches = Breaches(RULES)

    lines = [breaches.line(one) for one in told(harness) if breaches.apply(one)]

    assert [line.split("  ", 1)[1].split() for line in lines] == [
        f"dishub {TRACKING} respond just overdue level 1 respond clock BREACHED at dishub;"
        " responsible: liaison".split(),
        f"dishub {TRACKING} respond 7 h 30 min overdue level 2 respond clock still overdue at dishub, level 2;"
        " responsible: agency_head".split(),
    ]


def test_a_breach_whose_beginning_was_not_applied_has_no_overdue_time() -> None:
    harness = overdue()
    harness.wait_until("2026-04-14 17:00")
    escalated = told(harness)[1]
    breaches = Breaches(RULES)

    breaches.apply(escalated)

    assert breaches.overdue_seconds(escalated) is None
    assert " - overdue  level 2" in breaches.line(escalated)


def test_what_is_about_no_breach_is_passed_over() -> None:
    started = next(fact.data for fact in at_work().facts if isinstance(fact.data, ClockFact))

    assert Breaches(RULES).apply(event(started)) is None


def test_overdue_time_is_working_time() -> None:
    harness = overdue()
    first = told(harness)[0]
    breaches = Breaches(RULES).apply_all([first])

    later = Event(first.id, first.source, first.time + timedelta(days=4), first.data, first.subject, first.key)

    assert breaches.overdue_seconds(later) == 29.5 * 3600 + 0.001  # said a millisecond after the due time
