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
    DESK,
    DISHUB,
    DLH,
    LATER,
    OFFICER,
    SITUATIONS,
    ask,
    author,
    filed,
    refused,
    said,
    ticket,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("source", "name", "topic"),
    [
        (DISHUB, "resume", "tickets.routed.dishub"),
        (DESK, "resume", "tickets.triage"),
        (OFFICER, "unmerge", "tickets.triage"),
        (CHANNEL, "confirm", "tickets.status.web"),
        ("/channels/links", "confirm", "tickets.status.links"),
    ],
)
def test_a_refusal_is_published_to_the_history_and_to_its_sender(source: str, name: str, topic: str) -> None:
    decision = ask(filed(), COMMANDS[name], by=source)

    (data,) = said(decision)
    assert decision == Applied(
        Filed(ticket(at=LATER, version=2, updates=1), SITUATIONS["routed"]),
        (Fact(data, "tickets.events", TICKET, LATER), Fact(data, topic, TICKET, LATER)),
    )
    assert (data.by, data.tracking_id, data.version) == (author(source), TRACKING, 2)


@pytest.mark.parametrize(
    ("source", "name", "refusal", "topic"),
    [
        (DLH, "answer", refusals.NOT_FOUND, "tickets.routed.dlh"),
        ("/channels/x", "confirm", refusals.NOT_FOUND, "tickets.status.x"),
        ("/officers/nobody", "archive", refusals.UNKNOWN_OFFICER, "tickets.triage"),
        (DISHUB, "archive", refusals.NOT_PERMITTED, "tickets.routed.dishub"),
        ("/channels/links", "withdraw", refusals.NOT_PERMITTED, "tickets.status.links"),
        (DESK, "assign", refusals.NOT_PERMITTED, "tickets.triage"),
    ],
)
@pytest.mark.parametrize("updates", [0, UPDATES_MAX])
def test_who_may_not_ask_learns_nothing_of_the_ticket_and_leaves_no_trace(
    source: str, name: str, refusal: Refusal, topic: str, updates: int
) -> None:
    decision = ask(filed("answered", updates=updates), COMMANDS[name], by=source)

    assert decision == Untracked((Fact(refused(source, refusal), topic, TICKET, LATER),))


@pytest.mark.parametrize("source", ["/agencies/dinas_x", "/tindak/sla", "nobody", "/officers/"])
def test_who_has_no_topic_hears_nothing(source: str) -> None:
    assert ask(filed(), COMMANDS["progress"], by=source) == Untracked(())


def test_a_sender_of_any_length_is_named_in_short() -> None:
    (fact,) = ask(filed(), COMMANDS["confirm"], by="/officers/" + "x" * 5000).facts

    assert isinstance(fact.data, UpdateRefused)
    assert len(fact.data.update_source) == 200
    assert fact.data.by is not None
    assert len(fact.data.by.code) == 200


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
        ("routed", "assign", OFFICER),
        ("archived", "archive", OFFICER),
        ("archived", "unmerge", OFFICER),
    ],
)
def test_past_the_limit_updates_are_refused_without_a_trace(situation: str, name: str, source: str) -> None:
    state = filed(situation, updates=UPDATES_MAX)

    decision = ask(state, COMMANDS[name], by=source)

    data = refused(source, refusals.TOO_MANY_UPDATES).model_copy(update={"tracking_id": TRACKING})
    assert isinstance(decision, Untracked)
    assert [fact.data for fact in decision.facts] == [data]
    assert said(decision) == []


def test_past_the_limit_a_ticket_can_still_be_ended() -> None:
    decision = ask(filed(updates=UPDATES_MAX), COMMANDS["archive"], by=OFFICER)

    assert isinstance(decision.state, Filed)
    assert decision.state.situation == Archived("dishub", "unclear")
