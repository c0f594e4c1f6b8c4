"""Every implementation of the ports: in memory always, on real servers where the tests of that tier run."""

import secrets
from collections.abc import AsyncIterator

import pytest
from pydantic import TypeAdapter
from pymongo import ASCENDING, IndexModel

from shared.adapters.mongo.client import connect
from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.cache import CachedStore
from shared.delivery.ports import Store
from tests.contract.notes import Note
from tests.contract.shelves import MemoryShelf, MongoShelf, Shelf
from tests.contract.streams import KafkaStream, MemoryStream, Stream
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryBroker, MemoryClock, MemoryStore
from tests.fakes.stored import StoredMemoryStore

MEMORY = pytest.param("memory", marks=pytest.mark.contract)
STORED, CACHED = (pytest.param(name, marks=pytest.mark.contract) for name in ("stored", "cached"))
MONGO = pytest.param("mongo", marks=[pytest.mark.connected, pytest.mark.every_stack, pytest.mark.without_topics])
KAFKA = pytest.param("kafka", marks=[pytest.mark.connected, pytest.mark.every_stack, pytest.mark.without_agencies])
NOTES = TypeAdapter(Note)
UNIQUE = IndexModel([("state.number", ASCENDING)], unique=True)


@pytest.fixture(params=[MEMORY, STORED, CACHED, MONGO])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store[Note]]:
    """An empty store in which no two notes may have the same number."""
    if request.param == "memory":
        yield MemoryStore(unique=lambda note: note.number)
    elif request.param == "cached":
        yield CachedStore(MemoryStore(unique=lambda note: note.number), MemoryClock(NOON))
    elif request.param == "stored":
        yield StoredMemoryStore.of(NOTES, unique=lambda note: note.number)
    else:
        real = await collection_of_notes(request)
        yield real
        real.close()


@pytest.fixture(params=[MEMORY, MONGO])
async def shelf(request: pytest.FixtureRequest) -> AsyncIterator[Shelf]:
    """An empty store, and what lies in it as it is stored."""
    if request.param == "memory":
        yield MemoryShelf(StoredMemoryStore.of(NOTES))
    else:
        real = await collection_of_notes(request)
        yield MongoShelf(real)
        real.close()


async def collection_of_notes(request: pytest.FixtureRequest) -> MongoStore[Note]:
    client = connect(request.getfixturevalue("namespace").mongo)
    name = f"{request.getfixturevalue('namespace').prefix}contract"
    store = MongoStore(client[name][secrets.token_hex(4)], NOTES, [UNIQUE])
    await store.prepare()
    return store


@pytest.fixture(params=[MEMORY, KAFKA])
async def stream(request: pytest.FixtureRequest) -> AsyncIterator[Stream]:
    """Empty topics with a publisher, and groups that read them."""
    if request.param == "memory":
        yield MemoryStream(MemoryBroker(MemoryClock(NOON)))
        return
    real = KafkaStream(request.getfixturevalue("namespace").kafka)
    yield real
    await real.publisher.close()
