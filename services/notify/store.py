"""Serialises the state of notify, and finds contacts by the keys that they are sealed with."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pymongo import ASCENDING

from services.notify.domain.correspondence import Correspondence
from shared.adapters.mongo.outages import outages_are_transient
from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.document import Document
from shared.events import SealScheme

STATE: TypeAdapter[Correspondence] = TypeAdapter(Correspondence)
KIND, KEY_ID, SCHEME = "state.contact.kind", "state.contact.key_id", "state.contact.scheme"


class NotifyStore(MongoStore[Correspondence]):
    """Notify's collection, searched by keys in the order of its ids."""

    async def sealed_otherwise(self, key_id: str, after: str, limit: int) -> list[Document[Correspondence]]:
        """Return tickets whose contact is sealed with another public key than that one, or with a key of 0.1.0.

        Args:
            after: Id of the last one that was seen; empty at the beginning.
            limit: At least 1.
        """
        other = {"$or": [{KEY_ID: {"$ne": key_id}}, {SCHEME: {"$ne": SealScheme.HPKE.value}}]}
        wanted = {KIND: "sealed", "_id": {"$gt": after}, **other, **self.quarantine.live()}
        while True:
            async with outages_are_transient():
                raws = await self.collection.find(wanted).sort("_id", ASCENDING).limit(limit).to_list(None)
            read = [await self.readable(raw) for raw in raws]
            documents = [document for document in read if isinstance(document, Document)]
            if documents or not raws:
                return documents
            wanted["_id"] = {"$gt": raws[-1]["_id"]}

    async def keys_in_use(self) -> Mapping[tuple[SealScheme, str], int]:
        """Return how many contacts are sealed with each key."""
        stages: list[dict[str, Any]] = [
            {"$match": {KIND: "sealed", **self.quarantine.live()}},
            {"$group": {"_id": {"scheme": f"${SCHEME}", "key_id": f"${KEY_ID}"}, "contacts": {"$sum": 1}}},
        ]
        async with outages_are_transient():
            found = await self.collection.aggregate(stages).to_list(None)
        return {
            (SealScheme(each["_id"].get("scheme") or SealScheme.AES_256_GCM), each["_id"]["key_id"]): each["contacts"]
            for each in found
        }

    async def set_aside(self) -> int:
        """Return how many documents are quarantined."""
        async with outages_are_transient():
            return await self.collection.count_documents({"aside": {"$exists": True}})
