"""What running services ask of their databases names the ticket, or stands in docs/scaling.md with what is done."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from services.notify.sending.address_book import COLLECTION as ADDRESSES
from shared import events as e
from shared import topics
from shared.adapters.mongo.client import COLLECTION
from tests.connected.notify.relay import Relay
from tests.journey.policies import NO_QUIET_HOURS, policy_with
from tests.journey.post import mail_settings
from tests.journey.story import Story, story_of
from tests.scaling import commands_named, transactions_named
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

Raw = Mapping[str, Any]
PROFILE_BYTES = 32 * 1024 * 1024
ROADS, WEB = "/agencies/dsdabmbk", "/channels/web"
POTHOLE = {
    "channel": "web",
    "title": "Jalan berlubang di Ciputat",
    "body": "Jalan berlubang besar di Jalan Melati depan Pasar Ciputat, sudah dua pengendara motor jatuh.",
    "location": {"kelurahan": "Ciputat"},
    "reporter": {"name": "Siti Rahmawati", "email": "siti.rahmawati@warga.example"},
}
ABOUT_DOCUMENTS = {"aggregate", "delete", "distinct", "find", "insert", "remove", "update"}
ON_EVERY_QUERY_FOR_WORK = {"aside", "v"}
RANGES = {"$exists", "$gt", "$gte", "$lt", "$lte", "$ne", "$nin"}


@contextmanager
def profiled(namespace: Namespace) -> Iterator[list[Raw]]:
    """Give what the services ask meanwhile, filled at the end."""
    asked: list[Raw] = []
    with MongoClient[dict[str, Any]](namespace.mongo.uri.get_secret_value()) as client:
        databases = [client[namespace.mongo.database_prefix + service] for service in topics.SERVICES]
        for database in databases:
            database.create_collection("system.profile", capped=True, size=PROFILE_BYTES)
            database.command("profile", 2)
        try:
            yield asked
        finally:
            for database in databases:
                database.command("profile", 0)
        for database in databases:
            asked += database["system.profile"].find({"ns": {"$regex": rf"\.({COLLECTION}|{ADDRESSES})$"}})


def filters_of(one: Raw) -> tuple[str, list[Raw]]:
    """Return a command of the profiler and the filters by which it asks; none for one that asks for no documents."""
    command = one.get("command", {})
    name = one["op"] if one["op"] in ABOUT_DOCUMENTS else next(iter(command), one["op"])
    if name not in ABOUT_DOCUMENTS or name == "insert":
        return name, []
    if "pipeline" in command:
        return name, [next((stage["$match"] for stage in command["pipeline"] if "$match" in stage), {})]
    return name, [command.get("filter") or command.get("q") or command.get("query") or {}]


def names_the_id(wanted: Raw) -> bool:
    """Return whether a filter wants documents by their ids."""
    id_ = wanted.get("_id")
    return id_ is not None and not (isinstance(id_, Mapping) and RANGES.intersection(id_))


def scattered(asked: list[Raw]) -> set[str]:
    """Return the commands that do not name what they want, with the fields by which they ask for it."""
    found = set()
    for name, filters in map(filters_of, asked):
        for wanted in filters:
            fields = wanted.keys() - {"_id"}
            if not names_the_id(wanted):
                found.add(" ".join((name, *sorted(fields - ON_EVERY_QUERY_FOR_WORK or fields))))
    return found


async def lived(story: Story) -> None:
    """Let two neighbours report the same, their agency answer, and one be content."""
    first = await story.complain(source_id="1", **POTHOLE)
    await story.hears(e.TicketRouted, topics.TICKETS, first.ticket_id)
    second = await story.complain(source_id="2", **POTHOLE)
    await story.hears(e.ClusterJoined, topics.TICKETS, second.ticket_id)
    await story.ask(ROADS, e.AcknowledgeTicket(ticket_id=first.ticket_id))
    await story.ask(ROADS, e.AnswerTicket(ticket_id=first.ticket_id, answer="Sudah ditambal.", final=True))
    await story.ask(WEB, e.ConfirmTicket(ticket_id=first.ticket_id, rating=5))
    await story.hears(e.NotificationSent, topics.DELIVERIES, first.ticket_id, notice="closed", channel="email")


async def test_what_services_ask_names_the_ticket_or_is_named(
    namespace: Namespace, tmp_path: Path, relay: Relay
) -> None:
    fleet = Fleet(namespace, tmp_path, policy=policy_with(tmp_path, NO_QUIET_HOURS), settings=mail_settings(relay))

    with profiled(namespace) as asked:
        async with running(fleet), story_of(namespace) as story:
            await lived(story)

    assert scattered(asked) <= commands_named()
    assert {"find due_at slot"} <= scattered(asked), "the profiler saw no sweep"
    assert {one["ns"].rpartition(".")[2] for one in asked} == {COLLECTION, ADDRESSES}
    # A write that is retried has a `txnNumber`, too; only within a transaction nothing commits by itself.
    assert transactions_named() or not any("autocommit" in one.get("command", {}) for one in asked)
