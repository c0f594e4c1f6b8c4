"""What a group has committed is told to others, who need not join it."""

import pytest

from shared import topics
from shared.adapters.kafka.committed import committed_by
from shared.delivery.outgoing import Outgoing
from tests.contract.streams import KafkaStream
from tests.servers.addresses import Namespace

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies, pytest.mark.timeout(120)]


async def test_committed_offsets_of_a_group_are_read_without_joining_it(namespace: Namespace) -> None:
    stream = KafkaStream(namespace.kafka)
    await stream.publisher.publish([Outgoing(str(number), topics.TICKETS, str(number), b"") for number in range(30)])
    records = await stream.read("sla", [topics.TICKETS], 30, commit=True)
    await stream.publisher.close()

    found = await committed_by(namespace.kafka, "sla", [topics.TICKETS])

    ends = dict.fromkeys(range(3), 0)
    for record in records:
        ends[record.partition] = max(ends[record.partition], record.next_offset)
    assert found == {(topics.TICKETS, number): end for number, end in ends.items()}


async def test_a_group_that_never_committed_has_no_offsets(namespace: Namespace) -> None:
    found = await committed_by(namespace.kafka, "nobody", [topics.TICKETS])

    assert found == {(topics.TICKETS, number): 0 for number in range(3)}
