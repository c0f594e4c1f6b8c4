"""What a real collection tells of its open tickets, by its indexes."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.routing import neighbours as routing_neighbours
from services.routing.domain.duplicates.candidates import Neighbour
from services.routing.domain.duplicates.similar_reports import vector_of
from services.routing.domain.duplicates.similarity import Fingerprint
from services.routing.domain.ticket.state import State
from services.routing.neighbours import INDEXES, KELURAHAN, LISTED, Listing, StoredNeighbours, findable_stages
from services.routing.store import STATE
from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.codec import SCHEMA_VERSION
from shared.delivery.documents.document import Document
from shared.events import Location
from tests.builders import ticket_id
from tests.fakes.handler_harness import NOON
from tests.servers.addresses import Namespace
from tests.unit.routing.samples import filed, report

pytestmark = [pytest.mark.connected, pytest.mark.without_topics, pytest.mark.timeout(120)]

PLACE = Location(kelurahan="Serua", latitude=-6.3, longitude=106.7)
SKETCH = Fingerprint(frozenset({1, 2, 3}), {5: frozenset({6})}, (7, 8, 2**31 - 1))


def stored(name: str, **changes: object) -> Document[State]:
    ticket = ticket_id("web", name)
    about = {"sketch": SKETCH, "findable": True, "report": report(location=PLACE), "category": "jalan"}
    return Document(ticket, state=filed("routed", id=ticket, **about | changes))


def since(at: datetime) -> dict[str, object]:
    return {"findable_since": at}


async def test_tickets_that_may_be_joined_are_told_with_their_keys(namespace: Namespace) -> None:
    store: MongoStore[State] = MongoStore(collection(namespace.mongo, "routing"), STATE, INDEXES)
    await store.prepare()
    await store.save([stored("one"), stored("hidden", findable=False), stored("plain", sketch=None, findable=False)])
    neighbours, ids = StoredNeighbours(store), [ticket_id("web", name) for name in ("hidden", "one", "plain", "none")]

    assert await neighbours.joinable(ids) == (Neighbour(ids[1], NOON, "jalan", PLACE, SKETCH, "dishub"),)
    assert await neighbours.keys_of(ids) == {ids[1]: (7, 8, 2**31 - 1)}
    assert await neighbours.joinable([]) == ()
    assert await neighbours.keys_of([]) == {}
    store.close()


async def test_keys_of_very_many_tickets_come_in_the_order_asked(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing_neighbours, "READ_MAX", 2)
    store: MongoStore[State] = MongoStore(collection(namespace.mongo, "routing"), STATE, INDEXES)
    await store.prepare()
    names = ("one", "two", "three", "four", "five")
    await store.save([stored(name) for name in names])
    asked = [ticket_id("web", name) for name in reversed(names)]

    assert list(await StoredNeighbours(store).keys_of(asked)) == asked
    store.close()


async def test_what_was_filed_since_an_instant_is_told_the_newest_first(namespace: Namespace) -> None:
    store: MongoStore[State] = MongoStore(collection(namespace.mongo, "routing"), STATE, INDEXES)
    await store.prepare()
    half = timedelta(milliseconds=500)
    instants = {"whole": NOON, "half": NOON + half, "before": NOON - half, "later": NOON + timedelta(days=1)}
    await store.save([stored(name, **since(at)) for name, at in instants.items()])
    await store.save([stored("hidden", findable=False, **since(NOON))])
    neighbours = StoredNeighbours(store)

    everything = await neighbours.findable_since(None, 10)
    # Of one second some may stand in another order: instants are compared as text.
    from_noon = await neighbours.findable_since(NOON, 10)
    newest = await neighbours.findable_since(NOON, 1)
    explained = await store.collection.database.command(
        "explain", {"aggregate": store.collection.name, "pipeline": findable_stages(NOON, 5), "cursor": {}}
    )
    store.close()

    assert set(everything) == {ticket_id("web", name) for name in instants}
    assert everything[0] == ticket_id("web", "later")
    assert set(from_noon) == {ticket_id("web", name) for name in ("whole", "half", "later")}
    assert newest == [ticket_id("web", "later")]
    assert "IXSCAN" in str(explained)
    assert "FETCH" not in str(explained)


async def test_an_unreadable_or_quarantined_neighbour_hides_no_other(namespace: Namespace) -> None:
    store: MongoStore[State] = MongoStore(collection(namespace.mongo, "routing"), STATE, INDEXES)
    await store.prepare()
    await store.save([stored(name) for name in ("one", "bad", "keyless", "newer", "aside")])
    for name, change in {
        "bad": {"state.ticket.accepted_at": "no instant"},
        "keyless": {"state.ticket.sketch.bands": ["no key", None]},
        "newer": {"v": SCHEMA_VERSION + 1},
        "aside": {"aside": {"reason": "document_too_large", "error": ""}},
    }.items():
        await store.collection.update_one({"_id": ticket_id("web", name)}, {"$set": change})

    ids = [ticket_id("web", name) for name in ("one", "bad", "keyless", "newer", "aside")]
    found = await StoredNeighbours(store).joinable(ids)
    keys = await StoredNeighbours(store).keys_of(ids)
    store.close()

    assert [neighbour.id for neighbour in found] == [ticket_id("web", "one")]
    assert list(keys.items()) == list(zip(ids[:3], [SKETCH.bands, SKETCH.bands, ()], strict=True))


async def test_the_open_tickets_of_a_kelurahan_are_listed_newest_first_with_their_leaders(namespace: Namespace) -> None:
    store: MongoStore[State] = MongoStore(collection(namespace.mongo, "routing"), STATE, INDEXES)
    await store.prepare()
    later = {"accepted_at": NOON + timedelta(hours=1), "cluster": ticket_id("web", "one")}
    elsewhere = report(location=Location(kelurahan="Setu"))
    secret = report(location=PLACE, confidential=True)
    await store.save([
        stored("one"), stored("later", **later), stored("elsewhere", report=elsewhere),
        stored("secret", report=secret), stored("part", parent=ticket_id("web", "one"), part=1),
        replace(stored("ended"), state=filed("withdrawn", id=ticket_id("web", "ended"), report=report(location=PLACE))),
    ])  # fmt: skip
    neighbours = StoredNeighbours(store)
    one, last = ticket_id("web", "one"), ticket_id("web", "later")

    assert await neighbours.listed_in(["Serua", "Nirgends"]) == {
        "Serua": Listing([last, one], {last: one}), "Nirgends": Listing(),
    }  # fmt: skip

    found = await neighbours.reports_of([one, ticket_id("web", "unknown")])
    told = stored("one").state.ticket  # type: ignore[union-attr]
    assert list(found) == [one]
    assert found[one].tracking_id == told.tracking_id
    assert found[one].vector.columns.tolist() == vector_of(f"{told.report.title} {told.report.body}").columns.tolist()
    plan = await store.collection.find({KELURAHAN: "Serua", **LISTED}).explain()
    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])
    store.close()
