"""Makes a real mongod fail a command of one client, and counts how often it did."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr, TypeAdapter

from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from tests.contract.notes import Note
from tests.servers.addresses import Namespace

WRITE_CONCERN_TIMED_OUT = {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}}


@dataclass
class Faulty:
    """A store whose client alone meets the faults."""

    store: MongoStore[Note]
    app: str

    @asynccontextmanager
    async def failing(self, command: str, times: int, **fault: Any) -> AsyncIterator[list[int]]:
        """Let the next commands of that name fail; the list holds in the end how many did."""
        admin = self.store.collection.database.client.admin
        data = {"failCommands": [command], "appName": self.app, **fault}
        count: list[int] = []
        before = await admin.command("configureFailPoint", "failCommand", mode={"times": times}, data=data)
        try:
            yield count
        finally:
            after = await admin.command("configureFailPoint", "failCommand", mode="off")
            count.append(after["count"] - before["count"])  # the server counts since it was started


@asynccontextmanager
async def faulty_store(namespace: Namespace) -> AsyncIterator[Faulty]:
    """Give an empty store on a client of its own."""
    if namespace.servers.local is None:
        pytest.skip("containers run without test commands")
    settings, app = namespace.mongo, f"{namespace.prefix}faults"
    own = settings.model_copy(update={"uri": SecretStr(f"{settings.uri.get_secret_value()}&appName={app}")})
    store = MongoStore(collection(own, "contract"), TypeAdapter(Note))
    try:
        await store.prepare()
        yield Faulty(store, app)
    finally:
        store.close()
