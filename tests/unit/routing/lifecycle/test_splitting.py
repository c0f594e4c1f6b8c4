import pytest

from services.routing.domain.ticket.state import Filed, PartKnown, Split
from shared.events import (
    PARTS_MAX,
    AssignTicket,
    ClusterJoined,
    ConfirmTicket,
    DisputeTicket,
    LeaderChanged,
    Part,
    PartOpened,
    ReplyToTicket,
    TicketResumed,
    TicketSplit,
    TicketUnassigned,
)
from shared.ids import part_id
from tests.builders import TICKET, TRACKING
from tests.fakes.handler_harness import NOON
from tests.unit.routing.divided import DIVIDE, FIRST, SECOND, divided, part, whole
from tests.unit.routing.samples import CHANNEL, LATER, OFFICER, ask, filed, head, refusal_of, report, said, situation_of

pytestmark = pytest.mark.unit

PARTS = (
    Part(ticket_id=FIRST, number=1, agency="dishub", agency_name="Dinas Perhubungan"),
    Part(ticket_id=SECOND, number=2, agency="dlh", agency_name="Dinas Lingkungan Hidup"),
)
SPLIT = TicketSplit(**head("split", by=OFFICER), parts=PARTS, reason="Dua masalah.")


def test_a_divided_ticket_names_its_parts_and_leaves_triage() -> None:
    decision = divided("in_triage")

    assert said(decision) == said(decision, "tickets.triage") == [SPLIT]
    assert isinstance(decision.state, Filed)
    assert (decision.state.situation, decision.state.ticket.parts) == (Split(), (PartKnown(FIRST), PartKnown(SECOND)))


def test_the_former_agency_is_unassigned() -> None:
    (gone,) = said(divided("routed"), "tickets.routed.dishub")

    assert gone == TicketUnassigned(**head("split", by=OFFICER), agency="dishub", reason="split")


def test_dividing_ends_a_hold_and_the_agency_s_time() -> None:
    decision = divided("held")

    assert [type(data) for data in said(decision)] == [TicketResumed, TicketSplit]
    assert isinstance(decision.state, Filed)
    assert all(stay.until for stay in decision.state.ticket.stays)


def test_each_part_carries_all_that_its_agency_needs() -> None:
    first, second = said(divided(), "tickets.links")

    assert first == PartOpened(
        ticket_id=FIRST, parent=TICKET, number=1, tracking_id=TRACKING, agency="dishub", reason="Dua masalah.",
        report=report(), classification="complaint", submitted_at=NOON, accepted_at=NOON,
    )  # fmt: skip
    assert (second.ticket_id, second.number, second.agency) == (SECOND, 2, "dlh")


def test_a_part_id_is_derived_from_its_ticket_and_number() -> None:
    assert part_id(TICKET, 1) == part_id(TICKET, 1) != part_id(TICKET, 2)


def test_those_who_follow_it_go_on_without_it() -> None:
    links = said(divided(members=("a", "b")), "tickets.links")

    assert {link.successor for link in links if isinstance(link, LeaderChanged)} == {"a"}
    assert not any(isinstance(data, ClusterJoined) for data in said(divided(members=("a", "b"))))


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ({}, "agency_or_agencies"),
        ({"agency": "dlh", "agencies": ("dlh", "dishub")}, "agency_or_agencies"),
        ({"agencies": ("dlh",)}, "parts_count"),
        ({"agencies": tuple(f"a{n}" for n in range(PARTS_MAX + 1))}, "parts_count"),
        ({"agencies": ("dlh", "dishub", "dlh")}, "agency_twice"),
        ({"agencies": ("dlh", "dinas_gaib")}, "unknown_agency"),
    ],
)
def test_what_is_no_choice_is_refused_and_changes_nothing(chosen: dict[str, object], code: str) -> None:
    command = AssignTicket.model_validate({"ticket_id": TICKET, "reason": "Begitu."} | chosen)

    decision = ask(filed("routed"), command, OFFICER)

    assert refusal_of(decision) == code
    assert situation_of(decision) == filed("routed").situation


def test_as_many_parts_as_allowed_are_opened() -> None:
    agencies = ("dishub", "dlh", "dsdabmbk", "kec_ciputat", "national_admin")

    decision = ask(filed(), DIVIDE.model_copy(update={"agencies": agencies}), OFFICER)

    assert [link.agency for link in said(decision, "tickets.links")] == list(agencies)


def test_a_part_is_not_divided_again() -> None:
    assert refusal_of(ask(part(), DIVIDE.model_copy(update={"ticket_id": FIRST}), OFFICER)) == "part_of_another"


@pytest.mark.parametrize(
    "command",
    [
        ReplyToTicket(ticket_id=TICKET, text="Cepat."),
        ConfirmTicket(ticket_id=TICKET, rating=5),
        DisputeTicket(ticket_id=TICKET, reason="Belum."),
    ],
)
def test_a_reporters_update_must_name_its_part(command: ReplyToTicket) -> None:
    (refused,) = said(ask(whole(), command, CHANNEL, LATER))

    assert (refused.code, refused.state) == ("wrong_state", "split")
    assert ".../1" in refused.message_id
