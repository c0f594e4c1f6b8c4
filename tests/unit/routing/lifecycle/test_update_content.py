"""What an update asks for must make sense, whoever sends it and whatever the ticket's situation."""

from datetime import timedelta

import pytest

from services.routing.domain.lifecycle.commands import Request
from services.routing.domain.ticket.refusals import UNKNOWN_REASON, UNTIL_PASSED, Refusal
from services.routing.domain.ticket.state import Archived
from shared.events import (
    AnswerTicket,
    ArchiveReason,
    ArchiveTicket,
    Attachment,
    HoldReason,
    HoldTicket,
    ProgressTicket,
    TicketHeld,
    UpdateRefused,
)
from tests.builders import TICKET
from tests.unit.routing.samples import LATER, OFFICER, SITUATIONS, ask, filed, refusal_of, said, situation_of, why

pytestmark = pytest.mark.unit

SCRIPT = Attachment(uri="javascript:alert(1)", media_type="text/html")


@pytest.mark.parametrize(("minutes", "refused"), [(-6, True), (-5, True), (-4.99, False), (0, False), (1, False)])
def test_a_hold_until_a_moment_that_is_over_is_refused(minutes: float, refused: bool) -> None:
    """Five minutes are allowed for a sender's clock that is slow."""
    until = LATER + timedelta(minutes=minutes)

    decision = ask(filed(), HoldTicket(ticket_id=TICKET, reason=HoldReason.FIELD_WORK, until=until))

    assert [data.TYPE for data in said(decision)] == [UpdateRefused.TYPE if refused else TicketHeld.TYPE]
    assert not refused or why(decision) == UNTIL_PASSED


@pytest.mark.parametrize(
    "command",
    [
        ProgressTicket(ticket_id=TICKET, note="Jalan.", attachments=(SCRIPT,)),
        AnswerTicket(ticket_id=TICKET, answer="Beres.", final=True, attachments=(SCRIPT,)),
    ],
)
def test_an_update_with_an_attachment_that_is_no_link_is_refused(command: Request) -> None:
    decision = ask(filed(), command)

    assert why(decision) == Refusal(
        "schema_violation",
        "attachments.0.uri harus berupa tautan https, http, s3 atau gs tanpa spasi.",
        "attachments.0.uri must be an https, http, s3 or gs link without white space.",
    )
    assert situation_of(decision) == SITUATIONS["routed"]


def test_permission_is_checked_before_attachments() -> None:
    command = ProgressTicket(ticket_id=TICKET, note="Jalan.", attachments=(SCRIPT,))

    assert refusal_of(ask(filed(), command, by="/agencies/dlh")) == "not_found"


@pytest.mark.parametrize("reason", list(ArchiveReason))
def test_each_reason_for_archiving_is_taken(reason: ArchiveReason) -> None:
    decision = ask(filed("in_triage"), ArchiveTicket(ticket_id=TICKET, reason=reason), by=OFFICER)

    assert situation_of(decision) == Archived(None, reason)


@pytest.mark.parametrize("reason", ["no-such-code", "Duplicate", "completion_window_expired"])
def test_an_unknown_reason_for_archiving_is_refused_with_the_known_ones(reason: str) -> None:
    decision = ask(filed("in_triage"), ArchiveTicket(ticket_id=TICKET, reason=reason), by=OFFICER)

    assert why(decision) == UNKNOWN_REASON
    assert why(decision).message_en == (
        "The reason for archiving (reason) is not known; choose one of: "
        "hateful_content, no_evidence, unclear, not_government, duplicate, expired."
    )
