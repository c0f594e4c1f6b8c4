"""Mails about confidential reports say what to do and nothing of what was reported: a mailbox has other readers."""

from dataclasses import replace
from typing import Any

import pytest

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.notices import Notice, plan
from services.notify.domain.projection import project
from services.notify.messages.renderer import MessageRenderer
from shared.events import (
    EventData,
    ReporterReplied,
    SlaClock,
    TicketHeld,
    TicketReclassified,
    TicketReopened,
    TicketRouted,
)
from shared.events.catalogue import DATA_BY_TYPE
from tests.builders import TRACKING, accepted, event
from tests.fakes.handler_harness import NOON
from tests.sealing import OPENER
from tests.unit.notify.samples import POLICY, TICKET_FACT, contact, said, started

pytestmark = pytest.mark.unit

SENSITIVE = ("sensitive", "sensitive_child_abuse")
WRITTEN = ("ayahnya", "Kampung Utan", "hijau", "belum aman", "lantai berapa")
ROUTED = said(TicketRouted, agency="dp3ap2kb", agency_name="DP3AP2KB", priority="emergency", confidential=True)
URGENT = ROUTED.model_copy(
    update={"priority_reason": "sensitive", "officer": "protection_desk", "advice_id": "Hubungi SAPA 129."}
)
SAYS: dict[type[EventData], dict[str, Any]] = {
    ReporterReplied: {"text": "Rumah hijau itu."}, TicketReopened: {"reason": "Anaknya belum aman."},
    TicketHeld: {"question": "Di lantai berapa?"},
}  # fmt: skip


def known(**changes: Any) -> Correspondence:
    report = accepted(
        title="Anak dipukuli ayahnya",
        body="Tiap hari.",
        location={"text": "Kampung Utan"},
        confidential=True,
        **changes,
    )
    state = Correspondence(report.ticket_id)
    for data in (report, contact(), *map(started, SlaClock), said(TicketHeld, **SAYS[TicketHeld])):
        state = project(state, data)
    return state


def brought_about(rule: Notice) -> EventData | None:
    """Return an event of the rule's that holds all that people may write; None if the samples bring none about."""
    kind = DATA_BY_TYPE[rule.on]
    plain = URGENT if kind is TicketRouted else said(kind, **SAYS.get(kind, {}))
    wanted = {field: allowed[0] for field, allowed in rule.when.items()}
    data = type(plain).model_validate(plain.model_dump() | wanted)
    return data if rule.concerns(data) else None


def letters(state: Correspondence, data: EventData, *roles: str) -> dict[tuple[str, str], str]:
    """Return what is written about an event, by notice and role."""
    renderer, found = MessageRenderer(POLICY, OPENER), {}
    for rule in POLICY.rules.notices:
        for held in plan(state, event(data), replace(POLICY.rules, notices=(rule,)), NOON):
            messages = renderer.render(state, held, ("email",), NOON)
            assert isinstance(messages, tuple)
            for message in messages:
                if not roles or message.role in roles:
                    found[held.notice, held.role] = f"{message.subject}\n{message.body}"
    return found


OF_OTHERS = [rule for rule in POLICY.rules.notices if rule.to != ("reporter",)]


@pytest.mark.parametrize("rule", OF_OTHERS, ids=lambda rule: rule.code)
def test_nobody_but_the_reporter_is_mailed_what_anybody_wrote(rule: Notice) -> None:
    data = brought_about(rule)
    if data is None:
        assert rule.code in {"agency_emergency", "agency_new_ticket", "triage_request"}, "no sample for it"
        return

    for (_, role), text in letters(known(), data).items():
        if role != "reporter":
            assert [word for word in WRITTEN if word in text] == []
            assert TRACKING in text


def test_no_letter_to_an_agency_can_show_what_its_reporter_was_asked() -> None:
    state = known()
    (held,) = plan(state, event(said(ReporterReplied)), POLICY.rules, NOON)

    assert MessageRenderer(POLICY, OPENER).values(state, held, "id", NOON)["question"] is None


def test_of_an_ordinary_report_the_agency_is_mailed_title_and_place() -> None:
    state = known()
    assert state.complaint is not None
    state = replace(state, complaint=replace(state.complaint, confidential=False))

    (text,) = letters(state, said(ReporterReplied, **SAYS[ReporterReplied]), "liaison").values()

    assert "ayahnya" in text
    assert "hijau" in text


def test_a_sensitive_report_is_told_to_its_officer_and_liaison_in_a_letter_of_its_own() -> None:
    told = letters(known(flags=SENSITIVE), URGENT)

    assert {notice: role for notice, role in told if notice.startswith("agency")} == {
        "agency_sensitive": "protection_desk"
    }
    assert ("agency_sensitive", "liaison") in told
    assert not {notice for notice, _ in told} & {"agency_emergency", "agency_new_ticket"}


def test_the_reporter_of_a_sensitive_report_gets_the_advice_and_no_word_of_the_report() -> None:
    (text,) = letters(known(flags=SENSITIVE), URGENT, "reporter").values()

    assert "Hubungi SAPA 129." in text
    assert [word for word in WRITTEN if word in text] == []


def test_the_reporter_of_a_confidential_report_reads_its_title() -> None:
    (text,) = letters(known(), ROUTED, "reporter").values()

    assert "Anak dipukuli ayahnya" in text


def test_what_an_officer_finds_to_be_an_ordinary_report_is_no_emergency_any_more() -> None:
    state = project(known(), URGENT)
    found = TicketReclassified.model_validate(
        TICKET_FACT
        | {"version": 9, "classification": "complaint", "was": "complaint", "reason": "x", "priority": "normal"}
    )

    assert state.is_emergency
    assert not project(state, found).is_emergency
