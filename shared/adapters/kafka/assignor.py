"""Deals the partitions of a group's topics to its members."""

import zlib
from collections import defaultdict
from collections.abc import Mapping

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata


class SpreadRangeAssignor(RangePartitionAssignor):  # type: ignore[misc]  # aiokafka is not typed
    """Deals ranges, so that one member gets the same partition of all large topics and a ticket's events meet there.

    A topic with fewer partitions than members goes to members that its name chooses. The range assignor itself would
    give the first member all topics of one partition, and there is one for every sender.

    It bears the range assignor's name, so that members of a release that knows only that one can share the group.
    """

    @classmethod
    def assign(
        cls, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Return what each member reads, by its id."""
        readers: dict[str, list[str]] = defaultdict(list)
        for member in sorted(members):
            for topic in members[member].subscription:
                readers[topic].append(member)
        dealt: dict[str, dict[str, list[int]]] = {member: {} for member in members}
        for topic, its_readers in readers.items():
            partitions = sorted(cluster.partitions_for_topic(topic) or ())
            for member, share in _ranges(topic, partitions, its_readers):
                dealt[member][topic] = share
        return {
            member: ConsumerProtocolMemberAssignment(cls.version, sorted(shares.items()), b"")
            for member, shares in dealt.items()
        }


def _ranges(topic: str, partitions: list[int], readers: list[str]) -> list[tuple[str, list[int]]]:
    if len(partitions) < len(readers):
        first = zlib.crc32(topic.encode()) % len(readers)
        readers = readers[first:] + readers[:first]
    each, with_one_more = divmod(len(partitions), len(readers))
    shares, start = [], 0
    for number, member in enumerate(readers):
        end = start + each + (number < with_one_more)
        if start < end:
            shares.append((member, partitions[start:end]))
        start = end
    return shares
