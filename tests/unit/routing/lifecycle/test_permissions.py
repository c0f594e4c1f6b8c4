from collections.abc import Iterable

import pytest

from services.routing.domain.lifecycle.commands import Request
from services.routing.domain.lifecycle.permissions import Role, Sender, forbids, sender_of
from services.routing.domain.ticket.refusals import NOT_PERMITTED, NOT_YOURS, Refusal
from shared.events import Actor
from tests.unit.routing.commands import COMMANDS
from tests.unit.routing.samples import CHANNEL, DISHUB, DLH, OFFICER, SITUATIONS, ticket

pytestmark = pytest.mark.unit

OF_AGENCIES = {"acknowledge", "progress", "answer", "answer_partly", "decline", "hold", "resume", "reclassify"}
OF_OFFICERS = {"assign", "divide", "reclassify", "archive", "merge", "unmerge", "hold", "resume"}
OF_CHANNELS = {"reply", "confirm", "dispute", "withdraw"}


def permitted(source: str, situation: str = "routed", commands: Iterable[str] = COMMANDS) -> set[str]:
    return {name for name in commands if judged(source, COMMANDS[name], situation) is None}


def judged(source: str, command: Request, situation: str = "routed") -> Refusal | None:
    return forbids(sender_of(source), command, ticket(), SITUATIONS[situation])


@pytest.mark.parametrize(
    ("source", "sender"),
    [
        ("/agencies/dishub", Sender(Role.AGENCY, "dishub")),
        ("/officers/7", Sender(Role.OFFICER, "7")),
        ("/channels/web", Sender(Role.CHANNEL, "web")),
        ("/tindak/routing", None),
        ("/agencies/", None),
        ("/agencies", None),
        ("agencies/dishub", None),
        ("dishub", None),
        ("", None),
    ],
)
def test_a_sender_is_known_by_the_source_of_the_event(source: str, sender: Sender | None) -> None:
    assert sender_of(source) == sender


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (DISHUB, OF_AGENCIES),
        (OFFICER, OF_OFFICERS),
        (CHANNEL, OF_CHANNELS),
        ("/tindak/sla", set()),
        ("/agencies/", set()),
    ],
)
def test_everybody_may_ask_for_his_own_kind_of_update_only(source: str, names: set[str]) -> None:
    assert permitted(source) == names


def test_the_actor_that_a_command_names_gives_no_rights() -> None:
    command = COMMANDS["archive"].model_copy(update={"actor": Actor(role="officer", id="7")})

    assert judged(DISHUB, command) == NOT_PERMITTED


@pytest.mark.parametrize("situation", ["in_triage", "archived_from_triage"])
def test_nobody_acts_as_the_agency_of_a_ticket_that_has_none(situation: str) -> None:
    assert {judged(DISHUB, COMMANDS[name], situation) for name in OF_AGENCIES} == {NOT_YOURS}


def test_an_agency_does_not_act_on_the_ticket_of_another() -> None:
    assert {judged(DLH, COMMANDS[name]) for name in OF_AGENCIES} == {NOT_YOURS}


@pytest.mark.parametrize("source", ["/channels/whatsapp", "/channels/web2", "/channels/web/sub"])
def test_only_the_submitting_channel_may_act_for_the_reporter(source: str) -> None:
    assert {judged(source, COMMANDS[name]) for name in OF_CHANNELS} == {NOT_YOURS}
