from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.correspondence import Complaint, Correspondence, Erased, RunningClock, Sealed
from services.notify.domain.projection import project
from shared.events import (
    ClockResumed,
    ClockStarted,
    ContactErased,
    DueChanged,
    EventData,
    Location,
    SealScheme,
    SlaClock,
    TicketHeld,
    TicketProgressed,
    TicketReclassified,
    TicketRouted,
    TriageRequested,
    UpdateRefused,
)
from tests.builders import TICKET, TRACKING, accepted
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import LATER, TICKET_FACT, contact, said, started

pytestmark = pytest.mark.unit

EMPTY = Correspondence(TICKET)
NAMED = replace(EMPTY, tracking_id=TRACKING)


def reclassified(**changes: Any) -> TicketReclassified:
    fields = {"classification": "complaint_supervisory", "was": "complaint", "reason": "perlu pemeriksaan"}
    return TicketReclassified.model_validate(TICKET_FACT | fields | changes)


def test_a_sealed_contact_is_kept_sealed() -> None:
    sealed = contact(locale="en")

    state = project(EMPTY, sealed)

    assert state == replace(EMPTY, contact=Sealed(sealed.sealed, "k1", "en", SealScheme.HPKE))


def test_an_erased_contact_is_forgotten() -> None:
    state = project(project(EMPTY, contact()), ContactErased(ticket_id=TICKET))

    assert state == replace(EMPTY, contact=Erased())


def test_a_complaint_is_projected_for_notices() -> None:
    place = Location(text="depan pasar", kelurahan="Ciputat", kecamatan="Ciputat")
    data = accepted(location=place, missing=("evidence",), flags=("possible_emergency",), classification="complaint")

    state = project(EMPTY, data)

    complaint = Complaint("Jalan berlubang", "depan pasar, Ciputat", "complaint", ("evidence",), emergency=True)
    assert state == replace(NAMED, complaint=complaint)
    assert state.is_emergency


def test_a_complaint_without_a_place_names_none() -> None:
    state = project(EMPTY, accepted(location=Location()))

    assert state.complaint == Complaint("Jalan berlubang", None, None, (), emergency=False)
    assert not state.is_emergency


def test_routing_sets_agency_priority_and_classification() -> None:
    state = project(EMPTY, said(TicketRouted, priority="high"))

    assert replace(state, standing=NAMED.standing) == replace(
        NAMED, agency="dishub", priority="high", classification="complaint", version=2, agency_version=2
    )


def test_the_priority_of_routing_overrides_a_suspected_emergency() -> None:
    state = project(project(EMPTY, accepted(flags=("possible_emergency",))), said(TicketRouted, priority="normal"))

    assert not state.is_emergency


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_routing_changes_nothing(version: int) -> None:
    state = project(EMPTY, said(TicketRouted))

    assert project(state, said(TicketRouted, agency="dlh", version=version)) == state


def test_reclassifying_changes_the_classification() -> None:
    state = project(EMPTY, reclassified(agency=None))

    assert state == replace(NAMED, classification="complaint_supervisory", version=2)


def test_an_older_reclassifying_changes_nothing() -> None:
    state = project(EMPTY, said(TicketRouted))

    assert project(state, reclassified()) == state


def test_the_last_question_to_the_reporter_is_remembered() -> None:
    assert project(EMPTY, said(TicketHeld)).question == "Di depan toko yang mana?"


def test_a_ticket_that_goes_back_to_triage_is_with_no_agency() -> None:
    state = project(project(EMPTY, said(TicketRouted)), said(TriageRequested, version=4))

    assert (state.agency, state.agency_version, state.priority) == (None, 4, "normal")


def test_any_ticket_fact_sets_the_agency() -> None:
    """So that one fact that was missed, a dead letter, does not leave the wrong agency for good."""
    state = project(project(EMPTY, said(TicketRouted)), said(TicketProgressed, agency="dlh", version=5))

    assert (state.agency, state.agency_version) == ("dlh", 5)


def test_a_fact_that_is_replayed_late_does_not_bring_an_agency_back() -> None:
    state = project(project(EMPTY, said(TriageRequested, version=4)), said(TicketRouted, version=3))
    state = project(replace(state, agency="dlh", agency_version=4), said(TicketRouted, version=3))

    assert (state.agency, state.version, state.priority) == ("dlh", 3, "normal")


def test_a_document_of_release_0_1_0_knows_of_which_version_its_agency_is() -> None:
    stored = replace(EMPTY, agency="dlh", version=6)

    assert project(stored, said(TicketProgressed, version=5)).agency == "dlh"
    assert project(stored, said(TriageRequested, version=7)).agency is None


def test_a_refused_update_moves_no_ticket() -> None:
    refused = UpdateRefused(
        **TICKET_FACT | {"version": 9}, update_id="u", update_source="s", code="c", message_id="x.", message_en="x."
    )

    assert project(project(EMPTY, said(TicketRouted)), refused).agency == "dishub"


def test_a_started_clock_gives_its_due_time() -> None:
    state = project(EMPTY, started(SlaClock.RESPOND))

    assert state == replace(NAMED, clocks={SlaClock.RESPOND: RunningClock(NOON, LATER, in_working_time=True)})


@pytest.mark.parametrize(
    ("allowance", "in_working_time"),
    [
        ("5 working_days", True), ("4 working_hours", True), ("90 working_minutes", True),
        ("10 days", False), ("20 seconds", False),
    ],
)  # fmt: skip
def test_a_clock_that_runs_day_and_night_is_known_as_such(allowance: str, in_working_time: bool) -> None:
    state = project(EMPTY, said(ClockStarted, allowance=allowance))

    assert state.clocks[SlaClock.RESPOND].in_working_time is in_working_time


@pytest.mark.parametrize(
    "moved",
    [
        said(DueChanged, due_at=LATER + timedelta(days=1)),
        ClockResumed(
            ticket_id=TICKET, tracking_id=TRACKING, clock=SlaClock.RESPOND, resumed_at=NOON,
            due_at=LATER + timedelta(days=1),
        ),
    ],
    ids=["due changed", "resumed"],
)  # fmt: skip
def test_a_moved_due_time_replaces_the_first(moved: EventData) -> None:
    state = project(project(EMPTY, started(SlaClock.RESPOND)), moved)

    assert state.clocks == {SlaClock.RESPOND: RunningClock(NOON, LATER + timedelta(days=1), in_working_time=True)}
    assert project(EMPTY, moved) == NAMED


def test_an_event_without_news_changes_nothing() -> None:
    assert project(NAMED, said(DueChanged)) == NAMED
