"""What several topics say of one ticket is handed over together; nothing is lost, doubled or out of order."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.ports import Record
from shared.fairness import join
from shared.fairness.join import JoinWindow
from shared.fairness.pace import BUSY_RECORDS, USUAL, Batching

pytestmark = pytest.mark.unit

ACCEPTED, ROUTED, CLOCKS, OTHER = "accepted", "routed", "clocks", "other"
JOINED = Batching(joined=(ACCEPTED, ROUTED, CLOCKS), join_seconds=4.0)
DEALT = "the partitions that are dealt to us"
NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)

Place = tuple[str, int]
Drained = dict[Place, list[Record]]


class Log:
    """Topics that grow."""

    def __init__(self) -> None:
        self.ends: dict[Place, int] = defaultdict(int)

    def said(self, topic: str, *tickets: str, partition: int = 0, written: float = 0.0) -> Drained:
        """Return a record of each ticket on a topic, *written* so many seconds after `NOW`."""
        first = self.ends[topic, partition]
        self.ends[topic, partition] += len(tickets)
        said = [record(topic, partition, first + at, key, written) for at, key in enumerate(tickets)]
        return {(topic, partition): said}


def record(topic: str, partition: int, offset: int, ticket: str, written: float) -> Record:
    return Record(topic, partition, offset, ticket.encode(), b"", (), NOW + timedelta(seconds=written))


def tickets(first: int, end: int) -> list[str]:
    return [f"t{number}" for number in range(first, end)]


def taken(window: JoinWindow[Place], drained: Mapping[Place, Sequence[Record]], now: float = 0.0) -> dict[str, int]:
    """Return of how many records of each topic more is handed over."""
    found = window.take({place: list(records) for place, records in drained.items()}, now, DEALT)
    return {topic: len(records) for (topic, _), records in found.items()}


BUSY = tickets(0, BUSY_RECORDS)


def test_where_hardly_anything_comes_nothing_waits() -> None:
    window, log = JoinWindow[Place](JOINED), Log()

    assert taken(window, log.said(ACCEPTED, *BUSY[1:])) == {ACCEPTED: BUSY_RECORDS - 1}
    assert not window.holds


def test_what_is_said_first_waits_for_what_is_said_last() -> None:
    window, log = JoinWindow[Place](JOINED), Log()

    first = taken(window, log.said(ACCEPTED, *BUSY))
    second = taken(window, log.said(ROUTED, *BUSY), 1.0)
    third = taken(window, log.said(CLOCKS, *BUSY[:30]), 2.0)

    assert (first, second, third) == ({}, {}, {ACCEPTED: 30, ROUTED: 30, CLOCKS: 30})
    assert window.held_from(DEALT) == {(ACCEPTED, 0): 30, (ROUTED, 0): 30}


def test_what_lies_before_it_in_its_partition_goes_with_it() -> None:
    """Only what begins a partition may be committed."""
    window, log = JoinWindow[Place](JOINED), Log()
    taken(window, log.said(ACCEPTED, *BUSY))

    assert taken(window, log.said(CLOCKS, BUSY[9], BUSY[4]), 1.0) == {ACCEPTED: 10, CLOCKS: 2}


def test_nothing_waits_longer_than_it_should() -> None:
    window, log = JoinWindow[Place](JOINED), Log()
    taken(window, log.said(ACCEPTED, *BUSY))
    taken(window, log.said(ACCEPTED, *tickets(50, 120)), 3.0)

    assert taken(window, {}, 3.9) == {}
    assert taken(window, {}, 4.0) == {ACCEPTED: 50}
    assert window.held_from(DEALT) == {(ACCEPTED, 0): 50}


def test_whoever_reads_late_waits_as_long_as_whoever_reads_in_time() -> None:
    """What is said last lies on the broker already, behind what was said before of other tickets."""
    window, log = JoinWindow[Place](JOINED), Log()
    taken(window, log.said(ACCEPTED, *BUSY))

    late = [taken(window, log.said(CLOCKS, f"other{at}", written=at / 2), float(at)) for at in range(1, 8)]
    in_time = taken(window, log.said(CLOCKS, "other8", written=4.0), 8.0)

    assert late == [{CLOCKS: 1}] * 7
    assert in_time == {ACCEPTED: 50, CLOCKS: 1}


def test_nothing_waits_by_the_times_of_others_once_these_say_nothing() -> None:
    window, log = JoinWindow[Place](JOINED), Log()
    taken(window, log.said(ACCEPTED, *BUSY))
    taken(window, log.said(CLOCKS, "other"), 3.0)

    assert taken(window, {}, 6.9) == {}
    assert taken(window, {}, 7.0) == {ACCEPTED: 50}


def test_nothing_waits_for_ever_where_the_times_of_others_stand_still() -> None:
    window, log = JoinWindow[Place](JOINED), Log()
    taken(window, log.said(ACCEPTED, *BUSY))

    found = [taken(window, log.said(CLOCKS, f"other{at}"), float(at)) for at in range(1, 41)]

    assert found[:-1] == [{CLOCKS: 1}] * 39
    assert found[-1] == {ACCEPTED: 50, CLOCKS: 1}


def test_what_is_said_on_other_topics_waits_for_nobody() -> None:
    window, log = JoinWindow[Place](JOINED), Log()

    assert taken(window, {**log.said(ACCEPTED, *BUSY), **log.said(OTHER, "t1", "t2")}) == {OTHER: 2}


def test_topics_come_in_the_order_in_which_a_ticket_goes_through_them() -> None:
    window, log = JoinWindow[Place](JOINED), Log()
    drained = {}
    for topic in (OTHER, CLOCKS, ROUTED, ACCEPTED):
        drained |= log.said(topic, *BUSY)

    assert list(taken(window, drained)) == [ACCEPTED, ROUTED, CLOCKS, OTHER]


def test_of_a_topic_of_which_much_is_held_no_more_is_read_until_others_have_caught_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(join, "HELD_RECORDS_MAX", 60)
    window, log = JoinWindow[Place](JOINED), Log()

    def rooms() -> list[bool]:
        return [window.has_room(topic) for topic in (ACCEPTED, ROUTED, CLOCKS, OTHER)]

    taken(window, log.said(ACCEPTED, *tickets(0, 50)))
    taken(window, log.said(ACCEPTED, *tickets(50, 80), partition=1))
    full = rooms()
    taken(window, log.said(CLOCKS, "t39"))

    assert (full, rooms()) == ([False, True, True, True], [True] * 4)


def test_what_was_held_under_another_assignment_is_read_again_by_whoever_has_it_now() -> None:
    window, log = JoinWindow[Place](JOINED), Log()
    taken(window, log.said(ACCEPTED, *BUSY))

    assert (window.held_from(DEALT), window.held_from("after")) == ({(ACCEPTED, 0): 0}, {})
    assert window.take({}, 9.0, "after") == {}
    assert not window.holds


def test_what_is_dropped_is_handed_over_once_it_is_read_again() -> None:
    window, log = JoinWindow[Place](JOINED), Log()
    drained = log.said(ACCEPTED, *BUSY)
    taken(window, drained)

    window.drop()

    assert (window.holds, taken(window, drained), taken(window, {}, 4.0)) == (False, {}, {ACCEPTED: BUSY_RECORDS})


def test_whoever_joins_nothing_gets_what_there_is() -> None:
    drained = Log().said(ACCEPTED, *BUSY)

    assert JoinWindow[Place](USUAL).take(drained, 0.0, None) is drained


@st.composite
def courses(draw: st.DrawFn) -> list[tuple[float, str, int, list[str]]]:
    """Return what comes when: seconds since what came before, topic, partition, tickets."""
    one = st.tuples(
        st.floats(0, 3),
        st.sampled_from([ACCEPTED, ROUTED, CLOCKS, OTHER]),
        st.integers(0, 2),
        st.lists(st.sampled_from(tickets(0, 200)), min_size=1, max_size=90),
    )
    return draw(st.lists(one, min_size=1, max_size=12))


@given(courses())
def test_every_record_is_handed_over_once_and_each_partition_in_its_order(
    course: list[tuple[float, str, int, list[str]]],
) -> None:
    window, log, now = JoinWindow[Place](JOINED), Log(), 0.0
    handed_over: Drained = defaultdict(list)
    for seconds, topic, partition, said in course:
        now += seconds
        for place, records in window.take(log.said(topic, *said, partition=partition), now, DEALT).items():
            handed_over[place] += records
            assert window.held_from(DEALT).get(place, len(handed_over[place])) == len(handed_over[place])
    for place, records in window.take({}, now + JOINED.join_seconds, DEALT).items():
        handed_over[place] += records

    assert not window.holds
    assert {place: [each.offset for each in records] for place, records in handed_over.items()} == {
        place: list(range(end)) for place, end in log.ends.items()
    }
