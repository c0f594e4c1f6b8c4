"""Intake's collection in memory, searched by tracking id as the real one is."""

from collections.abc import Collection, Mapping

from services.intake.domain.state import State, Taken
from services.intake.store import unique
from tests.fakes.memory import MemoryStore


class MemoryReports(MemoryStore[State]):
    """The reports that intake took."""

    def __init__(self) -> None:
        super().__init__(unique=unique)

    async def tickets_of(self, tracking_ids: Collection[str]) -> Mapping[str, str]:
        return {
            document.state.tracking_id: id
            for id, document in self.documents.items()
            if isinstance(document.state, Taken) and document.state.tracking_id in tracking_ids
        }
