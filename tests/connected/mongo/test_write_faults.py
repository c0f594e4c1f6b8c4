"""What a write came to is never taken for better than the database says, and only what may pass is tried again."""

import pytest

from shared.delivery.documents.document import Quarantined, QuarantineReason
from shared.delivery.ports import TransientError
from tests.connected.mongo.faults import WRITE_CONCERN_TIMED_OUT, Faulty, faulty_store
from tests.contract.notes import Note, full, note
from tests.servers.addresses import Namespace

pytestmark = [pytest.mark.connected, pytest.mark.without_topics]

UNAUTHORIZED, WRITE_CONFLICT, TOO_LARGE = 13, 112, 10334


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


async def test_a_transaction_that_no_majority_holds_is_no_success(namespace: Namespace) -> None:
    async with faulty_store(namespace) as faulty:
        await saved(faulty)
        # The driver asks once more by itself.
        async with faulty.failing("commitTransaction", 2, **WRITE_CONCERN_TIMED_OUT):
            with pytest.raises(TransientError):
                await faulty.store.save([note("a", revision=1)])

        assert await faulty.store.save([note("a", revision=1)]) == {"a"}


async def test_a_mark_that_no_majority_holds_is_no_success(namespace: Namespace) -> None:
    async with faulty_store(namespace) as faulty:
        await saved(faulty)
        async with faulty.failing("update", 1, **WRITE_CONCERN_TIMED_OUT):
            with pytest.raises(TransientError):
                await faulty.store.mark_published([full("a").saved()])

        assert await faulty.store.mark_published([full("a").saved()]) == {"a"}


async def test_a_transaction_that_lost_to_another_is_tried_again(namespace: Namespace) -> None:
    async with faulty_store(namespace) as faulty:
        await saved(faulty)

        async with faulty.failing("insert", 2, errorCode=WRITE_CONFLICT) as count:
            lost = await faulty.store.save([note("a", revision=1)])

        assert (lost, count) == (set(), [2])


@pytest.mark.parametrize("command", ["find", "delete", "insert"])
async def test_a_transaction_that_fails_otherwise_is_not_tried_again(namespace: Namespace, command: str) -> None:
    async with faulty_store(namespace) as faulty:
        await saved(faulty)

        async with faulty.failing(command, 5, errorCode=UNAUTHORIZED) as count:
            with pytest.raises(TransientError):
                await faulty.store.save([note("a", revision=1)])

        assert count == [1]
        assert await faulty.store.save([note("a", revision=1)]) == set()


async def test_transactions_that_lose_again_and_again_count_as_lost(namespace: Namespace) -> None:
    async with faulty_store(namespace) as faulty:
        await saved(faulty)

        async with faulty.failing("insert", 99, errorCode=WRITE_CONFLICT):
            lost = await faulty.store.save([note("a", revision=1)])

        assert lost == {"a"}
        assert (await faulty.store.load(["a"]))["a"] == full("a").saved()


@pytest.mark.parametrize("revision", [0, 1])
async def test_of_what_the_server_finds_too_large_the_largest_is_quarantined(
    namespace: Namespace, revision: int
) -> None:
    """A database that holds less than MongoDB does (some that speak its protocol do) must stop nothing."""
    async with faulty_store(namespace) as faulty:
        if revision:
            await faulty.store.save([note("a"), note("b")])
        documents = [note("a", revision=revision), note("b", revision=revision, state=Note("b", text="x" * 10_000))]

        async with faulty.failing("insert", 1, errorCode=TOO_LARGE):
            lost = await faulty.store.save(documents)
        again = await faulty.store.save(documents)

        quarantine = (await faulty.store.load(["b"]))["b"]
        assert (lost, again) == ({"a", "b"}, {"b"})
        assert isinstance(quarantine, Quarantined)
        assert quarantine.reason is QuarantineReason.TOO_LARGE
