"""Sla's collection in memory, searched by edition as the real one is."""

from datetime import UTC, datetime

from services.sla.domain.ticket import ENDED, Ticket
from shared.delivery.document import Document
from tests.fakes.memory import MemoryStore

NEVER = datetime.min.replace(tzinfo=UTC)


class MemoryClockStore(MemoryStore[Ticket]):
    async def outdated(self, edition: str, limit: int, skip: int = 0) -> list[Document[Ticket]]:
        await self.step("due")
        found = [
            (each.state.edition or "", each.due_at or NEVER, each.id)
            for each in self.documents.values()
            if each.state is not None and each.state.edition not in (edition, ENDED)
        ]
        here = [self.documents[id] for _, _, id in sorted(found)[skip : skip + limit]]
        await self.step("loaded")
        return here
