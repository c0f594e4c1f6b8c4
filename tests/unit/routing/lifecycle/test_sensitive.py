"""A sensitive report goes where the policy says, is urgent, is never followed with others, and can be corrected."""

from dataclasses import replace
from typing import Any

import pytest

from services.routing.domain.agency_choice.prediction import Prediction
from services.routing.domain.agency_choice.rules import SensitiveKind
from services.routing.domain.clusters.membership import FOLLOWED_ALONE, decide_link
from services.routing.domain.duplicates.candidates import NO_CANDIDATES, search_for
from services.routing.domain.lifecycle.opening import file
from services.routing.domain.lifecycle.status import tell_status
from services.routing.domain.ticket.state import Filed
from shared import topics
from shared.events import (
    Applied,
    AssignTicket,
    Classification,
    DecidedBy,
    DeclineTicket,
    LinkRefused,
    MergeTicket,
    Priority,
    ReclassifyTicket,
    Step,
    TicketLinked,
    TicketReclassified,
    TicketRouted,
    TicketStatusChanged,
    TriageRequested,
    state_after,
)
from tests.builders import TICKET, TRACKING, accepted, ticket_id
from tests.fakes.handler_harness import NOON
from tests.unit.routing.samples import DISHUB, LATER, OFFICER, POLICY, ask, filed, refusal_of, report, said

pytestmark = pytest.mark.unit

ADVICE = {"advice_id": "Telepon 112.", "advice_en": "Call 112."}
CITY = replace(POLICY, sensitive={"abuse": SensitiveKind("dlh", "desk", **ADVICE)})
FLAGS = ("possible_emergency", "sensitive", "sensitive_abuse")
SECRET = report(confidential=True, flags=FLAGS)
OTHER = ticket_id("web", "2")


def complaint(**changes: Any) -> Any:
    given = {"title": "PJU", "body": "PJU mati, anak dipukul.", "confidential": True, "flags": FLAGS}
    return accepted(**given | changes)


def opened(**changes: Any) -> Applied[Any]:
    return file(CITY, None, complaint(**changes), NOON)


def routed(decision: Applied[Any], topic: str = topics.TICKETS) -> TicketRouted:
    (found,) = (one for one in said(decision, topic) if isinstance(one, TicketRouted))
    return found


@pytest.mark.parametrize(
    "changes",
    [{}, {"target_agency": "dishub"}, {"category": "penerangan_jalan"}, {"body": "Macet, PJU padam, listrik padam."}],
    ids=["by words", "by the reporter", "by its category", "outside the city"],
)
def test_a_sensitive_report_goes_to_its_agency_whatever_else_speaks_for_another(changes: dict[str, Any]) -> None:
    found = routed(opened(**changes))

    assert (found.agency, found.decided_by) == ("dlh", DecidedBy.RULE)
    assert found.explanation == (Step(step="sensitive", rule="abuse", policy_version="p1", outcome="dlh"),)


def test_no_model_is_heard_about_it() -> None:
    sure = Prediction("m", (("dishub", 1.0),), threshold=0.5, precision=1.0)

    assert routed(file(CITY, None, complaint(), NOON, sure)).agency == "dlh"


def test_it_is_urgent_and_says_why_to_whom_it_is_told() -> None:
    found = routed(opened(flags=FLAGS[1:]))

    assert (found.priority, found.priority_reason, found.officer) == (Priority.EMERGENCY, "sensitive", "desk")
    assert (found.advice_id, found.advice_en, found.confidential) == ("Telepon 112.", "Call 112.", True)


def test_its_officer_hears_of_it_without_the_report_and_its_agency_gets_the_report() -> None:
    decision = opened()

    assert routed(decision, topics.TRIAGE).report is None
    assert routed(decision, topics.agency_topic("dlh")).report == SECRET.model_copy(
        update={"title": "PJU", "body": "PJU mati, anak dipukul.", "location": None}
    )
    assert routed(decision).report is None


def test_its_reporter_is_told_what_the_policy_advises() -> None:
    (status,) = (
        one
        for one in said(tell_status(CITY, None, opened(), NOON), topics.status_topic("web"))
        if isinstance(one, TicketStatusChanged)
    )

    assert "Telepon 112." in status.message_id
    assert "Call 112." in status.message_en
    assert "dipukul" not in status.model_dump_json()


def test_a_kind_that_the_policy_has_no_more_is_left_to_the_other_rules() -> None:
    found = routed(opened(flags=("sensitive", "sensitive_gone")))

    assert found.agency == "dishub"
    assert found.explanation[0] == Step(
        step="sensitive", rule="gone", policy_version="p1", outcome="the policy knows no such kind"
    )


def test_an_ordinary_report_says_nothing_of_all_that() -> None:
    found = routed(opened(flags=(), confidential=False))

    assert (found.priority_reason, found.officer, found.advice_id, found.confidential) == (None, None, None, None)
    assert said(opened(flags=(), confidential=False), topics.TRIAGE) == []


def test_every_fact_of_a_confidential_ticket_says_so() -> None:
    decision = ask(
        filed("routed", report=SECRET), DeclineTicket(ticket_id=TICKET, reason="Bukan kami."), DISHUB, policy=CITY
    )

    assert {one.confidential for one in said(decision)} == {True}


def test_it_is_never_compared_with_others() -> None:
    assert search_for(CITY.clusters, CITY.rulebook.book, frozenset(), complaint(), None) is None
    assert isinstance(state := opened().state, Filed)
    assert (state.ticket.sketch, state.ticket.similar, NO_CANDIDATES.fingerprint) == (None, (), None)


def test_an_officer_cannot_merge_it_into_another() -> None:
    decision = ask(filed("routed", report=SECRET), MergeTicket(ticket_id=TICKET, into=OTHER), OFFICER, policy=CITY)

    assert refusal_of(decision) == "followed_alone"


def test_another_ticket_that_is_merged_into_it_is_refused() -> None:
    link = TicketLinked(ticket_id=TICKET, member=OTHER, tracking_id=TRACKING, report=report())

    decision = decide_link(CITY, filed("routed", report=SECRET), link, LATER)

    assert isinstance(decision, Applied)
    assert said(decision, topics.LINKS) == [LinkRefused(ticket_id=OTHER, leader=TICKET, reason=FOLLOWED_ALONE)]


def test_after_a_decline_an_officer_is_asked_and_no_suggestion_quotes_its_words() -> None:
    decline = DeclineTicket(ticket_id=TICKET, reason="Bukan kami.")
    decision = ask(
        filed("routed", report=SECRET.model_copy(update={"body": "PJU sampah"})), decline, DISHUB, policy=CITY
    )

    (asked,) = (one for one in said(decision) if isinstance(one, TriageRequested))
    assert (asked.suggestions, asked.officer, asked.priority_reason) == ((), "desk", "sensitive")
    assert {step.step for step in asked.explanation} <= {"return", "stays"}


def test_an_officer_may_send_it_to_another_agency() -> None:
    assign = AssignTicket(ticket_id=TICKET, agency="dsdabmbk", reason="Jalan.")

    decision = ask(filed("routed", report=SECRET), assign, OFFICER, policy=CITY)

    assert routed(decision).agency == "dsdabmbk"


def test_an_officer_may_find_that_it_is_an_ordinary_one() -> None:
    ordinary = ReclassifyTicket(
        ticket_id=TICKET, classification=Classification.COMPLAINT, reason="Anak tangga.", ordinary=True
    )
    before = filed("routed", report=report(confidential=True, flags=FLAGS[1:]), priority=Priority.EMERGENCY)
    decision = ask(before, ordinary, OFFICER, policy=CITY)

    (found,) = (one for one in said(decision) if isinstance(one, TicketReclassified))
    assert (found.priority, found.classification) == (Priority.NORMAL, Classification.COMPLAINT)
    after = state_after(before, decision)
    assert isinstance(after, Filed)
    assert (after.ticket.report.sensitive, after.ticket.report.flags, after.ticket.report.confidential) == (
        None,
        (),
        True,
    )


def test_an_agency_may_not_say_so_and_of_an_ordinary_report_nothing_changes() -> None:
    ordinary = ReclassifyTicket(
        ticket_id=TICKET, classification=Classification.COMPLAINT, reason="Anak tangga.", ordinary=True
    )

    assert refusal_of(ask(filed("routed", report=SECRET), ordinary, DISHUB, policy=CITY)) == "not_permitted"
    assert refusal_of(ask(filed("routed"), ordinary, OFFICER, policy=CITY)) == "unchanged"
