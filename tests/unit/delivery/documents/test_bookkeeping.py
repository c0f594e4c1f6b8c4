"""What a document keeps and drops is the same with nothing pending and nothing published, which is told quickly."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.documents.document import Answer, Document, Partition
from shared.delivery.outgoing import Outgoing, each_once
from shared.topics import COMPACTED, CONTACTS, SLA, TICKETS
from shared.values import replace
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

EVENTS = st.builds(
    Outgoing, st.sampled_from("123"), st.sampled_from([CONTACTS, SLA, TICKETS]), st.just("t"), st.just(b"{}")
)
ANSWERS = st.builds(
    Answer, st.just("updates"), st.integers(0, 1), st.integers(0, 4), st.lists(EVENTS, max_size=2).map(tuple)
)
DOCUMENTS: st.SearchStrategy[Document[str]] = st.builds(
    Document,
    st.just("t"),
    applied=st.dictionaries(st.sampled_from("abcd"), st.none() | ANSWERS, max_size=3),
    pending=st.lists(EVENTS, max_size=2).map(lambda events: tuple(each_once(events))),
).map(lambda each: replace(each, pending_at=NOON if each.pending else None))
OFFSETS: st.SearchStrategy[Mapping[Partition, int]] = st.dictionaries(
    st.tuples(st.just("updates"), st.integers(0, 1)), st.integers(0, 5)
)


@given(DOCUMENTS, st.sampled_from("abe"), ANSWERS)
def test_an_answer_waits_behind_what_is_pending_and_replaces_last_words(
    document: Document[str], event_id: str, answer: Answer
) -> None:
    last = {event.topic for event in answer.outgoing}.intersection(COMPACTED) if document.applied else set[str]()
    queue = tuple(event for event in document.pending if event.topic not in last)
    kept = {
        id: each and replace(each, outgoing=tuple(event for event in each.outgoing if event.topic not in last))
        for id, each in document.applied.items()
    }
    behind = tuple(event for event in answer.outgoing if event.topic in {each.topic for each in queue})
    expected = {**kept, event_id: answer if answer.outgoing else None}

    after = document.apply(event_id, answer, "s")

    assert after == Document(
        "t", state="s", applied=expected, pending=tuple(each_once(queue + behind)), pending_at=NOON if queue else None
    )
    assert list(after.applied) == list(expected)


@given(DOCUMENTS, OFFSETS)
def test_what_is_published_is_forgotten_and_the_rest_stays_unpublished(
    document: Document[str], published_offsets: Mapping[Partition, int]
) -> None:
    left = {
        id: None if answer and answer.offset < published_offsets.get(("updates", answer.partition), 0) else answer
        for id, answer in document.applied.items()
    }
    ahead = [event for answer in left.values() if answer for event in answer.outgoing]
    unpublished = [event for event in ahead if event.reference not in {each.reference for each in document.pending}]

    after = document.forget(published_offsets)

    assert after == replace(document, applied=left)
    assert list(after.applied) == list(left)
    assert document.answered(published_offsets) == tuple(ahead)
    assert document.unpublished(published_offsets) == (*unpublished, *document.pending)
