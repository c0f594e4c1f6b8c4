"""What every store promises to the runner and the time loops."""

import asyncio
from datetime import timedelta

from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Store, Waiting
from shared.sharding import share_of
from shared.topics import PARTITIONS
from tests.contract.notes import EVERY_BYTE, Note, full, note, outgoing
from tests.fakes.handler_harness import NOON

SECOND = timedelta(seconds=1)


async def test_a_document_never_saved_is_not_found(store: Store[Note]) -> None:
    assert await store.load(["a", "b"]) == {}
    assert await store.load([]) == {}


async def test_a_document_comes_back_as_it_was_saved(store: Store[Note]) -> None:
    lost = await store.save([full("a"), note("b", state=None)])

    loaded = await store.load(["a", "b", "c"])

    assert lost == set()
    assert loaded == {"a": full("a").saved(), "b": note("b", state=None).saved()}
    assert list(loaded["a"].applied) == ["b", "c", "a"]


async def test_a_later_save_replaces_the_whole_document(store: Store[Note]) -> None:
    await store.save([full("a")])
    after = note("a", revision=1, state=Note("other"))

    lost = await store.save([after])

    assert lost == set()
    assert await store.load(["a"]) == {"a": after.saved()}
    assert await store.due_before(NOON + SECOND, 10) == await store.pending_before(NOON + SECOND, 10) == []


async def test_those_are_unchanged_that_are_at_the_revision_at_which_they_are_held(store: Store[Note]) -> None:
    await store.save([note("a"), note("b"), note("c")])
    held = list((await store.load(["a", "b", "c"])).values())
    await store.save([note("b", revision=1)])

    assert await store.unchanged([*held, note("d", revision=1)]) == {"a", "c"}
    assert await store.unchanged([]) == set()


async def test_a_save_at_an_old_revision_loses_and_writes_nothing(store: Store[Note]) -> None:
    await store.save([note("a")])
    await store.save([note("a", revision=1, state=Note("2"))])

    lost = [await store.save([note("a", revision=revision, state=Note("late"))]) for revision in (0, 1, 3)]

    assert lost == [{"a"}] * 3
    assert await store.load(["a"]) == {"a": note("a", revision=2, state=Note("2"))}


async def test_a_change_to_what_does_not_exist_loses(store: Store[Note]) -> None:
    assert await store.save([note("a", revision=1)]) == {"a"}
    assert await store.load(["a"]) == {}


async def test_a_lost_save_does_not_hold_back_the_others(store: Store[Note]) -> None:
    await store.save([note("a"), note("b")])
    await store.save([note("b", revision=1)])

    lost = await store.save([note("a", revision=1), note("b", revision=1), note("a2"), note("b2", state=Note("a"))])

    assert lost == {"b", "b2"}
    assert {id: document.revision for id, document in (await store.load(["a", "b", "a2", "b2"])).items()} == {
        "a": 2, "b": 2, "a2": 1,
    }  # fmt: skip


async def test_of_two_with_one_unique_value_in_one_save_one_loses(store: Store[Note]) -> None:
    lost = await store.save([note("a", state=Note("7")), note("b", state=Note("7")), note("c")])

    assert lost == {"b"}
    assert set(await store.load(["a", "b", "c"])) == {"a", "c"}


async def test_a_document_may_keep_its_own_unique_value(store: Store[Note]) -> None:
    await store.save([note("a")])

    assert await store.save([note("a", revision=1)]) == set()


async def test_of_several_at_once_exactly_one_wins(store: Store[Note]) -> None:
    rivals = [store.save([note("a", state=Note(str(rival))), note(f"own{rival}")]) for rival in range(5)]
    first = await asyncio.gather(*rivals)
    rivals = [store.save([note("a", revision=1, state=Note(str(rival)))]) for rival in range(5)]
    second = await asyncio.gather(*rivals)

    assert sorted(map(len, first)) == sorted(map(len, second)) == [0, 1, 1, 1, 1]
    assert (await store.load(["a"]))["a"].revision == 2


async def test_many_documents_are_saved_at_once(store: Store[Note]) -> None:
    many = [note(f"{number:03}") for number in range(500)]

    lost = await store.save(many) | await store.save([document.saved() for document in many])

    assert lost == set()
    assert len(await store.load([document.id for document in many])) == 500


async def test_saving_no_documents_does_nothing(store: Store[Note]) -> None:
    assert await store.save([]) == set()


async def test_due_documents_come_earliest_first_up_to_the_limit(store: Store[Note]) -> None:
    due = {
        "now": NOON,
        "before": NOON - SECOND,
        "long before": NOON - 2 * SECOND,
        "later": NOON + SECOND,
        "never": None,
    }
    await store.save([note(id, due_at=at) for id, at in due.items()])

    found = await store.due_before(NOON, 10)

    assert [document.id for document in found] == ["long before", "before", "now"]
    assert found[0] == note("long before", due_at=NOON - 2 * SECOND).saved()
    assert [document.id for document in await store.due_before(NOON, 2)] == ["long before", "before"]


async def test_pending_documents_come_longest_first_up_to_the_limit(store: Store[Note]) -> None:
    since = {"now": NOON, "before": NOON - SECOND, "later": NOON + SECOND}
    documents = [note(id, pending=(outgoing(id),), pending_at=at) for id, at in since.items()]
    await store.save([*documents, note("nothing")])

    found = await store.pending_before(NOON, 10)

    assert [document.id for document in found] == ["before", "now"]
    assert found[0] == documents[1].saved()
    assert [document.id for document in await store.pending_before(NOON, 1)] == ["before"]


async def test_due_and_pending_documents_are_found_in_their_share_only(store: Store[Note]) -> None:
    ids = [f"{number:03}" for number in range(100)]
    await store.save([note(id, due_at=NOON, pending=(outgoing(id),), pending_at=NOON) for id in ids])
    all_shards = {document.id for document in await store.due_before(NOON, 200)}

    for search in (store.due_before, store.pending_before):
        shares = [share_of({partition}, PARTITIONS) for partition in range(PARTITIONS)]
        by_share = [{document.id for document in await search(NOON, 200, share)} for share in shares]
        two = {document.id for document in await search(NOON, 200, share_of({0, 2}, PARTITIONS))}

        assert max(map(len, by_share)) < 50
        assert sum(map(len, by_share)) == 100
        assert set().union(*by_share) == all_shards == set(ids)
        assert two == by_share[0] | by_share[2]
        assert len(await search(NOON, 5, share_of({0, 2}, PARTITIONS))) == 5


async def test_a_document_stored_under_fewer_partitions_lies_in_one_share_under_more(store: Store[Note]) -> None:
    ids = {f"{number:03}" for number in range(100)}
    await store.save([note(id, due_at=NOON) for id in ids])

    found = [
        document.id
        for partition in range(50)
        for document in await store.due_before(NOON, 200, share_of({partition}, 50))
    ]

    assert sorted(found) == sorted(ids)


async def test_postponed_documents_wait_behind_the_others_at_the_same_revision(store: Store[Note]) -> None:
    since = {"first": NOON - 2 * SECOND, "second": NOON - SECOND}
    await store.save([note(id, pending=(outgoing(id),), pending_at=at) for id, at in since.items()])
    await store.save([note("nothing")])

    await store.postpone_pending(["first", "nothing", "nobody"], NOON)

    found = await store.pending_before(NOON, 10)
    assert [(each.id, each.pending_at, each.revision) for each in found] == [
        ("second", NOON - SECOND, 1), ("first", NOON, 1),
    ]  # fmt: skip
    assert (await store.load(["nothing"]))["nothing"].pending_at is None


async def test_documents_pending_on_a_topic_are_counted(store: Store[Note]) -> None:
    here, there = outgoing("1"), Outgoing("1", "sla.events", None, b"")
    await store.save(
        [note("a", pending=(here, there, outgoing("2")), pending_at=NOON), note("b", pending=(here,), pending_at=NOON)]
    )

    found = await store.pending_on(["tickets.events", "sla.warnings"])

    assert found == {"tickets.events": Waiting(documents=2, events=3)}


async def test_an_event_with_headers_of_its_own_comes_back_with_them(store: Store[Note]) -> None:
    letter = Outgoing("1", "sla.dead-letters", "key", EVERY_BYTE, (("dlq-reason", b"bug"), ("x", EVERY_BYTE)))
    await store.save([note("a", state=None, pending=(letter,), pending_at=NOON)])

    assert (await store.load(["a"]))["a"].pending == (letter,)


async def test_an_expiring_document_with_pending_events_comes_back_as_saved(store: Store[Note]) -> None:
    expiring = note("a", pending=(outgoing("1"),), pending_at=NOON, expires_at=NOON)
    await store.save([expiring])

    assert (await store.load(["a"]))["a"] == expiring.saved()


async def test_marking_published_removes_pending_events_only(store: Store[Note]) -> None:
    await store.save([full("a"), full("c")])
    await store.save([full("c").saved()])
    saved = await store.load(["a", "c"])

    lost = await store.mark_published(list(saved.values()))

    assert lost == set()
    assert await store.load(["a", "c"]) == {id: document.published().saved() for id, document in saved.items()}
    assert await store.pending_before(NOON, 10) == []


async def test_a_document_changed_since_is_not_marked_published(store: Store[Note]) -> None:
    await store.save([full("a"), full("b")])
    stale = (await store.load(["a"]))["a"]
    await store.save([stale])

    lost = await store.mark_published([stale])

    assert lost == {"a"}
    assert (await store.load(["a"]))["a"] == stale.saved()
    assert {document.id for document in await store.pending_before(NOON, 10)} == {"a", "b"}


async def test_marking_no_documents_does_nothing(store: Store[Note]) -> None:
    assert await store.mark_published([]) == set()


async def test_a_save_leaves_the_callers_document_as_it_was(store: Store[Note]) -> None:
    document = full("a")

    await store.save([document])

    assert document == full("a")
