"""Routing as a process with the shipped text model: what it decides, what it leaves to people, what it refuses."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.events import ComplaintAccepted, DecidedBy, TicketRouted, TriageRequested
from shared.events.envelope import encode
from shared.ids import tracking_id
from tests.builders import accepted, event, ticket_id
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY, Fleet, running
from tindak.client.kafka import Client, Start
from tindak.client.records import data_of

pytestmark = [pytest.mark.connected, pytest.mark.timeout(180)]

MODEL = POLICY / "model"
OPEN = "Toilet SMP anak saya rusak semua dan plafon kelasnya hampir roboh."
VAGUE = "Kenapa begini terus min"
RULED = "Lampu PJU mati di Jalan Merpati"
WITHIN_SECONDS = 60


def complaint(body: str) -> ComplaintAccepted:
    ticket = ticket_id("web", body)
    return accepted(ticket_id=ticket, tracking_id=tracking_id(ticket), source_id=body, title="", body=body)


async def decided(client: Client, bodies: Sequence[str]) -> list[TicketRouted | TriageRequested]:
    """Return what routing says to new complaints, in their order."""
    told = [event(complaint(body), id=ticket_id("event", body)) for body in bodies]
    await client.publish([Outgoing(each.id, topics.ACCEPTED, each.key, encode(each)) for each in told])
    said: dict[str, TicketRouted | TriageRequested] = {}
    async with client.follow([topics.TICKETS], Start.EARLIEST) as records:
        async for record in records:
            data = data_of(record)
            if isinstance(data, TicketRouted | TriageRequested):
                said[data.ticket_id] = data
            if len(said) == len(bodies):
                return [said[complaint(body).ticket_id] for body in bodies]
    raise AssertionError("a topic that is followed does not end")


async def test_a_running_service_routes_by_the_model_only_what_the_rules_leave_open_and_it_is_sure_of(
    namespace: Namespace, tmp_path: Path
) -> None:
    name = json.loads((MODEL / "model.json").read_text())["hash"][:12]
    fleet = Fleet(namespace, tmp_path, settings={"TINDAK_ROUTING_MODEL_DIR": str(MODEL)})

    async with running(fleet, "routing"), Client(namespace.kafka) as client:
        by_model, asked, by_rule = await decided(client, [OPEN, VAGUE, RULED])

    assert isinstance(by_model, TicketRouted)
    assert isinstance(asked, TriageRequested)
    assert isinstance(by_rule, TicketRouted)
    last = by_model.explanation[-1]
    assert (by_model.agency, by_model.decided_by) == ("dikbud", DecidedBy.MODEL)
    assert (last.step, last.rule, last.outcome) == ("model", name, "dikbud")
    assert last.score is not None
    assert last.score > 0.95
    assert "is not enough" in asked.explanation[-1].outcome
    assert [each.why[:12] for each in asked.suggestions] == ["text model: "] * 3
    assert by_rule.decided_by is DecidedBy.RULE


@pytest.mark.without_topics
@pytest.mark.parametrize("file", ["model.json", "arrays.npz"])
def test_a_model_with_a_changed_byte_keeps_routing_from_starting_and_is_named_in_one_line(
    namespace: Namespace, tmp_path: Path, file: str
) -> None:
    copy = shutil.copytree(MODEL, tmp_path / "model")
    content = bytearray((copy / file).read_bytes())
    at = content.find(b"dishub") if file == "model.json" else len(content) // 2
    content[at] ^= 1
    (copy / file).write_bytes(content)
    fleet = Fleet(namespace, tmp_path, settings={"TINDAK_ROUTING_MODEL_DIR": str(copy)})

    member = fleet.start("routing")
    try:
        code = member.process.wait(WITHIN_SECONDS)
    finally:
        fleet.stop()

    said = member.log.read_text()
    assert (code, said.count("\n")) == (2, 1), said
    assert file in said
