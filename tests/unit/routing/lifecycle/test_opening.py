from datetime import timedelta
from typing import Any

import pytest

from services.routing.domain.lifecycle.early_updates import remember
from services.routing.domain.lifecycle.opening import file
from services.routing.domain.ticket.refusals import NOT_FOUND
from services.routing.domain.ticket.state import Answered, Awaited, Filed, InTriage, State, WithAgency
from shared.events import (
    Applied,
    Classification,
    DecidedBy,
    Decision,
    Fact,
    Location,
    Priority,
    Step,
    Tenure,
    TicketAcknowledged,
    TicketAnswered,
    TicketRouted,
    TriageRequested,
)
from tests.builders import TICKET, accepted
from tests.fakes.handler_harness import NOON
from tests.unit.routing.commands import COMMANDS
from tests.unit.routing.samples import (
    DISHUB,
    DLH,
    FOR_AGENCY,
    LATER,
    OFFICER,
    POLICY,
    at,
    head,
    refused,
    report,
    said,
    ticket,
    update,
)

pytestmark = pytest.mark.unit

LAMP = {"title": "Lampu jalan mati", "body": "PJU padam sejak seminggu."}


def filing(awaited: Awaited | None = None, **changes: Any) -> Decision[State]:
    return file(POLICY, awaited, accepted(**LAMP | changes), LATER)


def opened(**changes: Any) -> Filed:
    state = filing(**changes).state
    assert isinstance(state, Filed)
    return state


def awaiting(*updates: Any) -> Awaited:
    state: State | None = None
    for one in updates:
        assert state is None or isinstance(state, Awaited)
        state = remember(POLICY, state, one, NOON).state
    assert isinstance(state, Awaited)
    return state


def test_a_complaint_becomes_a_ticket_with_its_agency() -> None:
    decision = filing()

    routed = TicketRouted(
        **head("routed", 1), agency="dishub", agency_name="Dinas Perhubungan", classification="complaint", hop=1,
        decided_by=DecidedBy.RULE, confidence=1.0, accepted_at=NOON, submitted_at=NOON,
        explanation=(
            Step(step="rule", rule="kw-lamp", policy_version="p1", outcome="dishub: lampu jalan, pju", score=3),
            Step(step="rules", policy_version="p1", outcome="dishub", score=3),
        ),
    )  # fmt: skip
    assert decision == Applied(
        Filed(ticket(at=LATER, stays=(Tenure(agency="dishub", since=LATER),), source_id="1"), WithAgency("dishub")),
        (
            Fact(routed, "tickets.events", TICKET, LATER),
            Fact(routed.model_copy(update=FOR_AGENCY), "tickets.routed.dishub", TICKET, LATER),
        ),
    )


def test_a_complaint_with_too_little_text_goes_to_triage() -> None:
    decision = filing(title="Min", body="Kenapa begini terus", classification="aspiration", category="Hal lain")

    asked = TriageRequested(
        **head("in_triage", 1), reason="no_evidence", classification="aspiration", category="Hal lain",
        accepted_at=NOON, submitted_at=NOON,
        explanation=(
            Step(step="rules", policy_version="p1", outcome="0 points for the best agency, 3 are needed", score=0),
            Step(step="model", policy_version="p1", outcome="no text model is in use"),
        ),
    )  # fmt: skip
    told = asked.model_copy(update={"report": report(title="Min", body="Kenapa begini terus")})
    assert decision.facts == (
        Fact(asked, "tickets.events", TICKET, LATER),
        Fact(told, "tickets.triage", TICKET, LATER),
    )
    assert isinstance(decision.state, Filed)
    assert decision.state.situation == InTriage()


def test_a_report_outside_the_city_gives_the_reason() -> None:
    (routed,) = said(filing(title="", body="Listrik padam"))

    assert (routed.agency, routed.reason_id, routed.reason_en) == (
        "national_admin",
        "Listrik urusan PLN.",
        "Power is PLN's.",
    )


def test_the_agency_sees_the_report_as_intake_gave_it() -> None:
    given = {
        "location": Location(text="depan pasar", kecamatan="Ciputat", kelurahan="Sawah"),
        "attachments": ({"uri": "s3://foto/1.jpg", "media_type": "image/jpeg"},),
        "occurred_on": "2026-03-01", "anonymous": True, "confidential": True, "missing": ("description",),
        "flags": ("burst",), "follow_up_of": "K7QF-9D2MX-4T",
    }  # fmt: skip

    assert opened(**given).ticket.report == report(**given)


@pytest.mark.parametrize(
    ("changes", "classification"),
    [
        ({}, Classification.COMPLAINT),
        ({"body": "Bagaimana cara lapor lampu jalan?"}, Classification.INFORMATION_REQUEST),
        ({"body": "Bagaimana cara?", "category": "pungli"}, Classification.COMPLAINT_SUPERVISORY),
        ({"category": "pungli", "classification": "aspiration"}, Classification.ASPIRATION),
    ],
)
def test_classification_comes_from_report_then_category_then_text(
    changes: dict[str, Any], classification: Classification
) -> None:
    assert opened(**changes).ticket.classification is classification


@pytest.mark.parametrize(
    ("given", "kept"), [(None, None), ("PENERANGAN JALAN", "penerangan_jalan"), ("Hal lain", "Hal lain")]
)
def test_a_known_category_is_kept_by_its_code(given: str | None, kept: str | None) -> None:
    assert opened(category=given).ticket.category == kept


def test_priority_and_choice_of_the_reporter_are_kept() -> None:
    kept = opened(flags=("possible_emergency",), target_agency="dlh").ticket

    assert (kept.priority, kept.requested) == (Priority.EMERGENCY, "dlh")


@pytest.mark.parametrize(("kecamatan", "agency"), [("Ciputat", "kec_ciputat"), (None, None), ("Cisauk", None)])
def test_a_category_of_the_districts_goes_to_the_office_of_the_place(kecamatan: str | None, agency: str | None) -> None:
    situation = opened(title="", body="Mohon", category="kelurahan", location=at(kecamatan)).situation

    assert situation.agency == agency


def test_a_ticket_is_never_routed_before_it_was_accepted() -> None:
    decision = file(POLICY, None, accepted(**LAMP), NOON - timedelta(seconds=5))

    assert [data.at for data in said(decision)] == [NOON]


def test_remembered_updates_are_handled_once_the_complaint_comes() -> None:
    waiting = awaiting(update(COMMANDS["acknowledge"], when=NOON), update(COMMANDS["answer"], when=NOON))

    decision = filing(waiting)

    assert said(decision)[1:] == [
        TicketAcknowledged(**head("acknowledged", 2, by=DISHUB), agency="dishub"),
        TicketAnswered(**head("answered", 3, by=DISHUB), agency="dishub", answer="Selesai.", final=True),
    ]
    stays = (Tenure(agency="dishub", since=LATER),)
    assert decision.state == Filed(
        ticket(at=LATER, version=3, answers=1, updates=2, stays=stays, source_id="1"), Answered("dishub")
    )


def test_remembered_updates_are_refused_like_any_other() -> None:
    waiting = awaiting(update(COMMANDS["acknowledge"], by=DLH), update(COMMANDS["unmerge"], by=OFFICER))

    decision = filing(waiting)

    assert [data.code for data in said(decision)[1:]] == ["unchanged"]
    assert said(decision, "tickets.routed.dlh") == [refused(DLH, NOT_FOUND)]
