"""What both collections of sla promise to the recomputation."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.sla.domain.ticket import ENDED, Ticket
from services.sla.store import INDEXES, STATE, ClockStore, SlaStore
from shared.adapters.mongo.client import connect
from shared.delivery.documents.codec import SCHEMA_VERSION
from shared.delivery.documents.document import Document
from shared.delivery.outgoing import Outgoing
from tests.contract.conftest import MEMORY, MONGO
from tests.fakes.clocks import MemoryClockStore
from tests.fakes.handler_harness import NOON
from tests.servers.addresses import Namespace


@pytest.fixture(params=[MEMORY, MONGO])
async def clocks(request: pytest.FixtureRequest) -> AsyncIterator[ClockStore]:
    if request.param == "memory":
        yield MemoryClockStore()
        return
    namespace = request.getfixturevalue("namespace")
    client = connect(namespace.mongo)
    real = SlaStore(client[f"{namespace.prefix}clocks"][secrets.token_hex(4)], STATE, INDEXES)
    await real.prepare()
    yield real
    real.close()


def ticket(id: str, edition: str | None, due_in_hours: int | None = None) -> Document[Ticket]:
    due_at: datetime | None = None if due_in_hours is None else NOON + timedelta(hours=due_in_hours)
    return Document(id, state=replace(Ticket(id, id, NOON), edition=edition), due_at=due_at)


async def ids(clocks: ClockStore, limit: int, skip: int = 0) -> list[str]:
    return [document.id for document in await clocks.outdated("new", limit, skip)]


async def test_outdated_tickets_come_by_edition_in_order_of_due_times(clocks: ClockStore) -> None:
    await clocks.save(
        [
            ticket("second", "old", 2),
            ticket("first", "old", 1),
            ticket("overdue", "old"),
            ticket("older", "older", 1),
            ticket("unknown", None, 9),
            ticket("timed", "new", 1),
            ticket("ended", ENDED),
        ]
    )

    assert await ids(clocks, 10) == ["unknown", "overdue", "first", "second", "older"]
    assert await ids(clocks, 2) == ["unknown", "overdue"]
    assert await ids(clocks, 2, skip=2) == ["first", "second"]
    assert await ids(clocks, 10, skip=4) == ["older"]
    assert await ids(clocks, 10, skip=5) == []


async def test_an_outdated_ticket_comes_whole(clocks: ClockStore) -> None:
    await clocks.save([ticket("a", "old", 1)])

    assert await clocks.outdated("new", 1) == [ticket("a", "old", 1).saved()]
    assert await clocks.outdated("old", 1) == []


@pytest.mark.connected
@pytest.mark.every_stack
@pytest.mark.without_topics
async def test_outdated_tickets_that_cannot_be_read_hide_none_behind_them(namespace: Namespace) -> None:
    """The recomputation ends where nothing comes any more: a batch in vain must not look like that."""
    store = SlaStore(connect(namespace.mongo)[f"{namespace.prefix}clocks"][secrets.token_hex(4)], STATE, INDEXES)
    await store.prepare()
    await store.save([ticket(id, "old", number) for number, id in enumerate(("bad1", "bad2", "newer", "a", "b"))])
    await store.collection.update_many({"_id": {"$in": ["bad1", "bad2"]}}, {"$set": {"state.as_of": "no instant"}})
    await store.collection.update_one({"_id": "newer"}, {"$set": {"v": SCHEMA_VERSION + 1}})

    found = [await ids(store, 2), await ids(store, 2, skip=1)]
    store.close()

    assert found == [["a", "b"], ["b"]]


async def test_an_outbox_document_is_not_outdated(clocks: ClockStore) -> None:
    unpublished = Outgoing("1", "sla.events", None, b"{}")
    await clocks.save([Document("outbox", pending=(unpublished,), pending_at=NOON), ticket("a", None)])

    assert await ids(clocks, 10) == ["a"]
    assert await ids(clocks, 10, skip=1) == []
