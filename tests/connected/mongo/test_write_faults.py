"""What a write came to is never taken for better than the database says, and only what may pass is tried again."""

from collections.abc import Sequence
from typing import Any

import pytest

from shared.adapters.mongo import writes
from shared.delivery.documents.document import Quarantined, QuarantineReason
from shared.delivery.ports import TransientError
from tests.connected.mongo.faults import WRITE_CONCERN_TIMED_OUT, Faulty, faulty_store
from tests.contract.notes import Note, full, note
from tests.servers.addresses import Namespace

pytestmark = [pytest.mark.connected, pytest.mark.without_topics]

UNAUTHORIZED, TOO_LARGE = 13, 10334


async def saved(faulty: Faulty) -> None:
    """Save a document before anything goes wrong."""
    assert await faulty.store.save([full("a")]) == set()


async def test_an_insert_that_no_majority_holds_is_no_success(namespace: Namespace) -> None:
    async with faulty_store(namespace) as faulty:
        async with faulty.failing("insert", 1, **WRITE_CONCERN_TIMED_OUT) as count:
            with pytest.raises(TransientError):
                await faulty.store.save([note("a"), note("b")])

        again = await faulty.store.save([note("a"), note("b")])

        assert count == [1]
        assert again == {"a", "b"}  # written after all: whoever reloads them finds that


async def test_an_insert_of_which_one_is_taken_and_no_majority_holds_the_others_is_no_success(
    namespace: Namespace,
) -> None:
    async with faulty_store(namespace) as faulty:
        await saved(faulty)

        async with faulty.failing("insert", 1, **WRITE_CONCERN_TIMED_OUT):
            with pytest.raises(TransientError):
                await faulty.store.save([note("a"), note("b")])


async def test_a_replacement_that_no_majority_holds_is_no_success(namespace: Namespace) -> None:
    async with faulty_store(namespace) as faulty:
        await saved(faulty)
        async with faulty.failing("update", 1, **WRITE_CONCERN_TIMED_OUT):
            with pytest.raises(TransientError):
                await faulty.store.save([note("a", revision=1)])

        assert await faulty.store.save([note("a", revision=1)]) == {"a"}


async def test_a_replacement_of_which_one_is_lost_and_no_majority_holds_the_others_is_no_success(
    namespace: Namespace,
) -> None:
    async with faulty_store(namespace) as faulty:
        await saved(faulty)
        async with faulty.failing("update", 1, **WRITE_CONCERN_TIMED_OUT):
            with pytest.raises(TransientError):
                await faulty.store.save([note("a", revision=1), note("b", revision=1)])


async def test_a_mark_that_no_majority_holds_is_no_success(namespace: Namespace) -> None:
    async with faulty_store(namespace) as faulty:
        await saved(faulty)
        async with faulty.failing("update", 1, **WRITE_CONCERN_TIMED_OUT):
            with pytest.raises(TransientError):
                await faulty.store.mark_published([full("a").saved()])

        assert await faulty.store.mark_published([full("a").saved()]) == {"a"}


@pytest.mark.parametrize("command", ["update", "find"])
async def test_a_replacement_that_fails_is_not_tried_again(namespace: Namespace, command: str) -> None:
    """Who looks for what was written fails like who writes: what it came to is unknown."""
    async with faulty_store(namespace) as faulty:
        await saved(faulty)
        documents = [note("a", revision=1), note("b", revision=1)]

        async with faulty.failing(command, 5, errorCode=UNAUTHORIZED) as count:
            with pytest.raises(TransientError):
                await faulty.store.save(documents)

        assert count == [1]
        assert await faulty.store.save(documents) == ({"a", "b"} if command == "find" else {"b"})


async def test_of_many_documents_those_are_lost_that_somebody_else_has_changed(namespace: Namespace) -> None:
    """However many statements they fill, and at whatever revisions they are."""
    async with faulty_store(namespace) as faulty:
        many = [note(f"{number:03}") for number in range(120)]
        await faulty.store.save(many)
        twice = [document.saved() for document in many[::3]]
        await faulty.store.save(twice)
        latest = {document.id: document.saved() for document in (*many, *twice)}
        faster = [latest[id] for id in ("007", "063", "119")]
        await faulty.store.save(faster)

        lost = await faulty.store.save(list(latest.values()))

        assert lost == {"007", "063", "119"}
        found = await faulty.store.load(latest.keys())
        assert {id: document.saved() for id, document in latest.items()} == found


@pytest.mark.parametrize("saves", [1, 5])
@pytest.mark.parametrize("is_marked", [False, True])
async def test_what_was_written_is_not_lost_because_others_went_on_from_it(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch, saves: int, is_marked: bool
) -> None:
    """Which documents were lost is asked after the save: those that were not may have been changed again by then."""
    async with faulty_store(namespace) as faulty:
        await faulty.store.save([note("a"), note("b")])
        await faulty.store.save([note("b", revision=1)])
        written = writes._written

        async def overtaken(collection: Any, statements: Sequence[Any]) -> tuple[int, bool]:
            monkeypatch.undo()
            result = await written(collection, statements)
            for revision in range(2, 2 + saves):
                assert await faulty.store.save([note("a", revision=revision)]) == set()
            assert await faulty.store.mark_published([note("a", revision=2 + saves)]) == set()
            return result

        monkeypatch.setattr(writes, "_written", overtaken)
        ours = [note("a", revision=1), note("b", revision=1)]
        lost = await (faulty.store.mark_published(ours) if is_marked else faulty.store.save(ours))

        assert lost == {"b"}


async def test_of_many_documents_those_are_lost_that_take_a_unique_value(namespace: Namespace) -> None:
    async with faulty_store(namespace) as faulty:
        await faulty.store.collection.create_index("state.number", unique=True)
        many = [note(f"{number:03}") for number in range(60)]
        await faulty.store.save(many)
        changed = [document.saved() for document in many]
        changed[30] = note("030", revision=1, state=Note("031"))

        lost = await faulty.store.save(changed)
        again = await faulty.store.save([document for document in changed if document.id in lost])

        assert "030" in lost
        assert again == {"030"}


@pytest.mark.parametrize("revision", [0, 1])
async def test_of_what_the_server_finds_too_large_the_largest_is_quarantined(
    namespace: Namespace, revision: int
) -> None:
    """A database that holds less than MongoDB does (some that speak its protocol do) must stop nothing."""
    async with faulty_store(namespace) as faulty:
        if revision:
            await faulty.store.save([note("a"), note("b")])
        documents = [note("a", revision=revision), note("b", revision=revision, state=Note("b", text="x" * 10_000))]

        async with faulty.failing("update" if revision else "insert", 1, errorCode=TOO_LARGE):
            lost = await faulty.store.save(documents)
        again = await faulty.store.save(documents)

        quarantine = (await faulty.store.load(["b"]))["b"]
        assert (lost, again) == ({"a", "b"}, {"b"})
        assert isinstance(quarantine, Quarantined)
        assert quarantine.reason is QuarantineReason.TOO_LARGE
