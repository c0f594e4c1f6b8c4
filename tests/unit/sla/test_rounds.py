from datetime import datetime
from typing import Any

import pytest

from services.sla.domain.history import to_clock_event
from services.sla.domain.rounds import Hold, Met, Round, Stopped, rounds_of
from shared.events import (
    Classification,
    EventData,
    HoldReason,
    SlaClock,
    TicketAcknowledged,
    TicketArchived,
    TicketMerged,
    TicketProgressed,
    TicketUnmerged,
    TicketWithdrawn,
    UpdateRefused,
)
from tests.unit.sla.cases import (
    LAW,
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
from tests.unit.working_time.calendars import at

pytestmark = pytest.mark.unit

VERIFY, RESPOND, RESOLVE = SlaClock.VERIFY, SlaClock.RESPOND, SlaClock.RESOLVE
COMPLETE, FEEDBACK = SlaClock.COMPLETE, SlaClock.FEEDBACK
COMPLAINT = Classification.COMPLAINT
ACCEPTED = at("2026-04-06 08:00")
ROUTED = at("2026-04-06 09:00")


def story(*facts: EventData, accepted_at: datetime | None = ACCEPTED) -> dict[SlaClock, tuple[Round, ...]]:
    """Return the rounds by clock that follow from these facts."""
    history = [event for data in facts if (event := to_clock_event(data)) is not None]
    found = rounds_of(accepted_at, COMPLAINT, history)
    return {clock: tuple(one for one in found if one.clock is clock) for clock in SlaClock}


def round_(clock: SlaClock, started_at: datetime, number: int = 1, **about: Any) -> Round:
    return Round(clock, number, started_at, **({"classification": COMPLAINT} | about))


def test_verify_runs_from_acceptance_to_the_first_agency() -> None:
    waiting, found = story(), story(routed(1, "2026-04-06 09:00"))

    assert waiting[VERIFY] == (round_(VERIFY, ACCEPTED),)
    assert found[VERIFY] == (round_(VERIFY, ACCEPTED, end=Met(ROUTED)),)


def test_triage_keeps_verify_running() -> None:
    rounds = story(triaged(1, "2026-04-06 08:01"))

    assert rounds == story()
    assert rounds[VERIFY] == (round_(VERIFY, ACCEPTED),)


def test_an_agency_starts_respond_and_resolve() -> None:
    rounds = story(routed(1, "2026-04-06 09:00"))

    assert rounds[RESPOND] == (round_(RESPOND, ROUTED, agency="dishub"),)
    assert rounds[RESOLVE] == (round_(RESOLVE, ROUTED, agency="dishub"),)
    assert rounds[COMPLETE] == rounds[FEEDBACK] == ()


def test_a_first_answer_meets_respond_and_a_final_one_resolve() -> None:
    rounds = story(
        routed(1, "2026-04-06 09:00"), answered(2, "2026-04-07 10:00", final=False), answered(3, "2026-04-08 11:00")
    )

    assert rounds[RESPOND] == (round_(RESPOND, ROUTED, agency="dishub", end=Met(at("2026-04-07 10:00"))),)
    assert rounds[RESOLVE] == (round_(RESOLVE, ROUTED, agency="dishub", end=Met(at("2026-04-08 11:00"))),)
    assert rounds[FEEDBACK] == (round_(FEEDBACK, at("2026-04-08 11:00"), agency="dishub"),)


@pytest.mark.parametrize("agency", ["dsdabmbk", "dishub"])
def test_declining_starts_respond_anew_and_lets_resolve_run_through(agency: str) -> None:
    rounds = story(
        routed(1, "2026-04-06 09:00"), declined(2, "2026-04-07 10:00"), routed(3, "2026-04-07 10:00", agency)
    )

    assert rounds[RESPOND] == (
        round_(RESPOND, ROUTED, agency="dishub", end=Stopped(at("2026-04-07 10:00"), "declined")),
        round_(RESPOND, at("2026-04-07 10:00"), 2, agency=agency),
    )
    assert rounds[RESOLVE] == (round_(RESOLVE, ROUTED, agency=agency),)


def test_a_declined_ticket_in_triage_must_find_an_agency_within_a_new_round_of_verify() -> None:
    rounds = story(routed(1, "2026-04-06 09:00"), declined(2, "2026-04-07 10:00"), triaged(3, "2026-04-07 10:00"))

    assert rounds[VERIFY] == (
        round_(VERIFY, ACCEPTED, end=Met(ROUTED)),
        round_(VERIFY, at("2026-04-07 10:00"), 2),
    )
    assert rounds[RESOLVE] == (round_(RESOLVE, ROUTED, agency=None),)


def test_an_officers_other_choice_starts_respond_anew() -> None:
    rounds = story(routed(1, "2026-04-06 09:00"), routed(2, "2026-04-07 10:00", "dlh"))

    assert rounds[RESPOND] == (
        round_(RESPOND, ROUTED, agency="dishub", end=Stopped(at("2026-04-07 10:00"), "reassigned")),
        round_(RESPOND, at("2026-04-07 10:00"), 2, agency="dlh"),
    )
    assert rounds[RESOLVE] == (round_(RESOLVE, ROUTED, agency="dlh"),)


def test_routing_to_the_agency_that_has_it_changes_nothing() -> None:
    once = story(routed(1, "2026-04-06 09:00"), answered(2, "2026-04-06 10:00", final=False))
    twice = story(
        routed(1, "2026-04-06 09:00"),
        answered(2, "2026-04-06 10:00", final=False),
        routed(3, "2026-04-07 09:00"),
    )

    assert twice == once


def test_routing_after_the_final_answer_starts_the_agencys_clocks_anew() -> None:
    rounds = story(routed(1, "2026-04-06 09:00"), answered(2, "2026-04-07 10:00"), routed(3, "2026-04-08 09:00"))

    begun = at("2026-04-08 09:00")
    assert rounds[RESPOND][1:] == (round_(RESPOND, begun, 2, agency="dishub"),)
    assert rounds[RESOLVE][1:] == (round_(RESOLVE, begun, 2, agency="dishub"),)
    assert rounds[FEEDBACK] == (
        round_(FEEDBACK, at("2026-04-07 10:00"), agency="dishub", end=Stopped(begun, "reassigned")),
    )


def test_holding_for_the_reporter_starts_complete_and_resuming_meets_it() -> None:
    rounds = story(routed(1, "2026-04-06 09:00"), held(2, "2026-04-07 10:00"), resumed(3, "2026-04-08 11:00"))

    hold = Hold(HoldReason.NEEDS_REPORTER, at("2026-04-07 10:00"), ended_at=at("2026-04-08 11:00"))
    assert rounds[RESPOND] == (round_(RESPOND, ROUTED, agency="dishub", holds=(hold,)),)
    assert rounds[RESOLVE] == (round_(RESOLVE, ROUTED, agency="dishub", holds=(hold,)),)
    assert rounds[COMPLETE] == (
        round_(COMPLETE, at("2026-04-07 10:00"), agency="dishub", end=Met(at("2026-04-08 11:00"))),
    )


def test_the_reporters_reply_ends_a_hold_for_the_reporter() -> None:
    rounds = story(
        routed(1, "2026-04-06 09:00"),
        held(2, "2026-04-07 10:00"),
        replied(3, "2026-04-08 11:00"),
        resumed(4, "2026-04-08 11:00"),
    )

    assert rounds == story(routed(1, "2026-04-06 09:00"), held(2, "2026-04-07 10:00"), resumed(3, "2026-04-08 11:00"))


def test_a_reply_moves_no_clock_while_the_ticket_waits_for_something_else() -> None:
    waiting = (routed(1, "2026-04-06 09:00"), held(2, "2026-04-07 10:00", HoldReason.FIELD_WORK))

    assert story(*waiting, replied(3, "2026-04-08 11:00")) == story(*waiting)
    assert story(*waiting)[COMPLETE] == ()


def test_an_answer_on_the_way_leaves_a_hold_as_it_is() -> None:
    rounds = story(
        routed(1, "2026-04-06 09:00"), held(2, "2026-04-07 10:00"), answered(3, "2026-04-08 11:00", final=False)
    )

    hold = Hold(HoldReason.NEEDS_REPORTER, at("2026-04-07 10:00"))
    assert rounds[RESOLVE] == (round_(RESOLVE, ROUTED, agency="dishub", holds=(hold,)),)
    assert rounds[COMPLETE] == (round_(COMPLETE, at("2026-04-07 10:00"), agency="dishub"),)


def test_holding_again_is_another_hold_and_another_question() -> None:
    rounds = story(
        routed(1, "2026-04-06 09:00"),
        held(2, "2026-04-07 10:00"),
        resumed(3, "2026-04-07 11:00"),
        held(4, "2026-04-08 10:00", until="2026-04-09 12:00"),
    )

    assert rounds[RESOLVE][0].holds == (
        Hold(HoldReason.NEEDS_REPORTER, at("2026-04-07 10:00"), ended_at=at("2026-04-07 11:00")),
        Hold(HoldReason.NEEDS_REPORTER, at("2026-04-08 10:00"), at("2026-04-09 12:00")),
    )
    assert [one.number for one in rounds[COMPLETE]] == [1, 2]


def test_a_hold_counts_for_clocks_that_run_only() -> None:
    rounds = story(
        routed(1, "2026-04-06 09:00"),
        answered(2, "2026-04-06 10:00", final=False),
        held(3, "2026-04-07 10:00", HoldReason.NEEDS_OTHER_AGENCY),
    )

    assert rounds[RESPOND][0].holds == ()
    assert rounds[RESOLVE][0].holds == (Hold(HoldReason.NEEDS_OTHER_AGENCY, at("2026-04-07 10:00")),)


def test_confirming_meets_feedback_and_silence_stops_it() -> None:
    answer = (routed(1, "2026-04-06 09:00"), answered(2, "2026-04-07 10:00"))
    begun, ended = at("2026-04-07 10:00"), at("2026-04-08 08:00")

    confirmed = story(*answer, closed(3, "2026-04-08 08:00", "reporter"))
    silent = story(*answer, closed(3, "2026-04-08 08:00", "system"))

    assert confirmed[FEEDBACK] == (round_(FEEDBACK, begun, agency="dishub", end=Met(ended)),)
    assert silent[FEEDBACK] == (round_(FEEDBACK, begun, agency="dishub", end=Stopped(ended, "closed")),)


def test_disputing_meets_feedback_and_starts_a_new_round_of_both_agency_clocks() -> None:
    rounds = story(routed(1, "2026-04-06 09:00"), answered(2, "2026-04-07 10:00"), reopened(3, "2026-04-08 08:00"))

    again = at("2026-04-08 08:00")
    assert rounds[FEEDBACK][0].end == Met(again)
    assert rounds[RESPOND][1:] == (round_(RESPOND, again, 2, agency="dishub"),)
    assert rounds[RESOLVE][1:] == (round_(RESOLVE, again, 2, agency="dishub"),)


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (closed(3, "2026-04-08 08:00", "agency"), "closed"),
        (fact(TicketArchived, 3, "2026-04-08 08:00", reason="spam"), "archived"),
        (fact(TicketWithdrawn, 3, "2026-04-08 08:00"), "withdrawn"),
    ],
)
def test_the_end_of_a_ticket_stops_all_that_runs(end: EventData, why: str) -> None:
    rounds = story(routed(1, "2026-04-06 09:00"), held(2, "2026-04-07 10:00"), end)

    stopped = Stopped(at("2026-04-08 08:00"), why)
    assert [rounds[clock][-1].end for clock in (RESPOND, RESOLVE, COMPLETE)] == [stopped] * 3
    assert rounds[VERIFY][0].end == Met(ROUTED)


def test_withdrawing_an_unrouted_ticket_stops_verify() -> None:
    rounds = story(fact(TicketWithdrawn, 1, "2026-04-06 08:30"))

    assert rounds[VERIFY] == (round_(VERIFY, ACCEPTED, end=Stopped(at("2026-04-06 08:30"), "withdrawn")),)


def test_reclassifying_changes_what_runs_and_leaves_what_has_ended() -> None:
    rounds = story(
        routed(1, "2026-04-06 09:00"), answered(2, "2026-04-06 10:00", final=False), reclassified(3, "2026-04-07 08:00")
    )

    assert rounds[RESOLVE] == (round_(RESOLVE, ROUTED, agency="dishub", classification=LAW),)
    assert rounds[RESPOND][0].classification is COMPLAINT


def test_a_new_round_begins_with_the_classification_of_its_time() -> None:
    rounds = story(
        routed(1, "2026-04-06 09:00"),
        reclassified(2, "2026-04-07 08:00"),
        answered(3, "2026-04-08 08:00"),
        reopened(4, "2026-04-09 08:00"),
    )

    assert [one.classification for one in rounds[RESOLVE]] == [LAW, LAW]


@pytest.mark.parametrize(
    "noise",
    [
        fact(TicketAcknowledged, 2, "2026-04-07 08:00", agency="dishub"),
        fact(TicketProgressed, 2, "2026-04-07 08:00", agency="dishub", note="Sedang dikerjakan."),
        fact(TicketMerged, 2, "2026-04-07 08:00", into="0b5cf3b4-96ff-5a3d-8a5c-6a2a52f7d9a1"),
        fact(TicketUnmerged, 2, "2026-04-07 08:00"),
        fact(
            UpdateRefused, 2, "2026-04-07 08:00", update_id="1", update_source="/agencies/dlh",
            code="wrong_agency", message_id="Tidak.", message_en="No.",
        ),
    ],
    ids=lambda data: type(data).__name__,
)  # fmt: skip
def test_comments_links_and_refusals_move_no_clock(noise: EventData) -> None:
    assert to_clock_event(noise) is None


def test_a_history_never_runs_backwards() -> None:
    rounds = story(routed(1, "2026-04-06 07:59"), answered(2, "2026-04-06 07:58"))

    assert rounds[VERIFY] == (round_(VERIFY, ACCEPTED, end=Met(ACCEPTED)),)
    assert rounds[RESOLVE] == (round_(RESOLVE, ACCEPTED, agency="dishub", end=Met(ACCEPTED)),)


def test_without_the_acceptance_the_other_clocks_run_all_the_same() -> None:
    rounds = story(declined(3, "2026-04-07 10:00"), accepted_at=None)

    assert rounds == dict.fromkeys(SlaClock, ())
