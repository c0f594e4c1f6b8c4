"""Updates that an older release lets wait for ever are found when routing starts."""

from datetime import UTC, datetime, timedelta

import pytest
from pymongo import MongoClient

from services.routing.domain.ticket.state import Awaited, EarlyUpdate, State
from services.routing.store import AWAITED, INDEXES, KIND, STATE, RoutingStore
from shared.adapters.mongo.client import collection
from shared.delivery.documents.document import Document
from tests.builders import ticket_id
from tests.fakes.handler_harness import NOON
from tests.servers.addresses import Namespace
from tests.unit.routing.commands import COMMANDS
from tests.unit.routing.samples import DISHUB, UPDATE_ID, filed

pytestmark = [pytest.mark.connected, pytest.mark.without_topics, pytest.mark.timeout(120)]

PROGRESS = COMMANDS["progress"]
EARLY = EarlyUpdate(UPDATE_ID, DISHUB, PROGRESS.TYPE, PROGRESS.model_dump_json(), NOON)


def stored(name: str, state: State, due_at: datetime | None = None) -> Document[State]:
    return Document(ticket_id("web", name), state=state, due_at=due_at)


async def test_updates_that_wait_without_an_end_are_due_once_routing_starts(namespace: Namespace) -> None:
    store = RoutingStore(collection(namespace.mongo, "routing"), STATE, INDEXES)
    await store.prepare()
    endless = stored("endless", Awaited((EARLY,)))
    in_a_year = datetime.now(UTC) + timedelta(days=365)
    others = [
        stored("waits", Awaited((EARLY,)), due_at=in_a_year), stored("told", Awaited(linked=True)),
        stored("ended", Awaited(ended_at=NOON)), stored("filed", filed()),
    ]  # fmt: skip
    await store.save([endless, *others])

    await store.prepare()

    found = await store.due_before(datetime.now(UTC) + timedelta(days=1), 10)
    assert [(one.id, one.state, one.revision) for one in found] == [(endless.id, endless.state, 2)]
    assert {one.revision for one in (await store.load([other.id for other in others])).values()} == {1}
    store.close()


async def test_they_are_looked_for_along_an_index(namespace: Namespace) -> None:
    store = RoutingStore(collection(namespace.mongo, "routing"), STATE, INDEXES)
    await store.prepare()
    await store.save([stored("endless", Awaited((EARLY,)))])
    store.close()

    with MongoClient(namespace.mongo.uri.get_secret_value()) as client:  # type: ignore[var-annotated]
        raw = client[namespace.mongo.database_prefix + "routing"]["tickets"]
        plan = raw.find({KIND: AWAITED, "due_at": {"$exists": False}}).explain()

    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])
