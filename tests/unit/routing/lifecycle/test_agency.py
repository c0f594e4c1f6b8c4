from dataclasses import replace
from functools import partial

import pytest

from services.routing.domain.ticket.refusals import HELD_FOR_THAT, NOT_HELD
from services.routing.domain.ticket.state import Answered, Filed, Held, InTriage, Stage, WithAgency
from shared.events import (
    AcknowledgeTicket,
    AnswerTicket,
    Applied,
    Attachment,
    DecidedBy,
    DeclineTicket,
    Fact,
    HoldReason,
    HoldTicket,
    ProgressTicket,
    ResumeTicket,
    Step,
    Suggestion,
    Tenure,
    TicketAcknowledged,
    TicketAnswered,
    TicketDeclined,
    TicketHeld,
    TicketProgressed,
    TicketResumed,
    TicketRouted,
    TicketUnassigned,
    TriageRequested,
    UpdateRefused,
)
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.unit.routing.samples import (
    DISHUB,
    FOR_AGENCY,
    LATER,
    OFFICER,
    POLICY,
    SITUATIONS,
    UPDATE_ID,
    ask,
    filed,
    head,
    report,
    said,
    situation_of,
    ticket,
    why,
)

pytestmark = pytest.mark.unit

HEAD = partial(head, by=DISHUB)

PHOTO = Attachment(uri="s3://foto/1.jpg", media_type="image/jpeg")
DECLINE = DeclineTicket(ticket_id=TICKET, reason="Bukan wewenang kami.")


def test_acknowledging_is_published_to_history_and_agency() -> None:
    decision = ask(filed(), AcknowledgeTicket(ticket_id=TICKET, note="Diterima."))

    data = TicketAcknowledged(**HEAD("acknowledged"), agency="dishub", note="Diterima.")
    assert decision == Applied(
        Filed(ticket(at=LATER, version=2, updates=1), WithAgency("dishub", Stage.ACKNOWLEDGED)),
        (Fact(data, "tickets.events", TICKET, LATER), Fact(data, "tickets.routed.dishub", TICKET, LATER)),
    )


def test_acknowledging_twice_changes_nothing_and_is_answered() -> None:
    decision = ask(filed("acknowledged"), AcknowledgeTicket(ticket_id=TICKET))

    data = UpdateRefused(
        **HEAD("acknowledged"), agency="dishub", update_id=UPDATE_ID, update_source=DISHUB, code="unchanged",
        message_id="Laporan ini sudah pernah dinyatakan diterima; tidak ada yang berubah.",
        message_en="This ticket has been acknowledged before; nothing changes.",
    )  # fmt: skip
    assert decision == Applied(
        Filed(ticket(at=LATER, version=2, updates=1), SITUATIONS["acknowledged"]),
        (Fact(data, "tickets.events", TICKET, LATER), Fact(data, "tickets.routed.dishub", TICKET, LATER)),
    )


@pytest.mark.parametrize("stage", [Stage.ROUTED, Stage.REOPENED])
def test_a_held_ticket_can_be_acknowledged_and_stays_held(stage: Stage) -> None:
    held = Held("dishub", stage, HoldReason.FIELD_WORK)

    decision = ask(filed(held), AcknowledgeTicket(ticket_id=TICKET))

    assert situation_of(decision) == Held("dishub", Stage.ACKNOWLEDGED, HoldReason.FIELD_WORK)


def test_progress_is_published_with_its_attachments() -> None:
    decision = ask(filed(), ProgressTicket(ticket_id=TICKET, note="Tiang dicek.", attachments=(PHOTO,)))

    data = TicketProgressed(**HEAD("in_progress"), agency="dishub", note="Tiang dicek.", attachments=(PHOTO,))
    assert said(decision) == said(decision, "tickets.routed.dishub") == [data]
    assert situation_of(decision) == WithAgency("dishub", Stage.IN_PROGRESS)


@pytest.mark.parametrize(
    "command",
    [
        ProgressTicket(ticket_id=TICKET, note="Masih menunggu."),
        AnswerTicket(ticket_id=TICKET, answer="Sementara ini.", final=False),
    ],
)
def test_what_does_not_end_the_work_does_not_end_a_hold(command: ProgressTicket | AnswerTicket) -> None:
    decision = ask(filed("held"), command)

    assert situation_of(decision) == Held("dishub", Stage.IN_PROGRESS, HoldReason.FIELD_WORK)


def test_an_answer_that_is_not_final_keeps_the_agency_at_work() -> None:
    decision = ask(filed(), AnswerTicket(ticket_id=TICKET, answer="Sudah dijadwalkan.", final=False))

    data = TicketAnswered(**HEAD("in_progress"), agency="dishub", answer="Sudah dijadwalkan.", final=False)
    assert said(decision) == [data]
    assert decision.state == Filed(ticket(at=LATER, version=2, updates=1), WithAgency("dishub", Stage.IN_PROGRESS))


def test_a_final_answer_waits_for_the_reporter() -> None:
    decision = ask(filed(), AnswerTicket(ticket_id=TICKET, answer="Lampu menyala.", attachments=(PHOTO,), final=True))

    data = TicketAnswered(
        **HEAD("answered"), agency="dishub", answer="Lampu menyala.", attachments=(PHOTO,), final=True
    )
    assert said(decision) == said(decision, "tickets.routed.dishub") == [data]
    assert decision.state == Filed(ticket(at=LATER, version=2, updates=1, answers=1), Answered("dishub"))


def test_a_final_answer_ends_a_hold_first() -> None:
    decision = ask(filed("held"), AnswerTicket(ticket_id=TICKET, answer="Beres.", final=True))

    assert said(decision) == [
        TicketResumed(**HEAD("routed"), agency="dishub"),
        TicketAnswered(**HEAD("answered", 3), agency="dishub", answer="Beres.", final=True),
    ]


@pytest.mark.parametrize(("reason", "questions"), [(HoldReason.NEEDS_REPORTER, 1), (HoldReason.NEEDS_OTHER_AGENCY, 0)])
def test_a_hold_counts_as_a_question_only_if_it_waits_for_the_reporter(reason: HoldReason, questions: int) -> None:
    decision = ask(
        filed("acknowledged"), HoldTicket(ticket_id=TICKET, reason=reason, question="Yang mana?", until=LATER)
    )

    data = TicketHeld(**HEAD("held"), agency="dishub", reason=reason, question="Yang mana?", until=LATER)
    assert said(decision) == said(decision, "tickets.routed.dishub") == [data]
    assert decision.state == Filed(
        ticket(at=LATER, version=2, updates=1, questions=questions),
        Held("dishub", Stage.ACKNOWLEDGED, reason, "Yang mana?", LATER),
    )


def test_holding_again_for_the_same_reason_changes_nothing() -> None:
    decision = ask(filed("held"), HoldTicket(ticket_id=TICKET, reason=HoldReason.FIELD_WORK))

    assert why(decision) == HELD_FOR_THAT


def test_work_goes_on_where_it_was_held() -> None:
    decision = ask(filed("held_for_reporter"), ResumeTicket(ticket_id=TICKET, note="Sudah jelas."))

    assert said(decision) == [TicketResumed(**HEAD("acknowledged"), agency="dishub", note="Sudah jelas.")]
    assert situation_of(decision) == WithAgency("dishub", Stage.ACKNOWLEDGED)


@pytest.mark.parametrize("situation", ["in_triage", "routed", "answered"])
def test_resuming_what_is_not_held_changes_nothing(situation: str) -> None:
    decision = ask(filed(situation), ResumeTicket(ticket_id=TICKET), by=OFFICER)

    assert why(decision) == NOT_HELD


def test_a_declined_ticket_is_tried_once_with_the_agency_that_was_named() -> None:
    command = DECLINE.model_copy(update={"suggested_agency": "dlh"})

    decision = ask(filed("acknowledged"), command)

    routed = TicketRouted(
        **HEAD("routed", 3), agency="dlh", agency_name="Dinas Lingkungan Hidup", classification="complaint", hop=2,
        decided_by=DecidedBy.RULE, accepted_at=NOON, submitted_at=NOON,
        explanation=(Step(step="return", policy_version="p1", outcome="dishub declined and named dlh"),),
    )  # fmt: skip
    assert decision.facts == (
        Fact(
            TicketDeclined(
                **HEAD("acknowledged"), agency="dishub", reason="Bukan wewenang kami.", suggested_agency="dlh"
            ),
            "tickets.events",
            TICKET,
            LATER,
        ),
        Fact(routed, "tickets.events", TICKET, LATER),
        Fact(routed.model_copy(update=FOR_AGENCY), "tickets.routed.dlh", TICKET, LATER),
        Fact(
            TicketUnassigned(**HEAD("routed", 3), agency="dishub", reason="routed_elsewhere"),
            "tickets.routed.dishub",
            TICKET,
            LATER,
        ),
    )
    got = ticket(
        at=LATER,
        version=3,
        updates=1,
        agencies=("dishub", "dlh"),
        returns=1,
        stays=(Tenure(agency="dlh", since=LATER),),
    )
    assert decision.state == Filed(got, WithAgency("dlh", Stage.ROUTED))


def test_a_declined_ticket_without_a_named_agency_goes_to_an_officer() -> None:
    decision = ask(filed(report=report(body="Sampah juga menumpuk.")), DECLINE)

    asked = TriageRequested(
        **HEAD("in_triage", 3), reason="declined", classification="complaint", accepted_at=NOON, submitted_at=NOON,
        explanation=(Step(step="return", policy_version="p1", outcome="dishub declined"),),
        suggestions=(Suggestion(agency="dlh", score=3, why="kw-waste: sampah"),),
    )  # fmt: skip
    assert said(decision)[1:] == [asked]
    assert said(decision, "tickets.triage") == [
        asked.model_copy(update={"report": report(body="Sampah juga menumpuk.")})
    ]
    assert said(decision, "tickets.routed.dishub") == [
        TicketUnassigned(**HEAD("in_triage", 3), agency="dishub", reason="triage_requested")
    ]
    assert situation_of(decision) == InTriage()


@pytest.mark.parametrize(
    ("suggested", "before", "policy", "offered"),
    [
        ("dishub", ("dishub",), POLICY, ("dishub",)),
        ("dlh", ("dlh", "dishub"), replace(POLICY, hops_max=5), ("dlh",)),
        ("dlh", ("dsdabmbk", "dishub"), POLICY, ("dlh",)),
        ("dlh", ("dishub",), replace(POLICY, try_suggested=False), ("dlh",)),
        ("dinas_x", ("dishub",), POLICY, ()),
    ],
)
def test_a_named_agency_is_not_tried_if_it_is_unknown_or_had_it_or_too_many_had(
    suggested: str, before: tuple[str, ...], policy: object, offered: tuple[str, ...]
) -> None:
    command = DECLINE.model_copy(update={"suggested_agency": suggested})

    decision = ask(filed(agencies=before), command, policy=policy)  # type: ignore[arg-type]

    asked = said(decision)[-1]
    assert isinstance(asked, TriageRequested)
    assert asked.explanation[0].outcome == f"dishub declined and named {suggested}, which is not tried"
    assert tuple(suggestion.agency for suggestion in asked.suggestions) == offered


def test_declining_ends_a_hold_first() -> None:
    decision = ask(filed("held"), DECLINE)

    assert [type(data) for data in said(decision)] == [TicketResumed, TicketDeclined, TriageRequested]
    assert [data.version for data in said(decision)] == [2, 3, 4]


@pytest.mark.parametrize("situation", ["answered", "closed_by_system", "archived", "withdrawn"])
def test_an_agency_cannot_work_on_what_is_answered_or_ended(situation: str) -> None:
    commands = (
        ProgressTicket(ticket_id=TICKET, note="x"),
        AnswerTicket(ticket_id=TICKET, answer="x", final=True),
        DECLINE,
        HoldTicket(ticket_id=TICKET, reason=HoldReason.FIELD_WORK),
    )

    codes = {data.code for command in commands for data in said(ask(filed(situation), command))}

    assert codes == {"wrong_state"}


def test_a_hold_is_not_changed_into_another_one() -> None:
    command = HoldTicket(ticket_id=TICKET, reason=HoldReason.NEEDS_REPORTER, question="Di mana?")

    (refused,) = said(ask(filed("held"), command))

    assert refused.code == "wrong_state"
