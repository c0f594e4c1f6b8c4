from datetime import timedelta

import pytest

from shared import topics
from shared.delivery.documents.document import Answer, Document, UnknownFields
from shared.delivery.outgoing import Outgoing
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

EMPTY: Document[str] = Document("t")


def said(id: str) -> tuple[Outgoing, ...]:
    return (Outgoing(id, "tickets.events", "t", id.encode()),)


def answer(id: str, offset: int, *, topic: str = "updates", partition: int = 0) -> Answer:
    return Answer(topic, partition, offset, said(id))


def test_an_applied_event_is_kept_with_its_answer_in_order() -> None:
    document = EMPTY.apply("b", answer("1", 5), "first").apply("a", answer("2", 6), "second")

    assert document == Document("t", state="second", applied={"b": answer("1", 5), "a": answer("2", 6)})
    assert list(document.applied) == ["b", "a"]


def test_an_event_without_an_answer_leaves_only_its_id() -> None:
    silent = EMPTY.apply("a", Answer("updates", 0, 5, ()), "s")

    assert silent.applied == {"a": None}
    assert EMPTY.apply("a", None, "s") == silent


@pytest.mark.parametrize(("published_offset", "kept"), [(4, True), (5, True), (6, False)])
def test_an_answer_is_forgotten_once_its_offset_is_published(published_offset: int, kept: bool) -> None:
    document: Document[str] = Document("t", applied={"a": answer("1", 5)})

    after = document.forget({("updates", 0): published_offset})

    assert (after.applied["a"] is not None) == kept
    assert bool(document.unpublished({("updates", 0): published_offset})) == kept


@pytest.mark.parametrize("elsewhere", [("updates", 1), ("accepted", 0)])
def test_the_published_offset_of_another_partition_proves_nothing(elsewhere: tuple[str, int]) -> None:
    document: Document[str] = Document("t", applied={"a": answer("1", 5)})

    assert document.forget({elsewhere: 100}) == document


def test_a_forgotten_answer_still_counts_as_applied() -> None:
    document: Document[str] = Document("t", applied={"a": answer("1", 5)}).forget({("updates", 0): 6})

    assert document.answer_to("a") == ()
    with pytest.raises(KeyError):
        document.answer_to("b")


def test_unpublished_events_are_answers_in_order_then_those_of_the_sweep() -> None:
    document: Document[str] = Document(
        "t", applied={"b": answer("1", 5), "x": None, "a": answer("2", 6)}, pending=said("3")
    )

    assert document.unpublished({("updates", 0): 6}) == said("2") + said("3")
    assert document.unpublished({}) == said("1") + said("2") + said("3")


@pytest.mark.parametrize("place", [("updates", 0, 6), ("updates", 1, 5), ("accepted", 0, 5)])
def test_only_the_record_that_brought_an_event_is_answered_again(place: tuple[str, int, int]) -> None:
    document: Document[str] = Document("t", applied={"a": answer("1", 5), "b": None})

    assert document.answers("a", ("updates", 0, 5))
    assert not document.answers("a", place)
    assert not document.answers("b", ("updates", 0, 5))
    assert not document.answers("c", ("updates", 0, 5))


def test_pending_events_wait_since_the_first_of_them() -> None:
    first = EMPTY.move(said("1"), "s", NOON)

    second = first.move(said("2"), "s", NOON + timedelta(hours=1))

    assert (second.pending, second.pending_at) == (said("1") + said("2"), NOON)
    assert second.published() == Document("t", state="s")


def test_a_tick_without_events_leaves_nothing_pending() -> None:
    assert EMPTY.move((), "s", NOON).pending_at is None


def test_an_answer_waits_behind_what_is_pending_on_its_topic() -> None:
    document = EMPTY.move(said("1"), "s", NOON).apply("a", answer("2", 1), "s")

    assert (document.pending, document.pending_at) == (said("1") + said("2"), NOON)


def test_an_answer_does_not_wait_for_another_topic() -> None:
    elsewhere = Outgoing("2", "sla.events", "t", b"2")
    document = EMPTY.move(said("1"), "s", NOON).apply("a", Answer("updates", 0, 1, (elsewhere,)), "s")

    assert document.pending == said("1")
    assert document.unpublished({}) == (elsewhere, *said("1"))


def test_a_pending_event_is_unpublished_in_its_place_and_once() -> None:
    """An answer behind something pending must not overtake it because it is kept, too."""
    document = EMPTY.apply("a", answer("1", 1), "s").move(said("2"), "s", NOON).apply("b", answer("3", 2), "s")

    assert document.unpublished({}) == said("1") + said("2") + said("3")
    assert document.unpublished({("updates", 0): 9}) == said("2") + said("3")


def test_held_back_answers_come_before_pending_events_and_once() -> None:
    document = EMPTY.apply("a", answer("1", 1), "s").move(said("2"), "s", NOON)

    after = document.keep_pending(said("1"), {}, NOON + timedelta(seconds=1))

    assert (after.pending, after.pending_at) == (said("1") + said("2"), NOON)
    assert after.keep_pending(said("1") + said("2"), {}, NOON) is after


def test_unpublished_events_of_a_topic_join_its_held_back_ones_in_order() -> None:
    """Two replicas may hold back one event each, and find out in either order."""
    document = EMPTY.apply("a", answer("1", 1), "s").apply("b", answer("2", 2, partition=1), "s")

    first, second = document.keep_pending(said("1"), {}, NOON), document.keep_pending(said("2"), {}, NOON)

    assert first.pending == second.pending == said("1") + said("2")
    assert document.keep_pending(said("2"), {("updates", 0): 2}, NOON).pending == said("2")


def test_held_back_events_that_are_no_kept_answers_come_last() -> None:
    document = EMPTY.move(said("1"), "s", NOON).keep_pending(said("2"), {}, NOON)

    assert document.pending == said("1") + said("2")


@pytest.mark.parametrize(("held", "left", "since"), [(("1",), "1", 5), ((), "", None), (("1", "2"), "12", 5)])
def test_publishing_leaves_held_back_events_pending(held: tuple[str, ...], left: str, since: int | None) -> None:
    document = EMPTY.move(said("1") + said("2"), "s", NOON)
    later = NOON + timedelta(seconds=5)

    after = document.held_back({("tickets.events", id) for id in held}, later)

    assert after.pending == tuple(event for id in left for event in said(id))
    assert after.pending_at == (None if since is None else later)


def test_saving_counts_the_revision() -> None:
    assert EMPTY.saved().saved() == Document("t", revision=2)


def test_what_is_erased_keeps_the_ids_and_what_may_not_be_published_yet() -> None:
    document: Document[str] = Document(
        "t", applied={"a": answer("1", 5), "b": answer("2", 6)}, unknown_fields=UnknownFields({"state": {"x": 1}}, {})
    )

    after = document.erased({("updates", 0): 6}, NOON)

    assert after == Document("t", applied={"a": None, "b": None}, pending=said("2"), pending_at=NOON)


def test_nothing_is_pending_of_what_is_erased_once_all_is_published() -> None:
    document: Document[str] = Document("t", applied={"a": answer("1", 5)})

    assert document.erased({("updates", 0): 6}, NOON) == Document("t", applied={"a": None})


def test_on_a_compacted_topic_only_the_last_word_is_kept() -> None:
    def contact(id: str) -> Outgoing:
        return Outgoing(id, topics.CONTACTS, "t", id.encode())

    first = Answer("submitted", 0, 5, (*said("1"), contact("2")))
    last = Answer("requests", 0, 0, (contact("3"),))
    document: Document[str] = Document("t", applied={"a": first}, pending=(contact("2"),), pending_at=NOON)

    after = document.apply("b", last, None)

    assert after == Document("t", applied={"a": Answer("submitted", 0, 5, said("1")), "b": last})
