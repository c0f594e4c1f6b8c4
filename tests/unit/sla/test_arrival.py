"""There is no order between two topics, and dead letters come back late: what holds whatever arrives when.

The clocks, as `derive`d from the history, are the same for every order and every repetition. So is what stands at the
end of all that was said: due times, ends, and which breaches stand. How it was said on the way may differ: who hears
late corrects himself.
"""

from datetime import UTC
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.sla.domain.snapshot import ClockSnapshot, Standing
from services.sla.domain.ticket import Ticket, decide, rounds
from shared.events import (
    Classification,
    ClockBreached,
    ClockStarted,
    ComplaintAccepted,
    HoldReason,
    SlaClock,
    TicketAcknowledged,
    TicketFact,
)
from shared.events.envelope import encode_data
from tests.builders import arrival, event
from tests.unit.sla.cases import (
    LAW,
    RULES,
    accepted,
    answered,
    closed,
    declined,
    fact,
    held,
    reclassified,
    reopened,
    replied,
    resumed,
    routed,
    triaged,
)
from tests.unit.sla.harness import RESOLVE, VERIFY, ClockHarness, started
from tests.unit.working_time.calendars import at

pytestmark = pytest.mark.laws

Heard = ComplaintAccepted | TicketFact
ACCEPTED = accepted("2026-04-06 08:00")
LIFE: list[Heard] = [
    ACCEPTED,
    triaged(1, "2026-04-06 08:01"),
    routed(2, "2026-04-07 09:00"),
    declined(3, "2026-04-09 10:00"),
    routed(4, "2026-04-09 10:00", "dlh"),
    held(5, "2026-04-13 09:00"),
    replied(6, "2026-04-15 09:00"),
    resumed(7, "2026-04-15 09:00"),
    held(8, "2026-04-16 09:00", HoldReason.FIELD_WORK),
    reclassified(9, "2026-04-17 08:00"),
    resumed(10, "2026-04-30 09:00"),
    answered(11, "2026-05-04 09:00", final=False),
    answered(12, "2026-08-10 09:00"),
    reopened(13, "2026-08-11 09:00"),
    answered(14, "2026-08-12 09:00"),
    closed(15, "2026-08-13 09:00"),
]


def stands(told: ClockSnapshot) -> dict[str, Any]:
    """Return what is true for good of all that was said about a round."""
    late = told.breach.standing in (Standing.OPEN, Standing.CLEARED)
    ending = told.ending and (told.ending.kind, told.ending.at)
    return {"due_at": told.due_at, "paused": told.paused, "late": late, "ending": ending, "basis": told.basis}


def end_of(harness: ClockHarness) -> tuple[Any, ...]:
    ticket = harness.ticket
    assert ticket is not None
    told = {(one.clock, one.round): stands(one) for one in ticket.told}
    return rounds(ticket), ticket.history, ticket.accepted_at, told, ticket.wakes_at


def after(*heard: Heard, now: str = "2026-08-13 10:00") -> ClockHarness:
    """Return a harness that heard all this, in this order, at one moment after it all happened."""
    harness = ClockHarness()
    harness.receive(*heard, now=now)
    harness.look(at(now))
    return harness


IN_ORDER = end_of(after(*LIFE))


def test_what_was_read_as_json_is_told_in_the_same_bytes() -> None:
    read = [type(heard).model_validate_json(encode_data(heard)) for heard in LIFE]
    built, decoded = after(*LIFE), after(*read)

    assert [encode_data(fact.data) for fact in decoded.facts] == [encode_data(fact.data) for fact in built.facts]
    assert end_of(decoded) == IN_ORDER


def test_instants_of_what_was_read_as_json_are_in_pythons_own_utc() -> None:
    read = [type(heard).model_validate_json(encode_data(heard)) for heard in LIFE]
    ticket = after(*read).ticket

    assert ticket is not None
    assert {step.at.tzinfo for step in ticket.history} == {UTC}
    assert {one.started_at.tzinfo for one in rounds(ticket)} == {UTC}


@settings(max_examples=12, deadline=None)
@given(st.permutations(LIFE))
def test_order_of_arrival_does_not_change_the_clocks(order: list[Heard]) -> None:
    assert end_of(after(*order)) == IN_ORDER


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(LIFE), max_size=12), st.permutations(LIFE))
def test_repeated_events_do_not_change_the_clocks(again: list[Heard], order: list[Heard]) -> None:
    assert end_of(after(*order, *again)) == IN_ORDER


@settings(max_examples=12, deadline=None)
@given(st.permutations(LIFE), st.data())
def test_sweeps_between_events_do_not_change_the_clocks(order: list[Heard], data: st.DataObject) -> None:
    harness = ClockHarness()
    for heard in order:
        harness.receive(heard, now="2026-08-13 09:30")
        if data.draw(st.booleans()):
            harness.look(at("2026-08-13 09:30"))
    harness.look(at("2026-08-13 10:00"))

    assert end_of(harness) == IN_ORDER


@settings(max_examples=12, deadline=None)
@given(st.permutations(LIFE))
def test_each_round_starts_and_breaches_at_most_once_in_any_order(order: list[Heard]) -> None:
    harness = ClockHarness()
    for heard in order:
        harness.receive(heard, now="2026-08-13 09:30")
        harness.look(at("2026-08-13 09:30"))

    for kind in (ClockStarted, ClockBreached):
        said = [(data.clock, data.round) for data in harness.all_said(kind)]
        assert len(said) == len(set(said))
    occasions = [told.occasion for told in harness.facts if told.occasion]
    assert len(occasions) == len(set(occasions))


@settings(max_examples=12, deadline=None)
@given(st.permutations(LIFE))
def test_a_late_round_always_publishes_its_breach(order: list[Heard]) -> None:
    late = {key for key, one in IN_ORDER[3].items() if one["late"]}

    breached = {(data.clock, data.round) for data in after(*order).all_said(ClockBreached)}

    assert late
    assert late <= breached


@pytest.mark.parametrize("order", list(permutations(LIFE[:4])))
def test_all_orders_of_a_short_history_give_the_same_clocks(order: tuple[Heard, ...]) -> None:
    assert end_of(after(*order, now="2026-04-09 10:00")) == end_of(after(*LIFE[:4], now="2026-04-09 10:00"))


def test_history_read_late_has_not_happened_late() -> None:
    """A backlog after an outage: everybody was in time, so no breach may be said on the way, not even for a moment."""
    harness = ClockHarness()

    harness.receive(accepted("2026-04-06 08:00"), now="2026-06-01 09:00")
    harness.receive(routed(1, "2026-04-06 09:00"), now="2026-06-01 09:00")
    harness.receive(answered(2, "2026-04-08 09:00"), now="2026-06-01 09:00")

    assert harness.all_said(ClockBreached) == []


def test_a_version_that_is_known_is_ignored_and_leaves_no_trace() -> None:
    harness = ClockHarness()
    harness.receive(ACCEPTED, routed(1, "2026-04-06 09:00"))
    before = harness.ticket

    assert harness.receive(routed(1, "2026-04-06 09:00")) == []
    assert harness.ticket is before


def test_an_event_that_moves_no_clock_is_ignored_also_for_an_unknown_ticket() -> None:
    harness = ClockHarness()

    assert harness.receive(fact(TicketAcknowledged, 2, "2026-04-06 10:00", agency="dishub")) == []
    assert harness.ticket is None


def test_a_ticket_may_be_known_from_its_routing_first() -> None:
    harness = ClockHarness()

    said = harness.receive(routed(1, "2026-04-06 09:00"))
    later = harness.receive(ACCEPTED, now="2026-04-06 09:01")

    assert [(type(data), data.clock) for data in said][:1] == [(ClockStarted, VERIFY)]
    assert later == []


def test_a_ticket_may_be_known_from_a_later_fact_first() -> None:
    harness = ClockHarness()

    assert harness.receive(declined(2, "2026-04-07 10:00")) == []
    harness.receive(routed(1, "2026-04-06 09:00"), now="2026-04-07 10:01")

    in_order = after(routed(1, "2026-04-06 09:00"), declined(2, "2026-04-07 10:00"), now="2026-04-07 10:00")
    assert end_of(harness) == end_of(in_order)


def test_of_two_times_of_acceptance_the_earlier_holds() -> None:
    harness = ClockHarness()
    harness.receive(accepted("2026-04-07 08:00"), triaged(1, "2026-04-07 08:01"))

    assert harness.ticket is not None
    assert harness.ticket.accepted_at == at("2026-04-06 08:00")


def test_the_reporters_classification_counts_until_routing_changes_it() -> None:
    harness = ClockHarness()

    harness.receive(accepted("2026-04-06 08:00", classification=LAW))

    assert harness.ticket is not None
    assert [one.classification for one in rounds(harness.ticket)] == [LAW]
    harness.receive(routed(1, "2026-04-06 09:00"))
    assert {one.clock: one.classification for one in rounds(harness.ticket)}[RESOLVE] is Classification.COMPLAINT


def test_an_event_about_no_ticket_is_a_bug() -> None:
    ours = started(VERIFY, "2026-04-06 08:00", "2026-04-09 16:00", "3 working_days")

    with pytest.raises(TypeError, match="about no ticket"):
        decide(None, event(ours), arrival(at("2026-04-06 09:00")), RULES)


def test_time_never_goes_back() -> None:
    harness = after(*LIFE[:3], now="2026-04-08 10:00")

    harness.receive(LIFE[3], now="2026-04-09 10:00")
    harness.look(at("2026-04-20 10:00"))
    ticket = harness.ticket
    harness.receive(LIFE[4], now="2026-04-20 10:00")

    assert isinstance(ticket, Ticket)
    assert harness.ticket is not None
    assert harness.ticket.as_of == ticket.as_of == at("2026-04-20 10:00")


def test_a_clock_of_an_unknown_report_is_that_of_a_complaint() -> None:
    harness = ClockHarness()

    harness.receive(ACCEPTED)

    assert harness.ticket is not None
    assert [(one.clock, one.classification) for one in rounds(harness.ticket)] == [
        (SlaClock.VERIFY, Classification.COMPLAINT)
    ]
