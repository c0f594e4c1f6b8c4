from collections.abc import Iterable

import pytest

from services.routing.domain.lifecycle.commands import Request
from services.routing.domain.lifecycle.permissions import bars, forbids
from services.routing.domain.ticket.refusals import NOT_FOUND, NOT_PERMITTED, UNKNOWN_OFFICER, Refusal
from services.routing.domain.ticket.state import WithAgency
from shared.events import Actor
from shared.senders import sender_of
from tests.unit.routing.commands import COMMANDS
from tests.unit.routing.samples import CHANNEL, CHIEF, DESK, DISHUB, DLH, OFFICER, POLICY, PRIVACY, SITUATIONS, ticket

pytestmark = pytest.mark.unit

OF_AGENCIES = {"acknowledge", "progress", "answer", "answer_partly", "decline", "hold", "resume", "reclassify"}
OF_OFFICERS = {"assign", "divide", "reclassify", "archive", "merge", "unmerge", "hold", "resume"}
OF_PRIVACY = {"export", "correct", "erase"}
OF_CHANNELS = {"reply", "confirm", "dispute", "withdraw", "stop_messages", "resume_messages"}
OF_NOTICES = {"resend", "suppress"}


def permitted(source: str, situation: str = "routed", commands: Iterable[str] = COMMANDS) -> set[str]:
    return {name for name in commands if judged(source, COMMANDS[name], situation) is None}


def judged(source: str, command: Request, situation: str = "routed") -> Refusal | None:
    sender = sender_of(source)
    return bars(POLICY, sender, command) or forbids(POLICY, sender, command, ticket(), SITUATIONS[situation])


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (DISHUB, OF_AGENCIES),
        (OFFICER, OF_OFFICERS | OF_NOTICES),
        (CHANNEL, OF_CHANNELS),
        (DESK, OF_AGENCIES),
        (CHIEF, OF_OFFICERS | OF_NOTICES | OF_AGENCIES),
        (PRIVACY, OF_PRIVACY | OF_NOTICES),
        ("/officers/nobody", set()),
        ("/tindak/sla", set()),
        ("/agencies/", set()),
    ],
)
def test_everybody_may_ask_for_his_own_kind_of_update_only(source: str, names: set[str]) -> None:
    assert permitted(source) == names


@pytest.mark.parametrize("situation", SITUATIONS)
def test_who_answers_for_privacy_may_act_for_every_reporter(situation: str) -> None:
    assert permitted(PRIVACY, situation, OF_PRIVACY | OF_NOTICES) == OF_PRIVACY | OF_NOTICES


@pytest.mark.parametrize("situation", SITUATIONS)
def test_notices_of_every_ticket_are_for_triage_to_repair(situation: str) -> None:
    assert permitted(OFFICER, situation, OF_NOTICES) == OF_NOTICES


def test_the_actor_that_a_command_names_gives_no_rights() -> None:
    command = COMMANDS["archive"].model_copy(update={"actor": Actor(role="officer", id="7")})

    assert judged(DISHUB, command) == NOT_PERMITTED


@pytest.mark.parametrize("situation", ["in_triage", "archived_from_triage"])
def test_nobody_acts_as_the_agency_of_a_ticket_that_has_none(situation: str) -> None:
    asked = [(source, COMMANDS[name]) for source in (DISHUB, DESK) for name in OF_AGENCIES]

    assert {judged(source, command, situation) for source, command in asked} == {NOT_FOUND}


def test_an_agency_does_not_act_on_the_ticket_of_another() -> None:
    assert {judged(DLH, COMMANDS[name]) for name in OF_AGENCIES} == {NOT_FOUND}


def test_an_officer_who_is_not_registered_may_ask_for_nothing() -> None:
    assert {judged("/officers/nobody", command) for command in COMMANDS.values()} == {UNKNOWN_OFFICER}


def test_an_officer_acts_for_the_agencies_of_the_register_only() -> None:
    elsewhere = WithAgency("dlh")

    def judge(source: str, name: str) -> Refusal | None:
        return forbids(POLICY, sender_of(source), COMMANDS[name], ticket(), elsewhere)

    assert {judge(DESK, name) for name in OF_AGENCIES} == {NOT_FOUND}
    assert {judge(CHIEF, name) for name in OF_AGENCIES - OF_OFFICERS} == {NOT_FOUND}
    assert {judge(CHIEF, name) for name in OF_OFFICERS} == {None}


def test_a_triage_officer_who_acts_for_no_agency_does_not_do_its_work() -> None:
    assert {judged(OFFICER, COMMANDS[name]) for name in OF_AGENCIES - OF_OFFICERS} == {NOT_PERMITTED}


def test_an_officer_who_acts_for_agencies_decides_nothing_else() -> None:
    assert {judged(DESK, COMMANDS[name]) for name in OF_OFFICERS - OF_AGENCIES} == {NOT_PERMITTED}


@pytest.mark.parametrize("source", ["/channels/whatsapp", "/channels/web2", "/channels/web/sub"])
def test_only_the_submitting_channel_may_act_for_the_reporter(source: str) -> None:
    assert {judged(source, COMMANDS[name]) for name in OF_CHANNELS} == {NOT_FOUND}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_who_follows_a_link_answers_for_the_reporter_whatever_channel_the_report_came_through(situation: str) -> None:
    assert permitted("/channels/links", situation) == {
        "reply", "confirm", "dispute", "stop_messages", "resume_messages",
    }  # fmt: skip
