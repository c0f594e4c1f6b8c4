"""Two replicas of sla share the tickets; the other one takes over what a killed one swept, and says nothing twice."""

import json
import shutil
import urllib.request
from pathlib import Path

import pytest

from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.events import ClockBreached
from shared.events.envelope import encode
from shared.ids import tracking_id
from shared.policy.loading import OVERLAYS
from tests.builders import accepted, event, ticket_id
from tests.fakes.handler_harness import NOON
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY, Fleet, Member, running, until
from tindak.client.kafka import Client
from tindak.client.records import data_of

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies, pytest.mark.timeout(240)]

TICKETS = [ticket_id("web", str(number)) for number in range(60)]
WITHIN_SECONDS = 60
PARTITIONS = 3  # of the topic in a test's own namespace


def swept_by(member: Member) -> int:
    """Return of how many partitions a replica says it sweeps the tickets; none while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{member.port}/health/ready", timeout=5) as answer:  # loopback
            return int(json.load(answer)["remarks"]["sweep"].split()[0])
    except OSError:
        return 0


def all_of_them(*members: Member) -> int:
    """Return how many partitions there are if *members* sweep them all, and each of them once; else 0."""
    return PARTITIONS if sum(map(swept_by, members)) == PARTITIONS else 0


async def test_a_killed_replicas_share_is_taken_over_and_every_breach_is_published_once(
    namespace: Namespace, tmp_path: Path
) -> None:
    policy = shutil.copytree(POLICY, tmp_path / "policy")
    shutil.copytree(POLICY / OVERLAYS, policy, dirs_exist_ok=True)
    fleet = Fleet(namespace, tmp_path, policy)
    async with running(fleet, "sla", "sla"), Client(namespace.kafka) as client:
        first, second = fleet.members
        await until(
            lambda: 0 < swept_by(first) < PARTITIONS == swept_by(first) + swept_by(second),
            WITHIN_SECONDS,
            fleet.last_words,
        )
        await client.publish([complaint(ticket) for ticket in TICKETS])

        first.kill()
        await until(lambda: swept_by(second) == PARTITIONS, WITHIN_SECONDS, fleet.last_words)
        breached: list[ClockBreached] = []
        while len({one.ticket_id for one in breached}) < len(TICKETS):
            said = [data_of(record) for record in await client.read([topics.BREACHES])]
            breached = [data for data in said if isinstance(data, ClockBreached)]

    assert len({one.breach_id for one in breached}) == len(TICKETS)
    assert len({one.model_dump_json() for one in breached}) == len(TICKETS)


def complaint(ticket: str) -> Outgoing:
    """Return a report that nobody routes, so that it breaches within seconds."""
    data = accepted(ticket_id=ticket, tracking_id=tracking_id(ticket), source_id=ticket, accepted_at=NOON)
    told = event(data)
    return Outgoing(told.id, topics.ACCEPTED, ticket, encode(told))
