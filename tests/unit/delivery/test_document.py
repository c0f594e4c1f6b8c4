from datetime import timedelta

import pytest

from shared.delivery.document import Answer, Document
from shared.delivery.outgoing import Outgoing
from tests.fakes.bench import NOON

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
    assert EMPTY.apply("a", Answer("updates", 0, 5, ()), "s").applied == {"a": None}


@pytest.mark.parametrize(("floor", "kept"), [(4, True), (5, True), (6, False)])
def test_an_answer_is_forgotten_once_its_offset_lies_before_the_floor(floor: int, kept: bool) -> None:
    document: Document[str] = Document("t", applied={"a": answer("1", 5)})

    after = document.forget({("updates", 0): floor})

    assert (after.applied["a"] is not None) == kept
    assert bool(document.owed({("updates", 0): floor})) == kept


@pytest.mark.parametrize("elsewhere", [("updates", 1), ("accepted", 0)])
def test_the_floor_of_another_partition_proves_nothing(elsewhere: tuple[str, int]) -> None:
    document: Document[str] = Document("t", applied={"a": answer("1", 5)})

    assert document.forget({elsewhere: 100}) == document


def test_what_was_forgotten_is_still_known_to_be_applied() -> None:
    document: Document[str] = Document("t", applied={"a": answer("1", 5)}).forget({("updates", 0): 6})

    assert document.answer_to("a") == ()
    with pytest.raises(KeyError):
        document.answer_to("b")


def test_a_document_owes_its_answers_in_order_and_then_what_time_brought() -> None:
    document: Document[str] = Document(
        "t", applied={"b": answer("1", 5), "x": None, "a": answer("2", 6)}, pending=said("3")
    )

    assert document.owed({("updates", 0): 6}) == said("2") + said("3")
    assert document.owed({}) == said("1") + said("2") + said("3")


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
    assert second.told() == Document("t", state="s")


def test_time_that_says_nothing_leaves_nothing_pending() -> None:
    assert EMPTY.move((), "s", NOON).pending_at is None


def test_an_event_leaves_what_is_pending_untouched() -> None:
    document = EMPTY.move(said("1"), "s", NOON).apply("a", answer("2", 1), "s")

    assert (document.pending, document.pending_at) == (said("1"), NOON)


def test_saving_counts_the_revision() -> None:
    assert EMPTY.saved().saved() == Document("t", revision=2)
