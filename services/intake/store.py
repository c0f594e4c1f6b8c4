"""Serialises the state of intake, says what must be unique, and finds the contacts that it keeps."""

from collections.abc import Collection, Mapping
from typing import Annotated

from pydantic import Field, TypeAdapter
from pymongo import ASCENDING, IndexModel

from services.intake.domain.state import State
from services.intake.resealing import last_contact
from shared import topics
from shared.adapters.mongo.outages import outages_are_transient
from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.document import Document

STATE: TypeAdapter[State] = TypeAdapter(Annotated[State, Field(discriminator="kind")])

# Two tickets whose derived tracking ids happen to be the same: the second one to be saved gets another.
INDEXES = (
    IndexModel(
        [("state.tracking_id", ASCENDING)],
        unique=True,
        partialFilterExpression={"state.tracking_id": {"$exists": True}},
    ),
)


def unique(state: State) -> str:
    """Return the value of a state that no other may have, for stores that have no indexes."""
    return state.tracking_id


class IntakeStore(MongoStore[State]):
    """Intake's collection, searched by tracking id, and in the order of its ids for contacts, stored as published."""

    async def tickets_of(self, tracking_ids: Collection[str]) -> Mapping[str, str]:
        """Return the ids of tickets by tracking id, of those that were taken and whose reporter was not erased."""
        wanted = {"state.tracking_id": {"$in": list(tracking_ids)}, "state.kind": "taken"}
        async with outages_are_transient():
            found = await self.collection.find(wanted, {"state.tracking_id": 1}).to_list(None)
        return {raw["state"]["tracking_id"]: raw["_id"] for raw in found}

    async def kept_otherwise(self, key_id: str, after: str, limit: int) -> list[Document[State]]:
        """Return documents whose contact is sealed with another key than that one.

        Args:
            after: Id of the last one that was seen; empty at the beginning.
            limit: At least 1.
        """
        on_topic = [{f"{where}.topic": topics.CONTACTS} for where in ("answers.out", "pending")]
        may_hold_one = {"$or": [*on_topic, {"answers": {"$type": "binData"}}]}  # compressed, they hide it
        while True:
            wanted = {"_id": {"$gt": after}, **may_hold_one, **self.quarantine.live()}
            async with outages_are_transient():
                raws = await self.collection.find(wanted).sort("_id", ASCENDING).limit(limit).to_list(None)
            read = [await self.readable(raw) for raw in raws]
            found = [each for each in read if isinstance(each, Document) and _is_sealed_otherwise(each, key_id)]
            if found or not raws:
                return found
            after = raws[-1]["_id"]


def _is_sealed_otherwise(document: Document[State], key_id: str) -> bool:
    said = last_contact(document)
    return said is not None and said.key_id != key_id
