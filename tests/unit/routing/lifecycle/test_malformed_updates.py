from collections.abc import Mapping

import pytest

from services.routing.domain.lifecycle.commands import refuse_unreadable
from shared.events import Fact, Reason, UnreadableEvent, UpdateRefused
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.unit.routing.samples import CHANNEL, DISHUB, OFFICER, POLICY, UPDATE_ID

pytestmark = pytest.mark.unit

REASONS = (
    Reason(code="schema_violation", field="id", message_id="id bukan UUID.", message_en="id is not a UUID."),
    Reason(code="too_long", field="note", message_id="note terlalu panjang.", message_en="note is too long."),
)
KNOWN = {"source": DISHUB, "event_id": UPDATE_ID, "ticket_id": TICKET}


def refused(hints: Mapping[str, str]) -> tuple[Fact, ...]:
    return refuse_unreadable(POLICY, UnreadableEvent(*REASONS, hints=hints), NOON)


def refusal(source: str, ticket: str = TICKET, update: str = UPDATE_ID) -> UpdateRefused:
    return UpdateRefused(
        ticket_id=ticket, tracking_id="", state="unchanged", version=0, at=NOON, update_id=update, update_source=source,
        code="schema_violation", message_id="id bukan UUID. note terlalu panjang.",
        message_en="id is not a UUID. note is too long.",
    )  # fmt: skip


def test_every_fault_of_an_update_is_published_to_agency_and_history() -> None:
    data = refusal(DISHUB)

    assert refused(KNOWN) == (
        Fact(data, "tickets.events", TICKET, NOON),
        Fact(data, "tickets.routed.dishub", TICKET, NOON),
    )


def test_a_refusal_without_a_ticket_goes_to_the_agency_alone() -> None:
    data = refusal(DISHUB, ticket="", update="")

    assert refused({"source": DISHUB}) == (Fact(data, "tickets.routed.dishub", "", NOON),)


@pytest.mark.parametrize("source", [CHANNEL, OFFICER, "/agencies/dinas_x"])
def test_anybody_else_is_answered_in_the_history(source: str) -> None:
    assert refused(KNOWN | {"source": source}) == (Fact(refusal(source), "tickets.events", TICKET, NOON),)


@pytest.mark.parametrize("source", [CHANNEL, OFFICER, "/agencies/dinas_x"])
def test_without_a_ticket_there_is_no_history_to_answer_in(source: str) -> None:
    assert refused({"source": source, "event_id": UPDATE_ID}) == ()


def test_an_update_without_a_sender_is_not_answered() -> None:
    assert refused({"event_id": UPDATE_ID, "ticket_id": TICKET}) == ()
