"""Whatever is asked of a ticket, nothing of whom its sender names is left in a fact or in what is stored."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from services.routing.domain.decide import decide
from services.routing.domain.lifecycle.commands import COMMANDS as TYPES
from services.routing.domain.lifecycle.commands import Request, Update
from services.routing.domain.lifecycle.early_updates import end_waits, remembered
from services.routing.domain.lifecycle.masking import masked
from services.routing.domain.ticket.state import Awaited, EarlyUpdate
from shared.events import (
    AnswerTicket,
    Arrival,
    Attachment,
    DeclineTicket,
    DisputeTicket,
    Event,
    ReplyToTicket,
    state_after,
)
from shared.events.commands import Command, written_fields
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.unit.routing.commands import COMMANDS, sender_for
from tests.unit.routing.samples import CHANNEL, LATER, POLICY, SITUATIONS, UPDATE_ID, filed

pytestmark = pytest.mark.unit

PLANTED = (
    "Nama saya Siti Aminah, NIK 3674 0141 0190 0001, HP 0812-3456-7890, siti.aminah(at)contoh.co.id, rek BCA 1234567890"
)
TRACES = ("siti", "aminah", "0141", "3456", "contoh", "1234567890")
"""No part of which may be left."""
NUMBER = "081234567890"


def planted(command: Request) -> Request:
    """Return a command with identities in every text, and in the name of its only file."""
    texts = {field.name: NUMBER if field.is_code else PLANTED for field in written_fields(type(command))}
    files = {"attachments": (Attachment(uri="https://x.example/0812-3456-7890.jpg", media_type="image/jpeg"),)}
    return command.model_copy(update=texts | (files if "attachments" in type(command).model_fields else {}))


def traces_in(*things: object) -> set[str]:
    written = " ".join(str(thing) for thing in things).lower()
    return {trace for trace in (*TRACES, NUMBER) if trace in written}


def test_every_command_is_planted() -> None:
    assert {type(command).TYPE for command in COMMANDS.values()} == set(TYPES)


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("name", COMMANDS)
def test_no_fact_and_no_ticket_names_anybody(name: str, situation: str) -> None:
    before, event = filed(situation), Event(UPDATE_ID, sender_for(name), NOON, planted(COMMANDS[name]))

    decision = decide(before, event, Arrival("tickets.updates.x", 0, 1, arrived_at=LATER, now=LATER), POLICY)

    assert decision.facts
    after = state_after(before, decision)
    assert traces_in(*(fact.data.model_dump_json() for fact in decision.facts), after) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_what_waits_for_its_complaint_names_nobody(name: str) -> None:
    event = Event(UPDATE_ID, sender_for(name), NOON, planted(COMMANDS[name]))

    decision = decide(None, event, Arrival("tickets.updates.x", 0, 1, arrived_at=LATER, now=LATER), POLICY)

    awaited = state_after(None, decision)
    assert isinstance(awaited, Awaited)
    assert traces_in(awaited) == set()
    over = end_waits(POLICY, awaited, LATER + timedelta(hours=24))
    assert len(over.facts) == 1
    assert traces_in(over.facts) == set()


def test_what_an_earlier_release_kept_in_plain_is_masked_when_its_complaint_comes() -> None:
    kept = ReplyToTicket(ticket_id=TICKET, text=PLANTED)
    early = EarlyUpdate(UPDATE_ID, CHANNEL, kept.TYPE, kept.model_dump_json(), NOON)

    assert traces_in(remembered(POLICY, early)) == set()


@pytest.mark.parametrize("command", TYPES.values(), ids=lambda kind: kind.TYPE)
def test_no_text_of_a_command_escapes_the_masker(command: type[Command]) -> None:
    """What is neither masked nor bound to a pattern or a list of words would be published as it is."""
    written = {field.name for field in written_fields(command)}
    schema = command.model_json_schema()["properties"]

    free = {name for name, field in schema.items() if _is_free_text(field)} - {"ticket_id", "into", "delivery_id"}

    assert free - written == set()


def _is_free_text(field: dict[str, Any]) -> bool:
    choices = field.get("anyOf", [field])
    return any(one.get("type") == "string" and not {"pattern", "format", "enum"} & set(one) for one in choices)


def test_a_masked_text_still_fits() -> None:
    """What waits is read again by the contract, so a label must not make it longer than that allows."""
    longest = DisputeTicket(ticket_id=TICKET, reason=("nip 123456 " * 800)[:8000])

    covered = masked(Update(UPDATE_ID, CHANNEL, longest, NOON), POLICY.masker).command

    assert covered != longest
    assert DisputeTicket.model_validate_json(covered.model_dump_json()) == covered


@pytest.mark.parametrize(
    "name",
    [NUMBER, quote("a b 0812-3456-7890"), quote(quote("siti@contoh.example")), "nik-3674014101900001", "a%40b.id"],
)
def test_a_file_whose_link_names_somebody_is_left_out(name: str) -> None:
    files = tuple(Attachment(uri=f"https://x.example/{each}.jpg", media_type="image/jpeg") for each in ("a", name))
    command = AnswerTicket(ticket_id=TICKET, answer="Selesai.", attachments=files, final=True)

    covered = masked(Update(UPDATE_ID, CHANNEL, command, NOON), POLICY.masker).command

    assert covered == command.model_copy(update={"attachments": files[:1]})


def test_what_names_nobody_is_left_as_it_is() -> None:
    command = DeclineTicket(ticket_id=TICKET, reason="Jalan kabupaten, bukan wewenang kami.", suggested_agency="dlh")
    update = Update(UPDATE_ID, CHANNEL, command, NOON)

    assert masked(update, POLICY.masker) is update


def test_a_number_for_an_agency_or_an_officer_is_told_to_nobody() -> None:
    command = COMMANDS["assign"].model_copy(update={"agency": NUMBER})
    arrival = Arrival("tickets.updates.officers", 0, 1, arrived_at=LATER, now=LATER)

    for source in ("/officers/7", f"/officers/{NUMBER}"):
        decision = decide(filed(), Event(UPDATE_ID, source, NOON, command), arrival, POLICY)

        assert decision.facts
        assert traces_in(decision.facts, decision) == set()
