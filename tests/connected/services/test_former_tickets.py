"""Tickets that release 0.1.0 has stored are found by new reports once routing has started."""

import asyncio
from dataclasses import replace

import pytest
from pymongo import ASCENDING

from services.routing.domain.duplicates.similarity import Fingerprint
from services.routing.domain.ticket.state import Filed, State
from services.routing.neighbours import FINDABLE, FINDABLE_SINCE, StoredNeighbours
from services.routing.store import FORMER_INDEX, INDEXES, STATE, RoutingStore
from shared.adapters.mongo.client import collection
from shared.delivery.documents.document import Document
from tests.builders import ticket_id
from tests.fakes.handler_harness import NOON
from tests.servers.addresses import Namespace
from tests.unit.routing.samples import filed

pytestmark = [pytest.mark.connected, pytest.mark.without_topics, pytest.mark.timeout(120)]

SKETCH = Fingerprint(frozenset({1}), {}, (7,))
ONE, HIDDEN = ticket_id("web", "one"), ticket_id("web", "hidden")


def store_in(namespace: Namespace) -> RoutingStore:
    return RoutingStore(collection(namespace.mongo, "routing"), STATE, INDEXES)


async def test_they_may_be_joined_since_they_were_accepted(namespace: Namespace) -> None:
    store = store_in(namespace)
    await store.prepare()
    one: Document[State] = Document(ONE, state=filed("routed", id=ONE, sketch=SKETCH, findable=True))
    hidden: Document[State] = Document(HIDDEN, state=filed("routed", id=HIDDEN, sketch=SKETCH))
    await store.save([one, hidden])
    await store.collection.update_many({}, {"$unset": {FINDABLE_SINCE: ""}})  # which that release does not know

    await store.prepare()
    await store.prepare()

    read = await store.load([ONE, HIDDEN])
    found = await StoredNeighbours(store).findable_since(NOON, 10)
    store.close()
    assert isinstance(one.state, Filed)
    since_accepted = replace(one.state, ticket=replace(one.state.ticket, findable_since=one.state.ticket.accepted_at))
    assert [(each.state, each.revision) for each in read.values() if isinstance(each, Document)] == [
        (since_accepted, 2) if id_ == ONE else (hidden.state, 1) for id_ in read
    ]
    assert found == [ONE]


async def test_its_index_by_keys_goes_also_when_several_processes_start(namespace: Namespace) -> None:
    stores = [store_in(namespace) for _ in range(3)]
    keys = [("state.ticket.sketch.bands", ASCENDING)]
    made = await stores[0].collection.create_index(keys, partialFilterExpression={FINDABLE: True})

    await asyncio.gather(*(store.prepare() for store in stores))

    left = await stores[0].collection.index_information()
    for store in stores:
        store.close()
    assert made == FORMER_INDEX
    assert made not in left
