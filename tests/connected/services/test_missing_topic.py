"""One agency's topic is missing: everybody else's tickets go on, and its own arrive once it is there."""

import asyncio
import json
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.events.envelope import encode
from shared.ids import tracking_id
from shared.policy.topics import load_topics
from tests.builders import accepted, event, ticket_id
from tests.conftest import fewer_partitions
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY, Fleet, Member, running, until
from tindak.client.kafka import Client
from tindak.topics import apply, connect

pytestmark = [pytest.mark.connected, pytest.mark.timeout(180)]

LAMP = "Lampu jalan di Jalan Merpati Raya, Ciputat, sudah padam tiga malam dan jalannya gelap sekali."
HOLE = "Jalan berlubang besar di depan Pasar Ciputat, sudah dua pengendara motor jatuh minggu ini."
GONE, THERE = topics.agency_topic("dishub"), topics.agency_topic("dsdabmbk")
WITHIN_SECONDS = 60
EACH = 20


def complaint(number: int) -> Outgoing:
    """Return a report about a street lamp, or about a hole in the road."""
    ticket = ticket_id("web", str(number))
    about: dict[str, Any] = {"title": "Lampu", "body": LAMP} if number % 2 else {"title": "Jalan", "body": HOLE}
    told = event(accepted(ticket_id=ticket, tracking_id=tracking_id(ticket), source_id=str(number), **about))
    return Outgoing(told.id, topics.ACCEPTED, ticket, encode(told))


def health(member: Member) -> tuple[int, dict[str, str]]:
    """Return status and remarks of a replica's readiness."""
    with urllib.request.urlopen(f"http://127.0.0.1:{member.port}/health/ready", timeout=5) as answer:  # loopback
        return int(answer.status), json.load(answer)["remarks"]


async def ids(client: Client, topic: str, enough: int) -> dict[str, list[str]]:
    """Return the event ids on *topic* by ticket, in order, once so many tickets have some."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            found: dict[str, list[str]] = {}
            for record in await client.read([topic]):
                found.setdefault((record.key or b"").decode(), []).append(json.loads(record.value or b"{}")["id"])
            if len(found) >= enough:
                return found


async def test_a_missing_agency_topic_holds_back_its_own_tickets_and_no_others(
    namespace: Namespace, tmp_path: Path
) -> None:
    name, admin = namespace.prefix + GONE, connect(namespace.kafka)
    admin.delete_topics([name])[name].result(30)
    fleet = Fleet(namespace, tmp_path, settings={"TINDAK_RELAY_AFTER_SECONDS": "1", "TINDAK_RELAY_EVERY_SECONDS": "1"})
    async with running(fleet, "routing"), Client(namespace.kafka) as client:
        (routing,) = fleet.members
        await client.publish([complaint(number) for number in range(2 * EACH)])

        await ids(client, THERE, EACH)
        history = await ids(client, topics.TICKETS, 2 * EACH)
        expected = f"{GONE} is missing: {EACH} events of {EACH} documents wait"
        await until(lambda: health(routing)[1].get("topics") == expected, WITHIN_SECONDS, fleet.last_words)
        ready = health(routing)[0]
        apply(namespace.kafka, fewer_partitions(load_topics(POLICY)))
        arrived = await ids(client, GONE, EACH)
        await until(lambda: "topics" not in health(routing)[1], WITHIN_SECONDS, fleet.last_words)

    assert (ready, len(history)) == (200, 2 * EACH)
    assert set(Counter(id for many in arrived.values() for id in many).values()) == {1}
    errors = [line for line in routing.said() if line.get("level") == "error"]
    assert errors == []
