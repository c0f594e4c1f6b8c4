"""Documents that were stored under another number of partitions, or by another release, are found in one share."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.adapters.mongo.client import connect
from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.document import Document
from shared.delivery.outgoing import Outgoing
from shared.sharding import share_of
from tests.builders import ticket_id
from tests.fakes.handler_harness import NOON
from tests.servers.addresses import Namespace

pytestmark = [pytest.mark.connected, pytest.mark.without_topics, pytest.mark.timeout(120)]

TICKETS = [ticket_id("web", str(number)) for number in range(200)]


@pytest.fixture
async def tickets(namespace: Namespace) -> AsyncIterator[Any]:
    """An empty collection."""
    client = connect(namespace.mongo)
    yield client[f"{namespace.prefix}slots"]["tickets"]
    client.close()


def store_of(tickets: Any, partitions_total: int) -> MongoStore[str]:
    """Return the store of a replica that knows of so many partitions."""
    store = MongoStore(tickets, TypeAdapter(str))
    store.shards.partitions_total = partitions_total
    return store


def due(ticket: str) -> Document[str]:
    unpublished = Outgoing(ticket, "sla.events", ticket, b"{}")
    return Document(ticket, state="open", due_at=NOON, pending=(unpublished,), pending_at=NOON)


async def found(store: MongoStore[str], search: str, partitions_total: int) -> list[str]:
    """Return what each of so many replicas with one partition finds."""
    shares = [share_of({partition}, partitions_total) for partition in range(partitions_total)]
    return [each.id for share in shares for each in await getattr(store, search)(NOON, 500, share)]


@pytest.mark.parametrize("search", ["due_before", "pending_before"])
async def test_every_document_is_found_in_exactly_one_share(tickets: Any, search: str) -> None:
    many = store_of(tickets, 50)
    await many.prepare()
    await many.save([due(ticket) for ticket in TICKETS[:100]])
    await store_of(tickets, 12).save([due(ticket) for ticket in TICKETS[100:190]])
    await store_of(tickets, 12).save([due(ticket) for ticket in TICKETS[190:]])
    await tickets.update_many({"_id": {"$in": TICKETS[190:195]}}, {"$set": {"slot": 23}})  # as 0.1.0 may store them
    await tickets.update_many({"_id": {"$in": TICKETS[195:]}}, {"$unset": {"slot": 1}})  # as was stored before shards

    by_fifty = await found(store_of(tickets, 50), search, 50)
    by_twelve = await found(store_of(tickets, 12), search, 12)
    anywhere = [each.id for each in await getattr(store_of(tickets, 12), search)(NOON, 500)]

    assert sorted(by_fifty) == sorted(by_twelve) == sorted(anywhere) == sorted(TICKETS)


async def test_due_documents_are_read_along_the_index_in_order(tickets: Any) -> None:
    store = store_of(tickets, 64)
    await store.prepare()
    await store.save([due(ticket) for ticket in TICKETS])
    wanted = {"due_at": {"$lte": NOON}, "slot": await store.shards.within(None)}

    plan: Any = await tickets.find(wanted).sort("due_at", 1).limit(10).explain()

    stages = str(plan["queryPlanner"]["winningPlan"])
    assert "SORT_MERGE" in stages
    assert "COLLSCAN" not in stages
