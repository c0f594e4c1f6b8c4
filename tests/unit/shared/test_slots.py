import pytest

from shared.ids import ticket_id
from shared.slots import SLOTS, lane, slot_of, slots_of

pytestmark = pytest.mark.unit

ALL = frozenset(range(SLOTS))


def test_a_ticket_keeps_its_slot_for_ever() -> None:
    """Documents hold it: another way of counting would leave them with nobody until each is saved again."""
    assert [slot_of(ticket_id("web", str(number))) for number in range(6)] == [23, 17, 1, 3, 5, 4]


def test_tickets_lie_in_all_slots_about_equally() -> None:
    counts = [0] * SLOTS
    for number in range(240 * SLOTS):
        counts[slot_of(ticket_id("web", str(number)))] += 1

    assert min(counts) > 160
    assert max(counts) < 330


@pytest.mark.parametrize("partitions_total", [1, 2, 3, 5, 12, 24, 30])
def test_every_slot_goes_with_exactly_one_partition(partitions_total: int) -> None:
    dealt = [slots_of({partition}, partitions_total) for partition in range(partitions_total)]

    assert sum(map(len, dealt)) == SLOTS
    assert frozenset().union(*dealt) == ALL


def test_who_reads_half_of_the_partitions_has_half_of_the_slots() -> None:
    first, second = slots_of(range(6), 12), slots_of(range(6, 12), 12)

    assert len(first) == len(second) == SLOTS // 2
    assert first | second == ALL
    assert slots_of(set(), 12) == frozenset()


@pytest.mark.parametrize("lanes", [1, 2, 5])
def test_lanes_share_the_slots_of_one_replica(lanes: int) -> None:
    mine = slots_of({1, 4, 7}, 12)

    shared = [lane(mine, number, lanes) for number in range(lanes)]

    assert sum(map(len, shared)) == len(mine)
    assert frozenset().union(*shared) == mine
    assert max(map(len, shared)) - min(map(len, shared)) <= 1
