"""Fetches that name only what has changed, against what aiokafka itself writes and reads."""

from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.protocol.fetch import FetchRequest_v10, FetchRequest_v11, FetchResponse_v11

from shared.adapters.kafka.fetch_sessions import (
    LAST_EPOCH,
    NO_EPOCH,
    Answer,
    FetchSession,
    Limits,
    SessionFetch,
    Waits,
    answers_of,
)

pytestmark = pytest.mark.unit

LIMITS = Limits(500, 1, 52_428_800, 0)
WEB, SMS, OWN = TopicPartition("submitted.web", 0), TopicPartition("submitted.sms", 2), TopicPartition("accepted", 1)
ALL = {WEB: (7, 1024), SMS: (0, 1024), OWN: (12_345_678_901, 1024)}


def written(request: SessionFetch) -> Any:
    """Return a request as aiokafka reads what was written."""
    struct = request.build(FetchRequest_v11)
    return FetchRequest_v11.decode(struct.encode())


def named(request: SessionFetch) -> dict[TopicPartition, int]:
    return {TopicPartition(topic, each[0]): each[2] for topic, places in written(request).topics for each in places}


def forgotten(request: SessionFetch) -> set[TopicPartition]:
    return {TopicPartition(topic, each) for topic, places in written(request).forgotten_topics_data for each in places}


def told(session_id: int = 9, error_code: int = 0) -> Any:
    return SimpleNamespace(session_id=session_id, error_code=error_code, topics=[])


def test_the_first_fetch_is_written_as_aiokafka_would_and_names_all() -> None:
    request = FetchSession().fetch(ALL, LIMITS)

    assert request.build(FetchRequest_v11).encode() == FetchRequest_v11(
        -1, 500, 1, 52_428_800, 0, 0, 0,
        [(place.topic, [(place.partition, -1, offset, -1, most)]) for place, (offset, most) in ALL.items()], [], "",
    ).encode()  # fmt: skip


def test_a_later_fetch_names_what_has_moved_what_is_new_and_what_is_left_out() -> None:
    session = FetchSession()
    session.answered(session.fetch({WEB: (7, 1024), SMS: (0, 1024)}, LIMITS), told())

    request = session.fetch({WEB: (8, 1024), OWN: (3, 1024)}, LIMITS)

    assert (named(request), forgotten(request)) == ({WEB: 8, OWN: 3}, {SMS})
    assert (written(request).session_id, written(request).session_epoch) == (9, 1)
    session.answered(request, told())
    following = session.fetch({WEB: (8, 1024), OWN: (3, 1024)}, LIMITS)
    assert (named(following), forgotten(following), written(following).session_epoch) == ({}, set(), 2)


def test_a_partition_of_which_more_is_wanted_at_once_is_named_again() -> None:
    session = FetchSession()
    session.answered(session.fetch(ALL, LIMITS), told())

    assert named(session.fetch({**ALL, WEB: (7, 4096)}, LIMITS)) == {WEB: 7}


@pytest.mark.parametrize("broken_off", [True, False], ids=["no answer", "session forgotten"])
def test_after_a_failure_all_is_named_again(broken_off: bool) -> None:
    session = FetchSession()
    session.answered(session.fetch(ALL, LIMITS), told())
    request = session.fetch({**ALL, WEB: (8, 1024)}, LIMITS)

    if broken_off:
        session.lost()
    else:
        assert not session.answered(request, told(0, error_code=70))

    again = session.fetch(ALL, LIMITS)
    assert (named(again).keys(), forgotten(again)) == (ALL.keys(), set())
    assert written(again).session_epoch == 0


def test_a_broker_that_holds_no_session_is_told_all_each_time() -> None:
    session = FetchSession()
    session.answered(session.fetch(ALL, LIMITS), told(session_id=0))

    for _ in range(2):
        request = session.fetch(ALL, LIMITS)
        assert (named(request).keys(), written(request).session_epoch) == (ALL.keys(), NO_EPOCH)
        session.answered(request, told(session_id=0))


def test_epochs_begin_again_behind_the_last_one() -> None:
    session = FetchSession()
    session.answered(session.fetch(ALL, LIMITS), told())
    session.epoch = LAST_EPOCH

    session.answered(session.fetch(ALL, LIMITS), told())

    assert (session.epoch, named(session.fetch(ALL, LIMITS))) == (1, {})


def test_another_version_is_written_by_aiokafka_without_a_session() -> None:
    session = FetchSession()
    session.answered(session.fetch(ALL, LIMITS), told())

    request = session.fetch(ALL, LIMITS).build(FetchRequest_v10)

    assert (request.session_id, request.session_epoch) == (0, -1)
    assert {topic for topic, _ in request.topics} == {place.topic for place in ALL}


def test_an_answer_is_read_as_aiokafka_reads_it() -> None:
    response = FetchResponse_v11(
        0, 0, 9,
        [
            ("submitted.web", [(0, 0, 40, 40, 0, None, -1, b"records"), (1, 6, -1, -1, -1, [], -1, None)]),
            ("accepted", [(1, 0, 2**40, 2**40, 3, [(5, 6), (7, 8)], -1, b"")]),
        ],
    )  # fmt: skip
    read = FetchSession().fetch(ALL, LIMITS).build(FetchRequest_v11).RESPONSE_TYPE.decode(BytesIO(response.encode()))

    assert (read.error_code, read.session_id) == (0, 9)
    assert answers_of(read) == answers_of(response)
    assert answers_of(read) == [
        Answer(WEB, 0, 40, b"records"),
        Answer(TopicPartition("submitted.web", 1), 6, -1, b""),
        Answer(OWN, 0, 2**40, b""),
    ]


@pytest.mark.parametrize(
    ("seconds_since", "is_partial", "wait_ms"),
    [(0, False, 50), (9, False, 50), (11, False, 500), (0, True, 25), (11, True, 25)],
)
def test_a_fetch_is_held_back_longer_when_nothing_comes_and_short_when_it_is_in_the_way(
    seconds_since: float, is_partial: bool, wait_ms: int
) -> None:
    waits = Waits(flow_ms=50, idle_ms=500, came_at_seconds=100)

    assert waits.of(100 + seconds_since, is_partial=is_partial) == wait_ms
