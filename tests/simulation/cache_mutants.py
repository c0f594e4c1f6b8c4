"""Mistakes put into the cache of documents by hand: it holds what the database does not."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from shared.delivery.documents.cache import CachedStore
from shared.delivery.documents.document import Document

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


MUTANTS: tuple[Mutant, ...] = (held_though_lost, held_before_saved)
