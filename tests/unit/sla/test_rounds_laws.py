"""What holds of the rounds of every history, also of one that no ticket could have."""

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.sla.domain.history import ClockEvent, to_clock_event
from services.sla.domain.rounds import Round, rounds_of
from shared.events import Classification, HoldReason, SlaClock
from tests.unit.sla.cases import (
    answered,
    closed,
    declined,
    held,
    reclassified,
    reopened,
    replied,
    resumed,
    routed,
    split,
    triaged,
)
from tests.unit.working_time.calendars import at

pytestmark = pytest.mark.laws

COMPLAINT = Classification.COMPLAINT
ACCEPTED = at("2026-04-06 08:00")

MOVES = (
    lambda version, when: routed(version, when),
    lambda version, when: routed(version, when, "dlh"),
    lambda version, when: triaged(version, when),
    lambda version, when: declined(version, when),
    lambda version, when: answered(version, when),
    lambda version, when: answered(version, when, final=False),
    lambda version, when: held(version, when),
    lambda version, when: held(version, when, HoldReason.FIELD_WORK),
    lambda version, when: resumed(version, when),
    lambda version, when: replied(version, when),
    lambda version, when: reclassified(version, when),
    lambda version, when: reopened(version, when),
    lambda version, when: split(version, when),
    lambda version, when: closed(version, when),
    lambda version, when: closed(version, when, "system"),
)
histories = st.lists(st.sampled_from(MOVES), min_size=1, max_size=12).map(
    lambda moves: [
        event
        for version, move in enumerate(moves, 1)
        if (event := to_clock_event(move(version, f"2026-04-{version + 5:02} 09:00")))
    ]
)


@settings(max_examples=30, deadline=None)
@given(histories, st.data())
def test_more_history_never_removes_a_round_or_an_end(history: list[ClockEvent], data: st.DataObject) -> None:
    known = data.draw(st.sets(st.sampled_from(history)))

    def ends(of: list[ClockEvent]) -> dict[tuple[SlaClock, int], datetime | None]:
        rounds = rounds_of(ACCEPTED, COMPLAINT, of)
        return {(one.clock, one.number): one.end.at if one.end else None for one in rounds}

    before, after = ends([event for event in history if event in known]), ends(history)

    assert before.keys() <= after.keys()
    for key, ended_at in before.items():
        ends_now = after[key]
        assert ended_at is None or (ends_now is not None and ends_now <= ended_at)


@settings(max_examples=30, deadline=None)
@given(histories)
def test_of_each_clock_at_most_the_last_round_runs(history: list[ClockEvent]) -> None:
    for clock, rounds in story_of(history).items():
        assert all(one.end for one in rounds[:-1]), clock
        assert [one.number for one in rounds] == list(range(1, len(rounds) + 1))
        assert all(earlier.end and earlier.end.at <= later.started_at for earlier, later in pairwise(rounds))


def story_of(history: list[ClockEvent]) -> dict[SlaClock, list[Round]]:
    found = rounds_of(ACCEPTED, COMPLAINT, history)
    return {clock: [one for one in found if one.clock is clock] for clock in SlaClock}


@settings(max_examples=30, deadline=None)
@given(histories, st.data())
def test_later_events_never_change_an_ended_round(history: list[ClockEvent], data: st.DataObject) -> None:
    prefix = history[: data.draw(st.integers(0, len(history)))]

    ended = {one for one in rounds_of(ACCEPTED, COMPLAINT, prefix) if one.end}

    assert ended <= set(rounds_of(ACCEPTED, COMPLAINT, history))
