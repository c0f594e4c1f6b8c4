"""The release before and this one on the same topics and databases: up, side by side, and back again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from shared import topics
from shared.delivery.ports import Record
from shared.events import (
    AcknowledgeTicket,
    AnswerTicket,
    Command,
    EventData,
    ProgressTicket,
    TicketAcknowledged,
    TicketAnswered,
    TicketProgressed,
    TicketRouted,
)
from shared.process.release import RELEASE
from tests.faults.city import City, city_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import ROOT, Fleet
from tests.upgrade.previous import previous_release
from tindak.client.envelopes import update
from tindak.client.records import data_of

pytestmark = [pytest.mark.upgrade, pytest.mark.timeout(400)]

COMPLAINTS = 150

Ask = Callable[[str], Command]
ASKED: dict[type[EventData], Ask] = {
    TicketAcknowledged: lambda ticket: AcknowledgeTicket(ticket_id=ticket),
    TicketProgressed: lambda ticket: ProgressTicket(ticket_id=ticket, note="Sedang dikerjakan."),
    TicketAnswered: lambda ticket: AnswerTicket(ticket_id=ticket, answer="Sudah selesai.", final=True),
}


class Town:
    """Reports keep coming, and in each phase the agencies write about all tickets that they have by then."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.asked: dict[type[EventData], set[str]] = {}

    async def live(self, fact: type[EventData] | None = None) -> None:
        """Let reports come, and agencies write what *fact* follows from."""
        if fact is not None:
            routed = [data for data in map(data_of, await self.city.client.read([topics.TICKETS])) if is_routed(data)]
            with_agency = {data.ticket_id: data.agency for data in routed}
            now = datetime.now(UTC)
            asked = [update(ASKED[fact](ticket), f"/agencies/{code}", now) for ticket, code in with_agency.items()]
            await self.city.client.publish(asked)
            self.asked[fact] = set(with_agency)
        await self.city.complain(COMPLAINTS)


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


@asynccontextmanager
async def mixed(fleet: Fleet, code: Path) -> AsyncIterator[None]:
    """Give the fleet with a process of another release beside each of its own, which end afterwards."""
    leaving = [member for member in fleet.members if member.process.poll() is None]
    joining = [fleet.start(member.service, code=code) for member in leaving]
    await fleet.ready(*joining)
    yield
    assert await asyncio.to_thread(fleet.stop, *leaving) == [0] * len(leaving), fleet.last_words()


async def test_a_rolling_upgrade_and_the_way_back_lose_and_double_nothing(namespace: Namespace, tmp_path: Path) -> None:
    previous = previous_release(tmp_path)
    # The previous release takes no less.
    fleet = Fleet(namespace, tmp_path, settings={"TINDAK_KAFKA_SESSION_TIMEOUT_MS": "6000"})
    try:
        for service in topics.SERVICES:
            fleet.start(service, code=previous)
        await fleet.ready()
        async with city_of(namespace) as city:
            town = Town(city)
            await town.live()
            async with mixed(fleet, ROOT):
                await town.live(TicketAcknowledged)
            await town.live(TicketProgressed)
            upgraded = writers(namespace)
            async with mixed(fleet, previous):
                await town.live(TicketAnswered)
            await town.live()
            records = await city.audited()
            accepted = await city.accepted()
    finally:
        await asyncio.to_thread(fleet.stop)

    assert accepted == 5 * COMPLAINTS
    assert {fact: told(records, fact) for fact in ASKED} == town.asked
    assert all(RELEASE in releases for releases in upgraded.values())
