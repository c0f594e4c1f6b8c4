import pytest

from services.routing.domain.ticket import refusals
from services.routing.domain.ticket.refusals import STATES, UPDATES_MAX, Refusal
from services.routing.domain.ticket.state import Archived, Filed, name_of
from shared.events import Applied, Fact, Untracked, UpdateRefused
from tests.builders import TICKET, TRACKING
from tests.fakes.handler_harness import NOON
from tests.unit.routing.commands import COMMANDS
from tests.unit.routing.samples import (
    CHANNEL,
    DISHUB,
    DLH,
    LATER,
    OFFICER,
    SITUATIONS,
    UPDATE_ID,
    ask,
    filed,
    head,
    said,
    ticket,
)

pytestmark = pytest.mark.unit


def refused(source: str, refusal: Refusal, **about: object) -> UpdateRefused:
    return UpdateRefused.model_validate(
        {
            "update_id": UPDATE_ID,
            "update_source": source,
            "code": refusal.code,
            "message_id": refusal.message_id,
            "message_en": refusal.message_en,
        }
        | about
    )


def test_a_refusal_is_published_to_history_and_asking_agency() -> None:
    decision = ask(filed(), COMMANDS["progress"], by=DLH)

    data = refused(DLH, refusals.NOT_YOURS, agency="dishub", **head("routed"))
    assert decision == Applied(
        Filed(ticket(at=LATER, version=2, updates=1), SITUATIONS["routed"]),
        (Fact(data, "tickets.events", TICKET, LATER), Fact(data, "tickets.routed.dlh", TICKET, LATER)),
    )


@pytest.mark.parametrize("source", [OFFICER, CHANNEL, "/agencies/dinas_x", "nobody"])
def test_a_refusal_of_another_sender_is_published_to_the_history_only(source: str) -> None:
    decision = ask(filed(), COMMANDS["confirm"], by=source)

    assert [fact.topic for fact in decision.facts] == ["tickets.events"]


def test_a_sender_of_any_length_is_named_in_short() -> None:
    (data,) = said(ask(filed(), COMMANDS["confirm"], by="/agencies/" + "x" * 5000))

    assert len(data.update_source) == 200


def test_wrong_state_names_the_state_in_both_languages() -> None:
    (data,) = said(ask(filed("answered"), COMMANDS["progress"]))

    assert data.message_id == "Tidak dapat dilakukan karena laporan sudah dijawab tuntas (answered)."
    assert data.message_en == "This is not possible because the ticket is finally answered (answered)."


def test_every_situation_has_a_name_for_people() -> None:
    assert {name_of(situation) for situation in SITUATIONS.values()} == set(STATES)


def test_an_update_that_arrives_before_the_last_fact_does_not_turn_time_back() -> None:
    decision = ask(filed(at=LATER), COMMANDS["progress"], when=NOON)

    assert [data.at for data in said(decision)] == [LATER]


def test_the_last_update_within_the_limit_is_taken() -> None:
    decision = ask(filed(updates=UPDATES_MAX - 1), COMMANDS["progress"])

    assert isinstance(decision.state, Filed)
    assert decision.state.ticket.updates == UPDATES_MAX
    assert isinstance(decision, Applied)


@pytest.mark.parametrize(
    ("situation", "name", "source"),
    [
        ("routed", "progress", DISHUB),
        ("acknowledged", "acknowledge", DISHUB),
        ("routed", "progress", DLH),
        ("routed", "assign", OFFICER),
        ("archived", "archive", OFFICER),
        ("archived", "unmerge", OFFICER),
    ],
)
def test_past_the_limit_updates_are_refused_without_a_trace(situation: str, name: str, source: str) -> None:
    state = filed(situation, updates=UPDATES_MAX)

    decision = ask(state, COMMANDS[name], by=source)

    data = refused(
        source, refusals.TOO_MANY_UPDATES,
        ticket_id=TICKET, tracking_id=TRACKING, state="unchanged", version=0, at=LATER,
    )  # fmt: skip
    assert isinstance(decision, Untracked)
    assert {(fact.topic, fact.data) for fact in decision.facts} >= {("tickets.events", data)}
    assert {fact.data for fact in decision.facts} == {data}


def test_past_the_limit_a_ticket_can_still_be_ended() -> None:
    decision = ask(filed(updates=UPDATES_MAX), COMMANDS["archive"], by=OFFICER)

    assert isinstance(decision.state, Filed)
    assert decision.state.situation == Archived("dishub")
