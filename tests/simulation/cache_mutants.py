"""Mistakes put into the cache of documents by hand: it holds what the database does not."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import pytest

from shared.delivery.documents.cache import CachedStore
from shared.delivery.documents.document import Document, Quarantined
from shared.delivery.runner import BatchRunner

Mutant = Callable[[pytest.MonkeyPatch], None]


def held_though_lost(patch: pytest.MonkeyPatch) -> None:
    """What has lost to somebody faster is not dropped, but taken for written."""

    async def save(self: CachedStore[Any], documents: Sequence[Document[Any]]) -> set[str]:
        lost = await self.store.save(documents)
        self._hold(document.saved() for document in documents)
        return lost

    patch.setattr(CachedStore, "save", save)


def held_before_saved(patch: pytest.MonkeyPatch) -> None:
    """What a save has left in doubt is taken for written."""

    async def save(self: CachedStore[Any], documents: Sequence[Document[Any]]) -> set[str]:
        self._hold(document.saved() for document in documents)
        lost = await self.store.save(documents)
        self.drop(lost)
        return lost

    patch.setattr(CachedStore, "save", save)


def decided_on_what_is_recalled(patch: pytest.MonkeyPatch) -> None:
    """What is recalled is taken for the latest, although no save has proved it."""
    careful = BatchRunner.recalled_or_loaded

    async def recalled_or_loaded(
        self: BatchRunner[Any], ids: Collection[str], *, is_first: bool
    ) -> tuple[dict[str, Document[Any] | Quarantined], set[str]]:
        found, _ = await careful(self, ids, is_first=is_first)
        return found, set()

    patch.setattr(BatchRunner, "recalled_or_loaded", recalled_or_loaded)


MUTANTS: tuple[Mutant, ...] = (held_though_lost, held_before_saved, decided_on_what_is_recalled)
