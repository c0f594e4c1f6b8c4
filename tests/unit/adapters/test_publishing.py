import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.kafka.producer import partition_of

pytestmark = pytest.mark.unit


@given(st.binary(max_size=60), st.integers(1, 30))
def test_a_key_goes_to_the_partition_that_every_other_client_sends_it_to(key: bytes, count: int) -> None:
    partitions = list(range(count))

    assert partition_of(key, partitions, partitions) == DefaultPartitioner()(key, partitions, partitions)


def test_a_record_without_a_key_goes_to_a_partition_with_a_leader() -> None:
    assert partition_of(None, [0, 1, 2], [1]) == 1
