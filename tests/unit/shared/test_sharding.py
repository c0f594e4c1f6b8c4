from uuid import uuid5

import pytest
from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import NAMESPACE
from shared.sharding import NOTHING, SHARDS_BEFORE, Share, shard_of, share_of

pytestmark = pytest.mark.unit

TOPIC = "tickets.events"
TOTALS = st.integers(1, 64)


class Topic(ClusterMetadata):  # type: ignore[misc]  # aiokafka ships no types
    """A topic with so many partitions."""

    def __init__(self, partitions: int) -> None:
        super().__init__()
        self.partitions = partitions

    def partitions_for_topic(self, topic: str) -> set[int]:
        return set(range(self.partitions))


def dealt(partitions: int, replicas: int) -> list[Share]:
    """Return what so many replicas look after, as their consumer group assigns the partitions."""
    members = {f"replica-{number}": RangePartitionAssignor.metadata([TOPIC]) for number in range(replicas)}
    assigned = RangePartitionAssignor.assign(Topic(partitions), members)
    return [
        share_of({place.partition for place in assignment.partitions()}, partitions) for assignment in assigned.values()
    ]


@given(TOTALS, st.data())
def test_every_shard_ever_stored_belongs_to_one_replica_and_no_replica_is_idle(total: int, data: st.DataObject) -> None:
    replicas = data.draw(st.integers(1, total))

    shares = dealt(total, replicas)

    assert all(sum(share.holds(shard) for share in shares) == 1 for shard in range(2 * max(total, SHARDS_BEFORE)))
    assert all(share.shards(total) for share in shares)


def test_fifty_partitions_keep_twenty_replicas_at_work() -> None:
    shares = dealt(50, 20)

    assert sorted(len(share.shards(50)) for share in shares) == [2] * 10 + [3] * 10
    assert sorted(shard for share in shares for shard in share.shards(50)) == list(range(50))


def test_more_replicas_than_partitions_leave_only_the_surplus_idle() -> None:
    shares = dealt(3, 5)

    assert sorted(len(share.partitions) for share in shares) == [0, 0, 1, 1, 1]


@given(st.uuids(), TOTALS)
def test_a_tickets_shard_is_the_partition_in_which_its_events_lie(ticket: object, total: int) -> None:
    partitions = list(range(total))

    assert shard_of(str(ticket), total) == DefaultPartitioner()(str(ticket).encode(), partitions, partitions)


def test_a_ticket_keeps_its_shard_for_ever() -> None:
    """Documents hold it: another way of counting would take them from the replica that reads their tickets."""
    assert [shard_of(str(uuid5(NAMESPACE, f"web|{number}")), 12) for number in range(6)] == [2, 2, 8, 6, 9, 7]


@given(TOTALS, st.integers(1, 5), st.data())
def test_workers_divide_the_share_of_one_replica(total: int, workers: int, data: st.DataObject) -> None:
    mine = share_of(data.draw(st.frozensets(st.integers(0, total - 1))), total)

    shards = [mine.worker(number, workers).shards(2 * total) for number in range(workers)]

    assert sorted(shard for worker in shards for shard in worker) == mine.shards(2 * total)


def test_a_single_partition_belongs_to_one_worker_alone() -> None:
    mine = share_of({7}, 50)

    assert [mine.worker(number, 2).shards(64) for number in range(2)] == [[7, 57], []]


def test_a_replica_that_does_not_know_the_partitions_has_no_share() -> None:
    assert share_of({1}, 0) == NOTHING
    assert NOTHING.shards(100) == []
