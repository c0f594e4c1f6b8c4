"""What failed and what waits is found along an index, which holds no ticket of which every notice was sent."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.notify.delivery_rows import Wanted
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Delivery, Due, Failed, Sent, Suppressed
from services.notify.store import INDEXES, STATE, TICKETS_AT_ONCE, UNSENT_AT, NotifyStore
from shared.adapters.mongo.client import collection
from shared.delivery.documents.document import Document
from tests.builders import ticket_id
from tests.fakes.handler_harness import NOON
from tests.servers.addresses import Namespace
from tests.unit.notify.samples import correspondence, delivery

pytestmark = [pytest.mark.connected, pytest.mark.without_topics, pytest.mark.timeout(120)]

HOUR = timedelta(hours=1)
ANY = Wanted("failed", None, None, 10_000)


def held(number: int, *deliveries: Delivery, due: bool = False) -> Document[Correspondence]:
    ticket = ticket_id("web", str(number))
    state = correspondence(*deliveries, ticket_id=ticket)
    return Document(ticket, state=state, due_at=NOON + number * HOUR if due else None)


def failed(at_hour: int, agency: str = "dishub") -> Delivery:
    return delivery(Failed(NOON + at_hour * HOUR, 3, "email", "smtp_550"), id=f"f{at_hour}", agency=agency)


@pytest.fixture
async def store(namespace: Namespace) -> AsyncIterator[NotifyStore]:
    opened = NotifyStore(collection(namespace.mongo, "notify"), STATE, INDEXES)
    await opened.prepare()
    yield opened
    opened.close()


async def found(store: NotifyStore, wanted: Wanted) -> list[str]:
    return [row.delivery_id for row in await store.deliveries(wanted)]


async def test_what_failed_is_found_by_time_and_agency_and_nothing_else(store: NotifyStore) -> None:
    well = [held(100 + n, delivery(Sent(NOON, 1, "email"), id="well")) for n in range(50)]
    held_back = held(3, delivery(Suppressed(NOON, 0, "no_channel"), id="s"))
    await store.save([*well, held(2, failed(2, "dlh")), held(1, failed(1)), held_back])

    assert await found(store, ANY) == ["f1", "f2"]
    assert await found(store, Wanted("failed", "dlh", None, 9)) == ["f2"]
    assert await found(store, Wanted("failed", None, NOON + 2 * HOUR, 9)) == ["f2"]
    assert await found(store, Wanted("failed", None, None, 1)) == ["f1"]
    assert await found(store, Wanted("suppressed", None, None, 9)) == ["s"]


async def test_more_than_a_page_is_found_whole(store: NotifyStore) -> None:
    many = TICKETS_AT_ONCE * 2 + 1
    await store.save([held(number, failed(number)) for number in range(many)])

    assert await found(store, ANY) == [f"f{number}" for number in range(many)]


async def test_what_waits_is_found_in_the_order_in_which_something_happens(store: NotifyStore) -> None:
    await store.save([held(n, delivery(Due(NOON, 1), id=f"d{n}"), due=True) for n in (3, 1, 2)])
    await store.save([held(9, delivery(Sent(NOON, 1, "email")))])

    assert await found(store, Wanted("waiting", None, None, 9)) == ["d1", "d2", "d3"]


async def test_neither_reads_tickets_of_which_all_went_well(store: NotifyStore) -> None:
    await store.save([held(n, delivery(Sent(NOON, 1, "email"))) for n in range(500)])
    await store.save([held(1000 + n, failed(n)) for n in range(5)])
    await store.save([held(2000 + n, delivery(Due(NOON, 1)), due=True) for n in range(5)])
    failing = {UNSENT_AT: {"$gte": "2026-03-02T05:00:00"}, "aside": {"$exists": False}}
    waiting = {"due_at": {"$exists": True}, **await store.within(None), "aside": {"$exists": False}}

    for query, field in ((failing, UNSENT_AT), (waiting, "due_at")):
        command = {"find": store.collection.name, "filter": query, "sort": {field: 1}, "limit": 200}
        explained: Any = await store.collection.database.command(
            {"explain": command, "verbosity": "executionStats"}
        )  # fmt: skip
        assert "COLLSCAN" not in str(explained["queryPlanner"]["winningPlan"])
        assert explained["executionStats"]["totalDocsExamined"] == 5
