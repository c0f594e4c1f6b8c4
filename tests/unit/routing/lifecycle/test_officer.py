from functools import partial

import pytest

from services.routing.domain.ticket import refusals
from services.routing.domain.ticket.state import Archived, Filed, Stage, WithAgency
from shared.events import (
    ArchiveTicket,
    AssignTicket,
    Classification,
    ClosedBy,
    DecidedBy,
    Fact,
    MergeTicket,
    ReclassifyTicket,
    ResendNotice,
    ResendRequested,
    Step,
    SuppressionRequested,
    SuppressNotice,
    Tenure,
    TicketArchived,
    TicketMerged,
    TicketReclassified,
    TicketResumed,
    TicketRouted,
    TicketUnassigned,
    TicketUnmerged,
    UnmergeTicket,
)
from tests.builders import TICKET, ticket_id
from tests.fakes.handler_harness import NOON
from tests.unit.routing.samples import (
    FOR_AGENCY,
    LATER,
    OFFICER,
    SITUATIONS,
    ask,
    author,
    filed,
    head,
    refusal_of,
    said,
    situation_of,
    ticket,
    why,
)

pytestmark = pytest.mark.unit

HEAD = partial(head, by=OFFICER)

LEADER, OTHER = ticket_id("web", "2"), ticket_id("web", "3")
ENDED = ["closed_by_reporter", "closed_by_system", "archived", "archived_from_triage", "withdrawn"]
OPEN = ["in_triage", "routed", "acknowledged", "in_progress", "reopened", "held", "held_for_reporter", "answered"]
ARCHIVE = ArchiveTicket(ticket_id=TICKET, reason="duplicate")


def assigned(agency: str) -> AssignTicket:
    return AssignTicket(ticket_id=TICKET, agency=agency, reason="Sesuai tugasnya.")


def reclassified(to: Classification = Classification.ASPIRATION, category: str | None = None) -> ReclassifyTicket:
    return ReclassifyTicket(ticket_id=TICKET, classification=to, category=category, reason="Usulan.")


def merged(into: str = LEADER) -> MergeTicket:
    return MergeTicket(ticket_id=TICKET, into=into)


def routed(version: int, hop: int, agency: str = "dlh", name: str = "Dinas Lingkungan Hidup") -> TicketRouted:
    return TicketRouted(
        **HEAD("routed", version), agency=agency, agency_name=name, classification="complaint", hop=hop,
        decided_by=DecidedBy.OFFICER, accepted_at=NOON, submitted_at=NOON,
        explanation=(Step(step="officer", policy_version="p1", outcome="Sesuai tugasnya."),),
    )  # fmt: skip


def test_an_officer_takes_a_ticket_off_the_triage_queue() -> None:
    decision = ask(filed("in_triage", agencies=()), assigned("dlh"), by=OFFICER)

    data = routed(version=2, hop=1)
    assert decision.facts == (
        Fact(data, "tickets.events", TICKET, LATER),
        Fact(data, "tickets.triage", TICKET, LATER),
        Fact(data.model_copy(update=FOR_AGENCY), "tickets.routed.dlh", TICKET, LATER),
    )
    stays = (Tenure(agency="dlh", since=LATER),)
    got = ticket(at=LATER, version=2, updates=1, agencies=("dlh",), stays=stays, assigned=True)
    assert decision.state == Filed(got, WithAgency("dlh"))


def test_an_officer_moves_a_ticket_from_one_agency_to_another() -> None:
    decision = ask(filed("in_progress"), assigned("dlh"), by=OFFICER)

    assert said(decision) == [routed(version=2, hop=2)]
    assert said(decision, "tickets.routed.dishub") == [
        TicketUnassigned(**HEAD("routed"), agency="dishub", reason="routed_elsewhere")
    ]
    assert situation_of(decision) == WithAgency("dlh", Stage.ROUTED)


def test_moving_a_held_ticket_ends_the_hold_first() -> None:
    decision = ask(filed("held"), assigned("dlh"), by=OFFICER)

    assert said(decision) == [TicketResumed(**HEAD("routed"), agency="dishub"), routed(version=3, hop=2)]


@pytest.mark.parametrize("situation", ["routed", "in_progress", "held"])
def test_assigning_the_agency_that_has_it_changes_nothing(situation: str) -> None:
    assert why(ask(filed(situation), assigned("dishub"), by=OFFICER)) == refusals.HAS_IT_ALREADY


def test_an_officer_can_send_an_answered_ticket_back_to_its_agency() -> None:
    decision = ask(filed("answered"), assigned("dishub"), by=OFFICER)

    data = routed(2, 2, "dishub", "Dinas Perhubungan")
    assert said(decision) == [data]
    assert said(decision, "tickets.routed.dishub") == [data.model_copy(update=FOR_AGENCY)]


def test_an_unknown_agency_is_not_assigned() -> None:
    (refused,) = said(ask(filed("in_triage"), assigned("dinas_x"), by=OFFICER))

    assert (refused.code, refused.message_en) == ("unknown_agency", "There is no agency with the code 'dinas_x'.")


@pytest.mark.parametrize("situation", ENDED)
def test_what_has_ended_is_not_moved_changed_or_merged(situation: str) -> None:
    commands = (assigned("dlh"), reclassified(), merged())

    assert {refusal_of(ask(filed(situation), command, by=OFFICER)) for command in commands} == {"wrong_state"}


@pytest.mark.parametrize("situation", OPEN)
def test_a_report_is_corrected_where_it_is(situation: str) -> None:
    decision = ask(filed(situation), reclassified(category="Penerangan Jalan"), by=OFFICER)

    now = SITUATIONS[situation]
    assert said(decision) == [
        TicketReclassified(
            **HEAD(situation.removesuffix("_for_reporter")), agency=now.agency,
            classification=Classification.ASPIRATION, was=Classification.COMPLAINT, category="penerangan_jalan",
            reason="Usulan.",
        )
    ]  # fmt: skip
    assert situation_of(decision) == now


def test_a_category_that_nobody_knows_is_kept_as_it_was_written() -> None:
    decision = ask(filed(), reclassified(Classification.COMPLAINT, "Hal lain"), by=OFFICER)

    assert [data.category for data in said(decision)] == ["Hal lain"]


@pytest.mark.parametrize("category", [None, "penerangan_jalan"])
def test_correcting_nothing_changes_nothing(category: str | None) -> None:
    state = filed(category="penerangan_jalan")

    decision = ask(state, reclassified(Classification.COMPLAINT, category), by=OFFICER)

    assert why(decision) == refusals.THAT_KIND_ALREADY


@pytest.mark.parametrize("situation", OPEN)
def test_an_officer_archives_what_has_not_ended(situation: str) -> None:
    decision = ask(filed(situation), ARCHIVE, by=OFFICER)

    agency = SITUATIONS[situation].agency
    data = TicketArchived(
        **head("archived"), agency=agency, by=ClosedBy.OFFICER, by_whom=author(OFFICER), reason="duplicate"
    )
    topic = "tickets.routed.dishub" if agency else "tickets.triage"
    assert said(decision) == said(decision, topic) == [data]
    assert situation_of(decision) == Archived(agency, "duplicate")


def test_archiving_twice_changes_nothing() -> None:
    assert why(ask(filed("archived"), ARCHIVE, by=OFFICER)) == refusals.ARCHIVED_BEFORE


@pytest.mark.parametrize("situation", ["closed_by_reporter", "closed_by_system", "withdrawn"])
def test_what_has_ended_otherwise_is_not_archived(situation: str) -> None:
    assert refusal_of(ask(filed(situation), ARCHIVE, by=OFFICER)) == "wrong_state"


@pytest.mark.parametrize("situation", OPEN)
def test_a_merged_ticket_keeps_its_own_situation(situation: str) -> None:
    decision = ask(filed(situation), merged(), by=OFFICER)

    now = SITUATIONS[situation]
    name = situation.removesuffix("_for_reporter")
    assert said(decision) == [TicketMerged(**HEAD(name), agency=now.agency, into=LEADER)]
    assert decision.state is not None
    assert decision.state == Filed(filed(situation, at=LATER, version=2, updates=1, cluster=LEADER).ticket, now)


@pytest.mark.parametrize(("into", "outcome"), [(TICKET, "merged_with_itself"), (OTHER, "already_merged")])
def test_a_ticket_is_merged_with_one_other_only(into: str, outcome: str) -> None:
    assert refusal_of(ask(filed(cluster=LEADER), merged(into), by=OFFICER)) == outcome


def test_merging_twice_changes_nothing() -> None:
    decision = ask(filed(cluster=LEADER), merged(), by=OFFICER)

    assert why(decision) == refusals.FOLLOWS_THAT_ONE


@pytest.mark.parametrize("situation", ["routed", "closed_by_system"])
def test_a_merge_can_be_taken_back_even_after_the_end(situation: str) -> None:
    decision = ask(filed(situation, cluster=LEADER), UnmergeTicket(ticket_id=TICKET), by=OFFICER)

    name = situation.removesuffix("_by_system")
    assert said(decision) == [TicketUnmerged(**HEAD(name), agency="dishub")]
    assert isinstance(decision.state, Filed)
    assert decision.state.ticket.cluster is None


def test_taking_back_no_merge_changes_nothing() -> None:
    decision = ask(filed(), UnmergeTicket(ticket_id=TICKET), by=OFFICER)

    assert why(decision) == refusals.FOLLOWS_NOBODY


def test_what_is_to_become_of_notices_is_told_to_notify_and_to_no_agency() -> None:
    before = filed("closed_by_reporter")
    asked = ResendNotice(ticket_id=TICKET, notice="answered", delivery_id=OTHER, again=True, reason="Surel pulih.")

    decision = ask(before, asked, by=OFFICER)

    data = ResendRequested(
        **HEAD("closed"), agency="dishub", notice="answered", delivery_id=OTHER, again=True, reason="Surel pulih."
    )
    assert decision.facts == (Fact(data, "tickets.events", TICKET, LATER),)
    assert situation_of(decision) == before.situation


def test_all_notices_of_a_ticket_can_be_held_back() -> None:
    decision = ask(filed("routed"), SuppressNotice(ticket_id=TICKET, reason="Ditelepon."), by=OFFICER)

    assert decision.facts == (
        Fact(
            SuppressionRequested(**HEAD("routed"), agency="dishub", reason="Ditelepon."),
            "tickets.events",
            TICKET,
            LATER,
        ),
    )
