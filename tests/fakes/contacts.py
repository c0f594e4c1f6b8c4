"""The collections of notify and intake in memory, searched by the keys of contacts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from services.intake.domain.state import State
from services.intake.resealing import last_contact
from services.notify.domain.correspondence import Correspondence, Sealed
from shared.delivery.documents.document import Document
from shared.events import SealScheme
from tests.fakes.memory import MemoryStore


@dataclass
class NotifyContacts(MemoryStore[Correspondence]):
    """Notify's documents."""

    aside: int = 0

    async def sealed_otherwise(self, key_id: str, after: str, limit: int) -> list[Document[Correspondence]]:
        await self.step("search")
        current = (SealScheme.HPKE, key_id)
        found = [id for id, contact in self._sealed() if (contact.scheme, contact.key_id) != current and id > after]
        return [self.documents[id] for id in found[:limit]]

    async def keys_in_use(self) -> Mapping[tuple[SealScheme, str], int]:
        return Counter((contact.scheme, contact.key_id) for _, contact in self._sealed())

    async def set_aside(self) -> int:
        return self.aside

    def _sealed(self) -> list[tuple[str, Sealed]]:
        held = sorted(self.documents.items())
        return [(id, one.state.contact) for id, one in held if one.state and isinstance(one.state.contact, Sealed)]


@dataclass
class IntakeContacts(MemoryStore[State]):
    """Intake's documents."""

    async def kept_otherwise(self, key_id: str, after: str, limit: int) -> list[Document[State]]:
        await self.step("search")
        said = [(id, last_contact(document)) for id, document in sorted(self.documents.items()) if id > after]
        return [self.documents[id] for id, contact in said if contact and contact.key_id != key_id][:limit]
