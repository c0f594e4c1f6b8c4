"""Replicas of two releases beside each other: the newer one stores fields that the older one does not know."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.intake import store as intake_store
from shared.delivery.documents.codec import DocumentCodec, Raw
from shared.delivery.documents.compression import answers_in
from shared.delivery.documents.document import Document, Quarantined
from shared.delivery.documents.unknown_fields import IDENTITIES
from tests.fakes.clocks import outdated
from tests.fakes.stored import StoredMemoryStore
from tests.simulation import fleet
from tests.simulation.forgetting import parts_of
from tests.simulation.run import SCRIPTS, errors_logged
from tests.simulation.scheduler import give_way
from tests.simulation.world import Replica, World

NEW_FIELD = "mood"
FREE_FORM = "told"  # what a delivery tells is data, where nobody adds a field
Path = tuple[Any, ...]


class NewerCodec(DocumentCodec[Any]):
    """Stores as the next release might: with a field more in the document and in every object that has a name."""

    def __init__(self, states: Any) -> None:
        super().__init__(states, release="next")
        self.stored = 0

    def legible(self, document: Document[Any]) -> Raw:
        self.stored += 1
        raw = super().legible(document)
        for _, each in objects(raw):
            each[NEW_FIELD] = self.stored
        return raw


def objects(value: Any, path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield what stays the same object from save to save, with its path: by name, id and kind, never by place."""
    if isinstance(value, dict):
        here = (*path, value.get("kind"))
        if not path or path[-1] == "state" or "kind" in value or name_of(value) is not None:
            yield here, value
        for name, item in list(value.items()):
            if name != FREE_FORM or isinstance(item, list):
                yield from objects(item, (*here, name))
    elif isinstance(value, list):
        for item in value:
            if (named := name_of(item)) is not None:
                yield from objects(item, (*path, named))


def name_of(item: Any) -> Path | None:
    if not isinstance(item, Mapping):
        return None
    names = next((names for names in IDENTITIES if all(name in item for name in names)), None)
    return None if names is None else tuple(item[name] for name in names)


def lost_fields(before: Raw, after: Raw) -> list[Path]:
    """Return the objects that are still there and have another mood than before, or none."""
    moods = {path: each[NEW_FIELD] for path, each in objects(decompressed(before)) if NEW_FIELD in each}
    now = {path: each.get(NEW_FIELD) for path, each in objects(decompressed(after))}
    return [path for path, mood in moods.items() if path in now and now[path] != mood]


def decompressed(raw: Raw) -> Raw:
    return {**raw, "answers": answers_in(raw)}


@dataclass
class ReleaseStore(StoredMemoryStore[Any]):
    """One collection as the replicas of one release see it; notes what a save of the older one has lost.

    What happens to documents (see `SimStore`) is told by the *twin* of the older release, for both.
    """

    twin: "ReleaseStore | None" = None
    carried: int = 0
    lost: list[tuple[str, Path]] = field(default_factory=list)
    written: Callable[[Document[Any] | None, Document[Any]], None] = lambda before, after: None
    overgrown: set[str] = field(default_factory=set)
    quarantine: dict[str, Quarantined] = field(default_factory=dict)
    _decoded: dict[str, tuple[int, Document[Any]]] = field(default_factory=dict)

    @property
    def documents(self) -> dict[str, Document[Any]]:
        for id in self.raws:
            revision = self.revision(id)
            if self._decoded.get(id, (0, None))[0] != revision:
                document = self.read(id)
                assert isinstance(document, Document), document
                self._decoded[id] = revision, document
        return {id: self._decoded[id][1] for id in self.raws}

    def write(self, document: Document[Any]) -> bool:
        before, known = self.raws.get(document.id), self.documents.get(document.id)
        is_written = super().write(document)
        if is_written:
            (self.twin or self).written(known, document)
        if before is not None and is_written and not isinstance(self.codec, NewerCodec):
            self.carried += NEW_FIELD in before
            self.lost += [(document.id, path) for path in lost_fields(before, self.raws[document.id])]
        return is_written

    def take_back(self, at: datetime) -> None:
        """Do nothing: what the newer release alone can read comes back when that reads it."""

    async def outdated(self, edition: str, limit: int, skip: int = 0) -> list[Document[Any]]:
        await self.step("due")
        here = outdated(self.documents.values(), edition)[skip : skip + limit]
        await self.step("loaded")
        return here

    def next_due_at(self) -> datetime | None:
        return min((raw["due_at"] for raw in self.raws.values() if "due_at" in raw), default=None)

    def next_pending_at(self) -> datetime | None:
        return min((raw["pending_at"] for raw in self.raws.values() if "pending_at" in raw), default=None)


class MixedWorld(World):
    """A run in which the first replica of each service is of this release and the second of the next."""

    def collections(self) -> dict[str, Any]:
        unique = {"intake": intake_store.unique}
        older = {
            service: ReleaseStore(DocumentCodec(states), give_way, unique.get(service))
            for service, states in fleet.STATES.items()
        }
        self.newer = {
            service: ReleaseStore(NewerCodec(fleet.STATES[service]), give_way, store.unique, store.raws, twin=store)
            for service, store in older.items()
        }
        return older

    def store_of(self, replica: Replica) -> Any:
        return (self.stores if replica.number == 1 else self.newer)[replica.service]


def run_mixed(seed: int) -> tuple[list[str], int]:
    """Return what was wrong with a seed, and how often the older release saved what the newer had saved before."""
    world = MixedWorld(seed, seed % SCRIPTS)
    with errors_logged() as errors:
        findings = [str(finding) for finding in world.run()]
    older = world.stores.values()
    # Nobody knows what another release has stored of somebody who must be forgotten.
    forgotten = world.cast.forgotten | set(parts_of(world.cast.forgotten))
    lost = [(id, path) for store in older for id, path in store.lost if id not in forgotten]
    findings += [f"[lost] {path} of {id}" for id, path in lost]
    return [*findings, *errors], sum(store.carried for store in older)
