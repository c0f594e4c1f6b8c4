"""Running services take a changed policy, stay ready with a broken one and say what is wrong, on their health port."""

import json
import shutil
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.events import ComplaintAccepted, TicketRouted, TriageRequested
from shared.events.envelope import encode
from shared.ids import tracking_id
from shared.policy.loading import version_of
from tests.builders import accepted, event, ticket_id
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY, Fleet, Member, running, until
from tindak.client.kafka import Client, Start
from tindak.client.records import data_of

pytestmark = [pytest.mark.connected, pytest.mark.timeout(180)]

WITHIN_SECONDS = 30
LOOK_EVERY = {"TINDAK_POLICY_LOOK_EVERY_SECONDS": "0.2"}


def asked(member: Member, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{member.port}{path}", timeout=5) as answer:  # loopback
        text: str = answer.read().decode()
        return text


def remark(member: Member) -> str:
    said: str = json.loads(asked(member, "/health/ready"))["remarks"]["policy"]
    return said


def complaint(number: int) -> ComplaintAccepted:
    ticket = ticket_id("web", str(number))
    return accepted(
        ticket_id=ticket, tracking_id=tracking_id(ticket), source_id=str(number), title="Min", body="zonk di kampung"
    )


async def decided(client: Client, number: int) -> TicketRouted | TriageRequested:
    """Return what routing says to a new complaint."""
    told = event(complaint(number))
    await client.publish([Outgoing(told.id, topics.ACCEPTED, told.key, encode(told))])
    async with client.follow([topics.TICKETS], Start.EARLIEST) as records:
        async for record in records:
            data = data_of(record)
            if isinstance(data, TicketRouted | TriageRequested) and data.ticket_id == told.subject:
                return data
    raise AssertionError("a topic that is followed does not end")


async def all_say(fleet: Fleet, holds: Callable[[str], bool]) -> None:
    await until(lambda: all(holds(remark(member)) for member in fleet.members), WITHIN_SECONDS, fleet.last_words)


async def test_four_running_services_take_a_change_and_stay_ready_with_a_broken_policy(
    namespace: Namespace, tmp_path: Path
) -> None:
    policy = shutil.copytree(POLICY, tmp_path / "policy")
    rules = policy / "routing.yaml"
    shipped = rules.read_text("utf-8")
    fleet = Fleet(namespace, tmp_path, policy, LOOK_EVERY)

    async with running(fleet), Client(namespace.kafka) as client:
        first = await decided(client, 1)

        added = "rules:\n  - {id: kw-new, agency: dlh, weight: 5, any: [zonk]}\n"
        rules.write_text(shipped.replace("rules:\n", added, 1), "utf-8")
        changed = version_of(policy)
        await all_say(fleet, lambda said: said == f"{changed} holds")
        second = await decided(client, 2)

        (policy / "agencies.yaml").write_text("agencies: [\n", "utf-8")
        await all_say(fleet, lambda said: said.startswith(f"{changed} holds; the files are broken: "))
        third = await decided(client, 3)

        told = {member.service: (remark(member), asked(member, "/metrics")) for member in fleet.members}

    assert isinstance(first, TriageRequested)
    for routed in (second, third):
        assert isinstance(routed, TicketRouted)
        assert (routed.agency, routed.explanation[0].policy_version) == ("dlh", changed)
    for service, (said, metrics) in told.items():
        assert "agencies.yaml:2: this is not YAML" in said
        assert f'tindak_policy_broken{{service="{service}"}} 1.0' in metrics
