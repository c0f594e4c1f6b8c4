"""Whose records are taken next: evenly, within each sender's rate, and as those behind us go on."""

from collections.abc import Mapping

import pytest

from shared import topics
from shared.fairness.admission import Admission, DeferralBegan, DeferralEnded, Supply, Why
from shared.fairness.rates import UNLIMITED, Limits, Rate

pytestmark = pytest.mark.unit

WEB, LETTER, OFFICE = (topics.submitted_topic(code) for code in ("web", "letter", "walk_in"))
AGENCIES = [topics.updates_topic(f"agency-{number}") for number in range(9)]
PLENTY = 10_000


class Followers:
    """Those behind us, who have room for as many as the test says."""

    def __init__(self, room: int | None) -> None:
        self.left = room
        self.taken = 0

    def room(self, now_seconds: float) -> int | None:
        return self.left

    def took(self, count: int) -> None:
        self.taken += count

    def remark(self) -> str:
        return "far away"

    async def close(self) -> None:
        raise NotImplementedError  # nothing here is open


class Senders:
    """What waits of each sender, and what was taken of it so far."""

    def __init__(self, **records: int) -> None:
        self.records = dict(records)
        self.taken: dict[str, int] = {}

    def supply(self, topic: str, portion: float = 1.0) -> Supply:
        def take(count: int) -> int:
            found = min(count, self.records[topic])
            self.records[topic] -= found
            self.taken[topic] = self.taken.get(topic, 0) + found
            return found

        return Supply(take, portion)

    def take(self, admission: Admission, count: int = 500, at: float = 0.0) -> dict[str, int]:
        """Return how many records of each sender are in the next batch."""
        self.taken = {}
        admission.take({topic: self.supply(topic) for topic, left in self.records.items() if left}, count, at)
        return {topic: taken for topic, taken in self.taken.items() if taken}


def of(limits: Mapping[str, Limits]) -> Admission:
    return Admission(lambda topic: limits.get(topic, UNLIMITED))


def test_a_flood_leaves_others_their_share_of_every_batch() -> None:
    senders, admission = Senders(**{WEB: PLENTY, LETTER: 3, OFFICE: 400}), Admission()

    found = [senders.take(admission) for _ in range(3)]

    assert found == [{WEB: 249, LETTER: 3, OFFICE: 248}, {WEB: 348, OFFICE: 152}, {WEB: 500}]


def test_floods_of_many_outsiders_leave_our_own_topics_half_of_a_batch() -> None:
    senders = Senders(**dict.fromkeys(AGENCIES, PLENTY), **{topics.ACCEPTED: PLENTY, topics.SLA: 20})

    found = senders.take(Admission(), 400)

    assert found.pop(topics.SLA) == 20
    assert found.pop(topics.ACCEPTED) == 180
    assert set(found.values()) <= {22, 23}


def test_where_a_batch_is_smaller_than_the_senders_are_many_all_have_their_turn() -> None:
    senders, admission = Senders(**dict.fromkeys(AGENCIES, PLENTY)), Admission()

    found = [senders.take(admission, 3) for _ in range(3)]

    assert sorted(topic for each in found for topic in each) == AGENCIES


def test_a_sender_above_its_rate_waits_and_goes_on_as_its_rate_allows() -> None:
    senders = Senders(**{WEB: PLENTY, LETTER: PLENTY})
    admission = of({WEB: Limits(Rate(per_minute=600, burst=100))})

    found = [senders.take(admission, at=at)[WEB] for at in (0.0, 1.0, 1.5, 60.0)]

    assert found == [100, 10, 5, 100]


def test_a_portion_of_a_senders_partitions_gives_that_portion_of_its_rate() -> None:
    senders, admission = Senders(**{WEB: PLENTY}), of({WEB: Limits(Rate(per_minute=600, burst=100))})

    for at in (0.0, 1.0):
        senders.taken = {}
        admission.take({WEB: senders.supply(WEB, 0.5)}, 500, at)

    assert senders.taken == {WEB: 5}


def test_other_rates_hold_from_the_next_batch_on() -> None:
    senders, admission = Senders(**{WEB: PLENTY}), of({WEB: Limits(Rate(per_minute=600, burst=100))})
    senders.take(admission)

    admission.rates = lambda _: UNLIMITED

    assert senders.take(admission) == {WEB: 500}


def test_what_those_behind_us_have_no_room_for_is_left_but_what_is_guaranteed() -> None:
    senders, followers = Senders(**{WEB: PLENTY, LETTER: 7}), Followers(0)
    admission = Admission(lambda _: Limits(guaranteed=Rate(per_minute=1200, burst=20)), followers)

    found = [senders.take(admission, at=at) for at in (0.0, 0.1)]
    followers.left = 30

    assert found == [{WEB: 20, LETTER: 7}, {WEB: 2}]
    assert senders.take(admission, at=0.2) == {WEB: 32}
    assert followers.taken == 20 + 7 + 2 + 32


def test_who_was_given_many_more_than_are_guaranteed_gets_no_single_ones_for_two_seconds() -> None:
    senders, followers = Senders(**{WEB: PLENTY, LETTER: 0}), Followers(100)
    admission = Admission(lambda _: Limits(guaranteed=Rate(per_minute=600, burst=10)), followers)
    given = senders.take(admission, at=0.0)
    followers.left, senders.records[LETTER] = 0, 3
    found = [senders.take(admission, at=at) for at in (0.1, 1.0, 1.9, 2.2)]

    assert (given, found) == ({WEB: 110}, [{LETTER: 3}, {}, {}, {WEB: 2}])


def test_room_is_shared_evenly() -> None:
    senders = Senders(**{WEB: PLENTY, LETTER: PLENTY, OFFICE: 10})

    assert senders.take(Admission(followers=Followers(100))) == {WEB: 45, LETTER: 45, OFFICE: 10}


def test_those_behind_us_of_whom_nothing_is_known_hold_nobody_back() -> None:
    assert Senders(**{WEB: PLENTY}).take(Admission(followers=Followers(None))) == {WEB: 500}


def test_nobody_is_asked_for_room_while_what_is_guaranteed_is_all_there_is() -> None:
    followers = Followers(None)
    followers.room = lambda _: pytest.fail("asked")  # type: ignore[method-assign]
    admission = Admission(lambda _: Limits(guaranteed=Rate(per_minute=1200, burst=20)), followers)

    assert Senders(**{WEB: 3}).take(admission) == {WEB: 3}


@pytest.mark.parametrize(
    ("admission", "why"),
    [(of({WEB: Limits(Rate(60, 10))}), Why.RATE), (Admission(followers=Followers(10)), Why.BACKLOG)],
    ids=["rate", "backlog"],
)
def test_a_sender_who_has_waited_for_a_second_is_deferred_until_nothing_of_it_waits(
    admission: Admission, why: Why
) -> None:
    senders = Senders(**{WEB: PLENTY})
    changes = []
    for at in (0.0, 0.9, 1.0, 1.1, 5.0):
        senders.take(admission, at=at)
        changes.append(admission.changes(at))
    assert changes == [[], [], [DeferralBegan("channel-web", why)], [], []]
    assert (admission.deferred(), admission.remark().partition(";")[0]) == ({WEB: why}, f"channel-web {why}")

    senders.records[WEB] = 1
    for at in (10.0, 10.1):
        senders.take(admission, at=at)
    changes = [admission.changes(10.0), admission.changes(10.1), admission.changes(10.2)]

    assert changes == [[], [DeferralEnded("channel-web")], []]
    assert admission.deferred() == {}


def test_a_full_batch_defers_nobody() -> None:
    senders, admission = Senders(**{WEB: 10 * PLENTY, LETTER: PLENTY}), Admission(followers=Followers(500))

    for step in range(100):
        senders.take(admission, at=step / 10)

    assert admission.changes(10.0) == []
    assert admission.remark() == "far away"
