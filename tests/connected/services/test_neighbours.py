"""What the index of a real collection finds is what a look at every document finds."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pymongo import MongoClient

from services.routing.domain.duplicates.candidates import Neighbour, Wanted
from services.routing.domain.duplicates.similar_reports import vector_of
from services.routing.domain.duplicates.similarity import Fingerprint
from services.routing.domain.ticket.state import State
from services.routing.neighbours import BANDS, FINDABLE, INDEXES, KELURAHAN, LISTED, Listing, StoredNeighbours
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


def wanted(*keys: int, since: datetime = NOON, found_max: int = 10) -> Wanted:
    return Wanted(keys, since, found_max)


async def test_open_tickets_are_found_by_any_of_their_keys(namespace: Namespace) -> None:
    store: MongoStore[State] = MongoStore(collection(namespace.mongo, "routing"), STATE, INDEXES)
    await store.prepare()
    await store.save([stored("one"), stored("hidden", findable=False), stored("plain", sketch=None, findable=False)])
    neighbours = StoredNeighbours(store)

    found = await neighbours.sharing(wanted(8, 99))

    assert list(found) == [Neighbour(ticket_id("web", "one"), NOON, "jalan", PLACE, SKETCH, "dishub")]
    assert list(await neighbours.sharing(wanted(99))) == []
    assert list(await neighbours.sharing(wanted())) == []
    store.close()


async def test_of_too_many_the_newest_are_found_and_none_from_before_the_time_that_counts(namespace: Namespace) -> None:
    store: MongoStore[State] = MongoStore(collection(namespace.mongo, "routing"), STATE, INDEXES)
    await store.prepare()
    days = {name: {"accepted_at": NOON + timedelta(days=at)} for name, at in (("new", 0), ("old", -1), ("older", -9))}
    await store.save([stored(name, **about) for name, about in days.items()])
    neighbours = StoredNeighbours(store)

    newest = await neighbours.sharing(wanted(8, since=NOON - timedelta(days=1), found_max=1))
    counted = await neighbours.sharing(wanted(8, since=NOON - timedelta(days=1)))
    store.close()

    assert [one.id for one in newest] == [ticket_id("web", "new")]
    assert [one.id for one in counted] == [ticket_id("web", "new"), ticket_id("web", "old")]


async def test_the_look_up_uses_the_index(namespace: Namespace) -> None:
    store: MongoStore[State] = MongoStore(collection(namespace.mongo, "routing"), STATE, INDEXES)
    await store.prepare()
    await store.save([stored("one")])
    store.close()

    with MongoClient(namespace.mongo.uri.get_secret_value()) as client:  # type: ignore[var-annotated]
        raw = client[namespace.mongo.database_prefix + "routing"]["tickets"]
        plan = raw.find({FINDABLE: True, BANDS: {"$in": [8]}}).explain()

    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])


async def test_an_unreadable_or_quarantined_neighbour_hides_no_other(namespace: Namespace) -> None:
    store: MongoStore[State] = MongoStore(collection(namespace.mongo, "routing"), STATE, INDEXES)
    await store.prepare()
    await store.save([stored(name) for name in ("one", "bad", "newer", "aside")])
    for name, change in {
        "bad": {"state.ticket.accepted_at": "no instant"},
        "newer": {"v": SCHEMA_VERSION + 1},
        "aside": {"aside": {"reason": "document_too_large", "error": ""}},
    }.items():
        await store.collection.update_one({"_id": ticket_id("web", name)}, {"$set": change})

    found = await StoredNeighbours(store).sharing(wanted(8))
    store.close()

    assert [neighbour.id for neighbour in found] == [ticket_id("web", "one")]


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
