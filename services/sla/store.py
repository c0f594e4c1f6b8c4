"""Sla's collection, and its search for tickets that were timed by another edition of the rules."""

from typing import Protocol

from pydantic import TypeAdapter
from pymongo import ASCENDING, IndexModel

from services.sla.domain.ticket import ENDED, Ticket
from shared.adapters.mongo.outages import outages_are_transient
from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.document import Document
from shared.delivery.ports import Store

STATE: TypeAdapter[Ticket] = TypeAdapter(Ticket)
EDITION = "state.edition"
INDEXES = (IndexModel([(EDITION, ASCENDING), ("due_at", ASCENDING)]),)


class ClockStore(Store[Ticket], Protocol):
    """The tickets, to be searched by edition, too."""

    async def outdated(self, edition: str, limit: int, skip: int = 0) -> list[Document[Ticket]]:
        """Return tickets with running clocks that were timed under another edition than this one.

        Those of one edition follow one another in the order in which they are due; those that wait for nothing come
        first, for they are overdue.

        Args:
            edition: As `SlaRules.edition`.
            limit: At least 1.
            skip: How many to leave out at the beginning.

        Raises:
            TransientError: Nothing was read.
        """
        ...


class SlaStore(MongoStore[Ticket]):
    """Sla's collection, searched by edition along an index of its own."""

    async def outdated(self, edition: str, limit: int, skip: int = 0) -> list[Document[Ticket]]:
        """Return tickets with running clocks that were timed under another edition."""
        found: list[Document[Ticket]] = []
        async with outages_are_transient():
            known = await self.collection.distinct(EDITION)
            # What was stored before editions were noted has none.
            others = [None, *sorted(each for each in known if each not in (None, ENDED, edition))]
            for other in others:
                wanted = {EDITION: other, "state": {"$ne": None}}
                documents = await self.found(wanted, "due_at", limit - len(found), skip)
                found.extend(documents)
                if len(found) == limit:
                    break
                live = {**wanted, **self.quarantine.live()}
                skip = 0 if documents else max(0, skip - await self.collection.count_documents(live))
        return found
