"""How routing's state is stored, and how what waits for its complaint is found."""

from typing import Annotated

from pydantic import Field, TypeAdapter
from pymongo import ASCENDING, IndexModel

from services.routing.domain.ticket.state import State
from services.routing.neighbours import INDEXES as NEIGHBOURS
from shared.adapters.mongo.outages import outages_are_transient
from shared.adapters.mongo.store import MongoStore

STATE: TypeAdapter[State] = TypeAdapter(Annotated[State, Field(discriminator="kind")])
KIND, AWAITED = "state.kind", "awaited"
INDEXES = (*NEIGHBOURS, IndexModel([(KIND, ASCENDING)], partialFilterExpression={KIND: AWAITED}))


class RoutingStore(MongoStore[State]):
    """Routing's collection."""

    async def prepare(self) -> None:
        """Create what indexes are missing, and let time look at updates that an older release lets wait for ever.

        Release 0.1.0 knows no end of their wait, and drops it from each document that it saves; the last process that
        starts in an upgrade, or after a roll back, finds all of these.
        """
        await super().prepare()
        endless = {KIND: AWAITED, "state.updates.0": {"$exists": True}, "due_at": {"$exists": False}}
        async with outages_are_transient():
            await self.collection.update_many(endless, {"$currentDate": {"due_at": True}, "$inc": {"rev": 1}})
