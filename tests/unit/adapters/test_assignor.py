"""Partitions are dealt so that large topics meet and small ones are spread."""

from collections.abc import Mapping

import pytest
from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from shared.adapters.kafka.assignor import SpreadRangeAssignor

pytestmark = pytest.mark.unit

MEMBERS = ("one", "two", "three")
LARGE = {"complaints.accepted": 12, "tickets.events": 12}
SMALL = {f"tickets.updates.agency-{number}": 1 for number in range(30)}


class Cluster(ClusterMetadata):  # type: ignore[misc]  # aiokafka is not typed
    """Topics with so many partitions each."""

    def __init__(self, partitions: Mapping[str, int]) -> None:
        super().__init__()
        self.counts = partitions

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return set(range(self.counts[topic])) if topic in self.counts else None


def dealt(partitions: Mapping[str, int], kind: type[RangePartitionAssignor]) -> dict[str, dict[str, list[int]]]:
    """Return what each member reads, by topic."""
    members = {member: kind.metadata([*partitions, "not.there"]) for member in MEMBERS}
    found = kind.assign(Cluster(partitions), members)
    return {member: dict(assignment.assignment) for member, assignment in found.items()}


def test_a_member_reads_the_same_partitions_of_all_large_topics() -> None:
    for topics in dealt(LARGE, SpreadRangeAssignor).values():
        assert topics["complaints.accepted"] == topics["tickets.events"]
        assert len(topics["tickets.events"]) == 4


def test_topics_of_one_partition_are_spread_over_the_members() -> None:
    counts = [len(topics) for topics in dealt(SMALL, SpreadRangeAssignor).values()]

    assert sum(counts) == len(SMALL)
    assert min(counts) >= len(SMALL) // 6
    assert max(len(topics) for topics in dealt(SMALL, RangePartitionAssignor).values()) == len(SMALL)


def test_every_partition_is_read_by_exactly_one_member() -> None:
    partitions = {**LARGE, **SMALL, "sla.warnings": 2, "sla.breaches": 5}

    read = [
        (topic, number)
        for topics in dealt(partitions, SpreadRangeAssignor).values()
        for topic, numbers in topics.items()
        for number in numbers
    ]

    assert sorted(read) == sorted((topic, number) for topic, count in partitions.items() for number in range(count))


def test_it_shares_a_group_with_the_range_assignor() -> None:
    assert SpreadRangeAssignor.name == RangePartitionAssignor.name
