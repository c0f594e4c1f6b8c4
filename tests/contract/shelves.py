"""Stores with what lies in them laid open, as another release would find or leave it."""

from typing import Any, Protocol

from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.codec import Raw
from shared.delivery.ports import Store
from tests.contract.notes import Note
from tests.fakes.stored import StoredMemoryStore


class Shelf(Protocol):
    """One collection, and its documents as they are stored."""

    @property
    def store(self) -> Store[Note]: ...

    async def put(self, raw: Raw) -> None:
        """Store a document as another release would."""
        ...

    async def change(self, id: str, **fields: Any) -> None:
        """Change fields of a stored document behind the store's back."""
        ...

    async def raw(self, id: str) -> Raw:
        """Return a document as it is stored."""
        ...


class MemoryShelf:
    def __init__(self, store: StoredMemoryStore[Note]) -> None:
        self.store = store

    async def put(self, raw: Raw) -> None:
        self.store.raws[raw["_id"]] = raw

    async def change(self, id: str, **fields: Any) -> None:
        self.store.raws[id] |= fields

    async def raw(self, id: str) -> Raw:
        return self.store.raws[id]


class MongoShelf:
    def __init__(self, store: MongoStore[Note]) -> None:
        self.store = store

    async def put(self, raw: Raw) -> None:
        await self.store.collection.insert_one(raw)

    async def change(self, id: str, **fields: Any) -> None:
        await self.store.collection.update_one({"_id": id}, {"$set": fields})

    async def raw(self, id: str) -> Raw:
        found: Raw = await self.store.collection.find_one({"_id": id})
        return found
