"""The release before and this one on the same databases: what it left, goes on; what it took, is known."""

import asyncio
import base64
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pymongo import MongoClient

from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from shared.events import (
    AcknowledgeTicket,
    AnswerTicket,
    Command,
    ComplaintAccepted,
    EventData,
    ProgressTicket,
    TicketAcknowledged,
    TicketAnswered,
    TicketProgressed,
    TicketRouted,
)
from shared.process.release import RELEASE
from shared.topics import Topic
from tests.faults.city import CATALOGUE, City, as_outgoing, city_of, complaint
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet
from tests.upgrade.previous import previous_release
from tindak.client.envelopes import update
from tindak.client.records import data_of
from tindak.topics.apply import apply

pytestmark = [pytest.mark.upgrade, pytest.mark.timeout(400)]

COMPLAINTS = 100
# The topics of release 0.1.0 that all senders shared.
SHARED = (
    Topic(topics.SUBMITTED, ("channels",), ("intake",), 3, 30),
    Topic(topics.UPDATES, ("agencies", "officers", "channels"), ("routing",), 3, 30),
    Topic("complaints.rejected", ("intake",), ("channels",), 3, 30),
)
SETTINGS = {
    "TINDAK_KAFKA_SESSION_TIMEOUT_MS": "6000",  # 0.1.0 takes no less
    "TINDAK_SHARED_TOPICS": "true",
    "TINDAK_INTAKE_FORMER_IDS": "true",
    # By which the intake of 0.1.0 seals; notify opens what it sealed.
    "TINDAK_CONTACT_KEYS": "test:" + base64.b64encode(b"k" * 32).decode(),
}
BESIDE_0_1_0 = SETTINGS | {"TINDAK_MONGO_COMPRESSED_OUTBOX": "false"}

Ask = Callable[[str], Command]
ASKED: dict[type[EventData], Ask] = {
    TicketAcknowledged: lambda ticket: AcknowledgeTicket(ticket_id=ticket),
    TicketProgressed: lambda ticket: ProgressTicket(ticket_id=ticket, note="Sedang dikerjakan."),
    TicketAnswered: lambda ticket: AnswerTicket(ticket_id=ticket, answer="Sudah selesai.", final=True),
}


class Town:
    """Channels and agencies, which write on the topics of 0.1.0 that they share, and after the switch on their own."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.shares_topics = True
        self.complained = 0
        self.asked: dict[type[EventData], set[str]] = {}

    async def complain(self) -> None:
        """Let new reports come."""
        numbers = range(self.complained, self.complained + COMPLAINTS)
        self.complained += COMPLAINTS
        await self.write([as_outgoing(complaint(number)) for number in numbers])

    async def repeat(self) -> None:
        """Let every report come again, as channels repeat what they have no answer to."""
        await self.write([as_outgoing(complaint(number, repeat=1)) for number in range(self.complained)])

    async def ask(self, fact: type[EventData]) -> None:
        """Let agencies write about all tickets that they have by now what *fact* follows from."""
        routed = [data for data in map(data_of, await self.city.client.read([topics.TICKETS])) if is_routed(data)]
        with_agency = {data.ticket_id: data.agency for data in routed}
        now = datetime.now(UTC)
        self.asked[fact] = set(with_agency)
        await self.write(
            [update(ASKED[fact](ticket), f"/agencies/{code}", now) for ticket, code in with_agency.items()]
        )

    async def write(self, events: Sequence[Outgoing]) -> None:
        """Publish *events* where their senders write now."""
        shared = [replace(event, topic=topics.family_of(event.topic)) for event in events]
        await self.city.client.publish(shared if self.shares_topics else events)


def is_routed(data: object) -> bool:
    return isinstance(data, TicketRouted)


def told(records: list[Record], fact: type[EventData]) -> set[str]:
    """Return the tickets of which *fact* was told."""
    on_topic = (data_of(record) for record in records if record.topic == topics.TICKETS)
    return {str(data.ticket_id) for data in on_topic if isinstance(data, fact)}  # type: ignore[attr-defined]


def writers(namespace: Namespace) -> dict[str, set[str | None]]:
    """Return by service which releases wrote its documents last; None for those that did not say so yet."""
    with MongoClient[dict[str, Any]](namespace.mongo.uri.get_secret_value()) as client:
        databases = {service: client[namespace.mongo.database_prefix + service] for service in topics.SERVICES}
        return {
            service: {raw.get("by") for raw in database["tickets"].find({}, {"by": 1})}
            for service, database in databases.items()
        }


async def stop(fleet: Fleet, *services: str) -> None:
    """End all processes of these services in an orderly way."""
    leaving = [member for member in fleet.members if member.service in services and member.process.poll() is None]
    assert await asyncio.to_thread(fleet.stop, *leaving) == [0] * len(leaving), fleet.last_words()


async def roll(fleet: Fleet, town: Town, service: str) -> None:
    """Put this release's process beside the one of 0.1.0, and let that one end once both have worked."""
    (leaving,) = (member for member in fleet.members if member.service == service)
    await fleet.ready(fleet.start(service))
    await town.complain()
    await town.city.quiet()
    assert await asyncio.to_thread(fleet.stop, leaving) == [0], fleet.last_words()


def answered_tickets(records: Sequence[Record]) -> dict[tuple[str, str], set[str]]:
    """Return by channel and source id the tickets that channels were told of on their own topics."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for record in records:
        data = data_of(record)
        if topics.family_of(record.topic) == topics.ANSWERS and isinstance(data, ComplaintAccepted):
            found[data.channel, data.source_id].add(data.ticket_id)
    return found


async def test_an_upgrade_loses_and_doubles_nothing_and_knows_what_was_taken(
    namespace: Namespace, tmp_path: Path
) -> None:
    """sla and notify may run beside those of 0.1.0; intake and routing are switched at once, see docs/operations.md."""
    previous = previous_release(tmp_path)
    await asyncio.to_thread(apply, namespace.kafka, SHARED)
    fleet = Fleet(namespace, tmp_path, settings=BESIDE_0_1_0)
    try:
        for service in topics.SERVICES:
            fleet.start(service, code=previous)
        await fleet.ready()
        async with city_of(namespace, (*CATALOGUE, *SHARED)) as city:
            town = Town(city)
            city.unread = frozenset(topics.FORMER)  # as the routing of 0.1.0 knows them not
            await town.complain()
            for service in ("sla", "notify"):
                await roll(fleet, town, service)
            await town.ask(TicketAcknowledged)
            await city.quiet()
            await stop(fleet, "intake", "routing")
            taken = {record.key for record in await city.client.read([topics.ACCEPTED])}
            await town.complain()  # which nobody of 0.1.0 reads any more
            await stop(fleet, "sla", "notify")
            fleet.settings = SETTINGS
            await fleet.ready(*map(fleet.start, topics.SERVICES))
            city.unread = frozenset()
            town.shares_topics = False
            await town.repeat()
            await town.complain()
            await city.quiet()
            await town.ask(TicketProgressed)
            await town.ask(TicketAnswered)
            records = await city.audited()
        upgraded = writers(namespace)
    finally:
        await asyncio.to_thread(fleet.stop)

    accepted = {record.key.decode() for record in records if record.topic == topics.ACCEPTED and record.key}
    answered = answered_tickets(records)
    assert {UUID(key.decode()).version for key in taken if key} == {5}
    assert (len(taken), len(accepted), len(answered)) == (3 * COMPLAINTS, 5 * COMPLAINTS, 5 * COMPLAINTS)
    assert set().union(*answered.values()) == accepted
    assert all(len(tickets) == 1 for tickets in answered.values())
    assert {fact: told(records, fact) for fact in ASKED} == town.asked
    assert town.asked[TicketAnswered] >= {key.decode() for key in taken if key} & told(records, TicketRouted)
    assert all(RELEASE in releases for releases in upgraded.values())
