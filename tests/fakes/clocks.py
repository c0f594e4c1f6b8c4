"""Sla's collection in memory, searched by edition as the real one is."""

from collections.abc import Iterable
from datetime import UTC, datetime

from services.sla.domain.ticket import ENDED, Ticket
from shared.delivery.documents.document import Document
from tests.fakes.memory import MemoryStore

NEVER = datetime.min.replace(tzinfo=UTC)


class MemoryClockStore(MemoryStore[Ticket]):
    async def outdated(self, edition: str, limit: int, skip: int = 0) -> list[Document[Ticket]]:
        await self.step("due")
        here = outdated(self.documents.values(), edition)[skip : skip + limit]
        await self.step("loaded")
        return here


def outdated(documents: Iterable[Document[Ticket]], edition: str) -> list[Document[Ticket]]:
    """Return tickets with running clocks that were timed under another edition, in the order of the real search."""
    found = [
        (each.state.edition or "", each.due_at or NEVER, each.id, each)
        for each in documents
        if each.state is not None and each.state.edition not in (edition, ENDED)
    ]
    return [each for *_, each in sorted(found, key=lambda one: one[:3])]
