"""Every implementation of the ports: in memory always, on real servers where the tests of that tier run."""

import secrets
from collections.abc import AsyncIterator

import pytest
from pydantic import TypeAdapter
from pymongo import ASCENDING, IndexModel

from shared.delivery.ports import Store
from shared.mongo import MongoStore, connect
from tests.contract.notes import Note
from tests.contract.streams import KafkaStream, MemoryStream, Stream
from tests.fakes.bench import NOON
from tests.fakes.memory import MemoryBroker, MemoryClock, MemoryStore

MEMORY = pytest.param("memory", marks=pytest.mark.contract)
UNIQUE = IndexModel([("state.number", ASCENDING)], unique=True)


@pytest.fixture(params=[MEMORY, pytest.param("mongo", marks=pytest.mark.connected)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store[Note]]:
    """An empty store in which no two notes may have the same number."""
    if request.param == "memory":
        yield MemoryStore(unique=lambda note: note.number)
        return
    client = connect(request.getfixturevalue("namespace").mongo)
    name = f"{request.getfixturevalue('namespace').prefix}contract"
    real = MongoStore(client[name][secrets.token_hex(4)], TypeAdapter(Note), [UNIQUE])
    await real.prepare()
    yield real
    real.close()


@pytest.fixture(params=[MEMORY, pytest.param("kafka", marks=pytest.mark.connected)])
async def stream(request: pytest.FixtureRequest) -> AsyncIterator[Stream]:
    """Empty topics with a publisher, and groups that read them."""
    if request.param == "memory":
        yield MemoryStream(MemoryBroker(MemoryClock(NOON)))
        return
    real = KafkaStream(request.getfixturevalue("namespace").kafka)
    yield real
    await real.publisher.close()
