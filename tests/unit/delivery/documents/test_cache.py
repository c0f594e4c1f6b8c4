"""What a process remembers of its documents, and when it must not."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared.delivery.documents.cache import EXPIRES_AFTER, HELD_FOR, CachedStore
from shared.delivery.documents.document import Document, UnknownFields
from shared.delivery.ports import TransientError
from shared.values import replace
from tests.contract.notes import Note, full, note, outgoing
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryClock, MemoryStore

pytestmark = pytest.mark.unit


class Shared(MemoryStore[Note]):
    """A collection that counts what it is asked for, and can fail once it has written."""

    asked: int = 0
    fails: bool = False

    async def load(self, ids: Collection[str]) -> dict[str, Document[Note]]:
        self.asked += 1
        return await super().load(ids)

    async def save(self, documents: Sequence[Document[Note]]) -> set[str]:
        lost = await super().save(documents)
        if self.fails:
            raise TransientError("nobody knows")
        return lost


def cached(shared: Shared, **limits: int) -> CachedStore[Note]:
    return CachedStore(shared, MemoryClock(NOON), **limits)


async def test_what_was_saved_is_recalled_as_the_database_has_it() -> None:
    shared = Shared()
    cache = cached(shared)
    await cache.save([full("a"), note("b")])
    await cache.save([note("b", revision=1, state=Note("2"))])

    assert cache.recall(["a", "b", "c"]) == await shared.load(["a", "b", "c"])


async def test_what_is_marked_is_recalled_as_marked() -> None:
    shared = Shared()
    cache = cached(shared)
    await cache.save([note("a", pending=(outgoing("1"),), pending_at=NOON)])

    await cache.mark_published(list(cache.recall(["a"]).values()))

    assert cache.recall(["a"]) == await shared.load(["a"])
    assert cache.recall(["a"])["a"].pending == ()


async def test_loading_always_asks_the_database() -> None:
    shared = Shared()
    cache = cached(shared)
    await cache.save([note("a")])
    await shared.save([note("a", revision=1, state=Note("others"))])

    found = await cache.load(["a"])

    assert found == {"a": note("a", revision=2, state=Note("others"))}


async def test_what_lost_is_recalled_no_longer() -> None:
    shared = Shared()
    cache = cached(shared)
    await cache.save([note("a"), note("b")])
    await shared.save([note("a", revision=1, state=Note("others"))])

    lost = await cache.save(list(cache.recall(["a", "b"]).values()))

    assert lost == {"a"}
    assert set(cache.recall(["a", "b"])) == {"b"}


async def test_nothing_is_recalled_of_a_save_of_which_nobody_knows_how_it_ended() -> None:
    shared = Shared()
    cache = cached(shared)
    await cache.save([note("a")])
    shared.fails = True

    with pytest.raises(TransientError):
        await cache.save([note("a", revision=1)])

    assert cache.recall(["a"]) == {}


async def test_nothing_is_recalled_once_others_may_write() -> None:
    cache = cached(Shared())
    await cache.save([note("a")])

    cache.clear()

    assert cache.recall(["a"]) == {}
    assert cache.size_bytes == 0


async def test_what_was_postponed_is_recalled_no_longer() -> None:
    cache = cached(Shared())
    await cache.save([note("a", pending=(outgoing("1"),), pending_at=NOON)])

    await cache.postpone_pending(["a"], NOON)

    assert cache.recall(["a"]) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"unknown_fields": UnknownFields({}, {})},
        {"expires_at": NOON + EXPIRES_AFTER},
        {"state": None, "pending": (outgoing("1"),), "pending_at": NOON},
    ],
)
async def test_some_documents_are_never_recalled(changes: dict[str, Any]) -> None:
    cache = cached(Shared())

    await cache.save([note("a", **changes)])

    assert cache.recall(["a"]) == {}


@pytest.mark.parametrize("passed", [HELD_FOR, timedelta(seconds=-1)])
async def test_nothing_is_recalled_for_longer_than_a_ticket_rests_before_it_leaves(passed: timedelta) -> None:
    clock = MemoryClock(NOON)
    cache = CachedStore(Shared(), clock)
    await cache.save([note("a")])
    clock.at += HELD_FOR - timedelta(seconds=1)
    assert set(cache.recall(["a"])) == {"a"}

    clock.at = NOON + passed

    assert cache.recall(["a"]) == {}


async def test_those_that_were_not_needed_for_longest_give_way_to_others() -> None:
    cache = cached(Shared(), documents_max=2)
    await cache.save([note("a"), note("b")])
    cache.recall(["a"])

    await cache.save([note("c")])

    assert set(cache.recall(["a", "b", "c"])) == {"a", "c"}


async def test_documents_give_way_by_their_size() -> None:
    cache = cached(Shared(), bytes_max=1_000)
    for id, size_bytes in (("a", 600), ("b", 300), ("c", 200), ("larger than all of it", 2_000)):
        cache.measure(id, size_bytes)
        await cache.save([note(id)])

    assert set(cache.recall(["a", "b", "c", "larger than all of it"])) == {"b", "c"}
    assert cache.size_bytes == 500


async def test_the_mark_of_a_document_keeps_its_size() -> None:
    cache = cached(Shared())
    cache.measure("a", 123)
    await cache.save([replace(note("a"), pending=(outgoing("1"),), pending_at=NOON)])

    await cache.mark_published(list(cache.recall(["a"]).values()))

    assert cache.size_bytes == 123
