"""How routing's state is stored, and how what waits for its complaint is found."""

from typing import Annotated

from pydantic import Field, TypeAdapter
from pymongo import ASCENDING, IndexModel
from pymongo.errors import OperationFailure

from services.routing.domain.ticket.state import State
from services.routing.neighbours import FINDABLE, FINDABLE_SINCE
from services.routing.neighbours import INDEXES as NEIGHBOURS
from shared.adapters.mongo.outages import outages_are_transient
from shared.adapters.mongo.store import MongoStore

STATE: TypeAdapter[State] = TypeAdapter(Annotated[State, Field(discriminator="kind")])
KIND, AWAITED = "state.kind", "awaited"
FORMER_INDEX, NO_SUCH_INDEX = "state.ticket.sketch.bands_1", 27
INDEXES = (*NEIGHBOURS, IndexModel([(KIND, ASCENDING)], partialFilterExpression={KIND: AWAITED}))


class RoutingStore(MongoStore[State]):
    """Routing's collection."""

    async def prepare(self) -> None:
        """Create what indexes are missing, and complete what an older release has stored.

        Release 0.1.0 knows no end of an update's wait, and drops it from each document that it saves: what waits for
        ever is looked at by time. Nor does it know since when a ticket may be joined: since it was accepted. The last
        process that starts in an upgrade, or after a roll back, finds all of these. The index of 0.1.0 by keys goes.
        """
        await super().prepare()
        endless = {KIND: AWAITED, "state.updates.0": {"$exists": True}, "due_at": {"$exists": False}}
        undated = {FINDABLE: True, FINDABLE_SINCE: None}
        since = {FINDABLE_SINCE: "$state.ticket.accepted_at", "rev": {"$add": ["$rev", 1]}}
        async with outages_are_transient():
            await self.collection.update_many(endless, {"$currentDate": {"due_at": True}, "$inc": {"rev": 1}})
            await self.collection.update_many(undated, [{"$set": since}])
            try:
                await self.collection.drop_index(FORMER_INDEX)
            except OperationFailure as failure:
                if failure.code != NO_SUCH_INDEX:
                    raise
