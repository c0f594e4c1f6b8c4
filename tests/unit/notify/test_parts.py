"""Whoever reported a ticket hears of all its parts, each under its own number and with its own due times."""

from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.correspondence import Correspondence, Part
from services.notify.domain.decide import decide
from services.notify.domain.deliveries import Due, Waiting
from services.notify.domain.projection import forgotten, project
from services.notify.handlers import NotifyHandler
from services.notify.messages.renderer import MessageRenderer
from services.notify.store import STATE
from shared.events import (
    ClockStarted,
    Event,
    EventData,
    ReporterErased,
    SlaClock,
    TicketClosed,
    TicketHeld,
    TicketRouted,
    TicketSplit,
    TicketWithdrawn,
    UpdateRefused,
)
from shared.ids import part_id
from shared.values import replace
from tests.builders import TICKET, TRACKING, accepted, arrival, event
from tests.contract.golden import read
from tests.fakes.handler_harness import NOON
from tests.sealing import OPENER
from tests.unit.notify.samples import LATER, POLICY, contact, said

pytestmark = pytest.mark.unit

ONE: dict[str, Any] = {"ticket_id": part_id(TICKET, 1), "parent": TICKET, "part": 1, "version": 1}
TWO: dict[str, Any] = {"ticket_id": part_id(TICKET, 2), "parent": TICKET, "part": 2, "version": 1}
LAMP = said(TicketRouted, **ONE)
WASTE = said(TicketRouted, **TWO, agency="dlh", agency_name="Dinas Lingkungan Hidup")
HANDLER = NotifyHandler(POLICY.rules)


def due(of: dict[str, Any], days: int) -> ClockStarted:
    about = {name: value for name, value in of.items() if name != "version"}
    return said(ClockStarted, **about, started_at=NOON, due_at=LATER + timedelta(days=days))


def heard(*told: EventData) -> Correspondence:
    """Return what is known and planned after complaint, contact, the split and *told*."""
    state: Correspondence | None = None
    for data in (accepted(), contact(), said(TicketSplit), *told):
        state = decide(state, event(data), arrival(NOON), POLICY.rules).state
    assert state is not None
    return state


def notices(state: Correspondence) -> list[tuple[str, str | None]]:
    """Return notice and part of what the reporter is told."""
    return [(each.notice, each.part) for each in state.deliveries if each.role == "reporter"]


def bodies(state: Correspondence) -> dict[str, str]:
    """Return the reporter's messages by subject."""
    held = [each for each in state.deliveries if each.role == "reporter"]
    written = [MessageRenderer(POLICY, OPENER).render(state, each, ("email",), NOON) for each in held]
    return {message.subject: message.body for messages in written for message in messages}  # type: ignore[union-attr]


@pytest.mark.parametrize("data", [LAMP, due(ONE, 0)])
def test_an_event_of_a_part_is_stored_with_the_whole_ticket(data: EventData) -> None:
    assert HANDLER.key_of(event(data)) == TICKET


def test_an_event_of_the_whole_is_stored_with_itself() -> None:
    told: list[Event] = [event(accepted()), event(said(TicketRouted)), event(contact())]

    assert {HANDLER.key_of(each) for each in told} == {TICKET}


def test_each_part_has_its_own_agency_question_and_clocks() -> None:
    state = heard(LAMP, WASTE, due(ONE, 0), due(TWO, 3), said(TicketHeld, **TWO | {"version": 2}, agency="dlh"))

    lamp, waste = state.parts[ONE["ticket_id"]], state.parts[TWO["ticket_id"]]
    assert (lamp.agency, waste.agency, state.agency) == ("dishub", "dlh", None)
    assert (lamp.question, waste.question) == (None, "Di depan toko yang mana?")
    assert waste.clocks[SlaClock.RESPOND].due_at - lamp.clocks[SlaClock.RESPOND].due_at == timedelta(days=3)
    assert STATE.validate_python(STATE.dump_python(state, mode="json")) == state


def test_the_reporter_is_notified_of_the_division_and_of_each_part() -> None:
    assert notices(heard(LAMP, WASTE)) == [
        ("accepted", None), ("split", None), ("routed", ONE["ticket_id"]), ("routed", TWO["ticket_id"]),
    ]  # fmt: skip


def test_a_notice_of_a_part_waits_for_that_part_s_due_time() -> None:
    lamp, waste = (each for each in heard(LAMP, WASTE, due(TWO, 3)).deliveries if each.notice == "routed")

    assert (type(lamp.situation), type(waste.situation)) == (Waiting, Due)


def test_letters_name_the_part_and_its_own_due_time() -> None:
    written = bodies(heard(LAMP, WASTE, due(ONE, 0), due(TWO, 4)))

    assert "9 Maret 2026" in written[f"Laporan {TRACKING}/2 ditangani Dinas Lingkungan Hidup"]
    assert "5 Maret 2026" in written[f"Laporan {TRACKING}/1 ditangani Dinas Perhubungan"]
    announced = written[f"Laporan Anda dibagi kepada 2 instansi: {TRACKING}"]
    assert f"{TRACKING}/2: Dinas Lingkungan Hidup\n" in announced


def test_the_end_of_all_parts_has_a_notice_of_its_own() -> None:
    closed = said(TicketClosed, agency=None, by="system", rating=None, reason="all_parts_closed", version=3)

    assert notices(heard(closed))[-1] == ("closed_all_parts", None)


def test_a_withdrawn_report_notifies_reporter_and_each_agency_once() -> None:
    whole = said(TicketWithdrawn, agency=None)
    parts = [said(TicketWithdrawn, **each | {"version": 2}, reason="whole_withdrawn") for each in (ONE, TWO)]

    state = heard(LAMP, WASTE, whole, *parts)

    assert [notice for notice, _ in notices(state)].count("withdrawn") == 1
    assert [each.part for each in state.deliveries if each.notice == "agency_withdrawn"] == [
        ONE["ticket_id"], TWO["ticket_id"],
    ]  # fmt: skip


def test_the_former_agency_of_a_divided_ticket_gets_no_more_notices() -> None:
    state = Correspondence(TICKET)
    for data in (said(TicketRouted, version=1), said(TicketSplit, version=2), said(TicketWithdrawn, agency=None)):
        state = decide(state, event(data), arrival(NOON), POLICY.rules).state or state

    assert [each.notice for each in state.deliveries if each.role == "liaison"] == ["agency_new_ticket"]


def test_an_older_fact_of_a_part_does_not_bring_its_agency_back() -> None:
    state = Correspondence(TICKET)
    for data in (said(TicketRouted, **ONE | {"version": 3}, agency="dlh"), LAMP):
        state = project(state, data)

    known = Part(1, agency="dlh", priority="normal", classification="complaint", version=3, agency_version=3)
    assert replace(state.parts[ONE["ticket_id"]], standing=known.standing) == known


def example(kind: type[EventData], **changes: Any) -> EventData:
    promise = read(kind.TYPE)
    assert promise is not None
    return kind.model_validate(promise["example"]["data"] | {"tracking_id": TRACKING} | changes)


def test_a_refusal_to_a_part_says_nothing_of_who_has_it() -> None:
    known = project(Correspondence(TICKET), LAMP)
    refused = example(UpdateRefused, **{**ONE, "version": 9}, agency="dlh", state="closed")

    assert project(known, refused) == known


def test_that_a_reporter_is_erased_makes_no_part_known() -> None:
    known = Correspondence(TICKET, tracking_id=TRACKING)

    assert project(known, example(ReporterErased, **ONE)) == forgotten(known)
