"""A collection in memory that keeps what a database would, so that other releases may have written it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import bson
from pydantic import TypeAdapter

from shared.delivery.documents.codec import DocumentCodec, Raw
from shared.delivery.documents.document import Document, Quarantined, QuarantineReason
from shared.delivery.ports import Waiting
from shared.sharding import Share, shard_of
from shared.topics import PARTITIONS
from tests.fakes.memory import Stepper, at_once

S = TypeVar("S")
SKIPPED_AT = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass
class StoredMemoryStore(Generic[S]):
    """One collection as one release sees it; releases beside each other share the *raws*."""

    codec: DocumentCodec[S]
    step: Stepper = at_once
    unique: Callable[[S], Any] | None = None
    raws: dict[str, Raw] = field(default_factory=dict)
    bytes_max: int = 16 * 1024 * 1024
    partitions_total: int = PARTITIONS

    @classmethod
    def of(cls, states: TypeAdapter[S], **options: Any) -> "StoredMemoryStore[S]":
        """Return the collection as this release sees it."""
        return cls(DocumentCodec(states), **options)

    @property
    def documents(self) -> dict[str, Document[S]]:
        """What this release can read."""
        decoded = {id: self.codec.decode(copied(raw)) for id, raw in self.raws.items()}
        return {id: document for id, document in decoded.items() if isinstance(document, Document)}

    async def load(self, ids: Collection[str]) -> dict[str, Document[S] | Quarantined]:
        await self.step("load")
        found = {id: self.read(id) for id in ids if id in self.raws}
        await self.step("loaded")
        return found

    async def unchanged(self, documents: Sequence[Document[S]]) -> set[str]:
        found = await self.load([document.id for document in documents])
        held = ((document.revision, found.get(document.id)) for document in documents)
        return {each.id for revision, each in held if isinstance(each, Document) and each.revision == revision}

    def read(self, id: str) -> Document[S] | Quarantined:
        raw = self.raws[id]
        decoded = self.codec.decode(copied(raw))
        if isinstance(decoded, Quarantined):
            if decoded.reason is QuarantineReason.NEWER:
                raw.setdefault("skipped_at", SKIPPED_AT)
            elif "aside" not in raw:
                self.mark(decoded)
        return decoded

    def mark(self, quarantine: Quarantined) -> None:
        raw = self.raws.setdefault(quarantine.id, self.codec.encode(Document(quarantine.id)))
        raw["aside"] = {"reason": quarantine.reason.value, "error": quarantine.error}
        raw["rev"] = raw["rev"] + 1 if isinstance(raw["rev"], int) else raw["rev"]

    def take_back(self, id: str) -> None:
        raw = self.raws[id]
        del raw["aside"]
        raw |= {"rev": raw["rev"] + 1, "skipped_at": SKIPPED_AT}

    async def save(self, documents: Sequence[Document[S]]) -> set[str]:
        await self.step("save")
        lost = {document.id for document in documents if not self.write(document)}
        await self.step("saved")
        return lost

    def write(self, document: Document[S]) -> bool:
        raw = self.codec.encode(document)
        is_free = self.revision(document.id) == document.revision and self.is_unique(document)
        if is_free and (size := len(bson.encode(raw))) > self.bytes_max:
            self.mark(Quarantined(document.id, QuarantineReason.TOO_LARGE, f"{size} bytes"))
            return False
        if is_free:
            self.raws[document.id] = raw
        return is_free

    def revision(self, id: str) -> int:
        return int(self.raws[id]["rev"]) if id in self.raws else 0

    def is_unique(self, document: Document[S]) -> bool:
        if self.unique is None or document.state is None:
            return True
        value = self.unique(document.state)
        others = [other.state for other in self.documents.values() if other.id != document.id]
        return all(self.unique(state) != value for state in others if state is not None)

    async def mark_published(self, documents: Sequence[Document[S]]) -> set[str]:
        await self.step("save")
        lost = {document.id for document in documents if self.revision(document.id) != document.revision}
        for raw in (self.raws[document.id] for document in documents if document.id not in lost):
            raw.pop("pending", None)
            raw.pop("pending_at", None)
            raw.pop("skipped_at", None)
            raw["rev"] += 1
        await self.step("saved")
        return lost

    async def postpone_pending(self, ids: Collection[str], at: datetime) -> None:
        await self.step("postpone")
        for raw in (self.raws[id] for id in ids if id in self.raws):
            if "pending_at" in raw:
                raw["pending_at"] = at
        await self.step("postponed")

    async def pending_on(self, topics: Collection[str]) -> dict[str, Waiting]:
        unpublished = [[event["topic"] for event in raw.get("pending", ())] for raw in self.raws.values()]
        counts = {topic: [each.count(topic) for each in unpublished if topic in each] for topic in topics}
        return {topic: Waiting(len(many), sum(many)) for topic, many in counts.items() if many}

    async def due_before(self, at: datetime, limit: int, share: Share | None = None) -> list[Document[S]]:
        await self.step("due")
        return await self.found("due_at", at, limit, share)

    async def pending_before(self, at: datetime, limit: int, share: Share | None = None) -> list[Document[S]]:
        await self.step("pending")
        return await self.found("pending_at", at, limit, share)

    async def found(self, name: str, at: datetime, limit: int, share: Share | None) -> list[Document[S]]:
        waiting = sorted((at_, id) for id, raw in self.raws.items() if isinstance(at_ := raw.get(name), datetime))
        here = [self.read(id) for at_, id in waiting if at_ <= at and self.is_within(share, id)]
        await self.step("loaded")
        return [document for document in here if isinstance(document, Document)][:limit]

    def is_within(self, share: Share | None, id: str) -> bool:
        return share is None or share.holds(shard_of(id, self.partitions_total))


def copied(value: Any) -> Any:
    """Return what is stored, so that who reads it shares nothing with the collection; faster than ``deepcopy``."""
    if isinstance(value, dict):
        return {name: copied(item) for name, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value
