from datetime import datetime, timedelta
from typing import Any

import pytest

from shared import topics
from shared.delivery.documents.document import Answer, Document
from shared.delivery.outgoing import Outgoing
from tests.builders import TICKET, accepted, event
from tests.fakes.counter import Counter
from tests.fakes.handler_harness import NOON, HandlerHarness

pytestmark = pytest.mark.unit

WITHIN = timedelta(days=100)
DAY = timedelta(days=1)
SAID = Answer("t", 0, 0, (Outgoing("1", "out", "k", b"v"),))


def applied(document: Document[Any], event_id: str, now: datetime, answer: Answer | None = None) -> Document[Any]:
    kept = answer or Answer("t", 0, 0, ())
    return document.without_expired(now, WITHIN).apply(event_id, kept, "state")


def ids(document: Document[Any]) -> list[str]:
    return list(document.applied)


def test_an_id_is_kept_for_as_long_as_its_event_may_be_repeated() -> None:
    document = applied(Document(TICKET), "first", NOON)
    document = applied(document, "second", NOON + WITHIN - DAY)
    document = applied(document, "third", NOON + WITHIN)

    assert ids(document) == ["first", "second", "third"]
    assert ids(applied(document, "fourth", NOON + 2 * WITHIN - DAY)) == ["first", "second", "third", "fourth"]


def test_an_id_is_dropped_once_it_has_been_kept_twice_as_long() -> None:
    document = applied(Document(TICKET), "first", NOON)
    document = applied(document, "second", NOON + WITHIN)
    document = applied(document, "third", NOON + 2 * WITHIN)

    assert ids(document) == ["second", "third"]


def test_no_id_is_dropped_before_its_time_whatever_the_intervals() -> None:
    document: Document[Any] = Document(TICKET)
    at: dict[str, datetime] = {}
    for number in range(200):
        now = NOON + number * timedelta(days=7, hours=number)
        at[str(number)] = now
        document = applied(document, str(number), now)

        due = {id_ for id_, then in at.items() if now - then < WITHIN}
        assert due <= set(ids(document)), number
        assert all(now - at[id_] <= 3 * WITHIN for id_ in ids(document))
    assert len(document.applied) < 20


def test_an_id_whose_answer_may_not_be_published_stays() -> None:
    document = applied(Document(TICKET), "first", NOON, SAID)
    document = applied(document, "second", NOON + WITHIN)

    later = applied(document, "third", NOON + 2 * WITHIN)

    assert ids(later) == ["first", "second", "third"]
    assert later.applied["first"] == SAID
    assert ids(applied(later.forget({("t", 0): 1}), "fourth", NOON + 3 * WITHIN)) == ["third", "fourth"]


def test_ids_of_a_release_that_noted_no_time_are_as_old_as_the_next_event() -> None:
    document = applied(Document(TICKET, applied={"old": None}), "first", NOON)

    assert ids(applied(document, "second", NOON + WITHIN - DAY)) == ["old", "first", "second"]
    assert ids(applied(document, "second", NOON + WITHIN)) == ["first", "second"]


@pytest.mark.parametrize(("within", "left"), [(None, 3), (WITHIN, 2)])
async def test_a_service_drops_ids_as_its_handler_says(within: timedelta | None, left: int) -> None:
    harness = HandlerHarness(Counter(repeats_within=within))
    for number in range(3):
        harness.publish(topics.ACCEPTED, event(accepted(), at=NOON + number * DAY))
        await harness.work()
        harness.clock.at += WITHIN

    [document] = harness.store.documents.values()
    assert len(document.applied) == left
