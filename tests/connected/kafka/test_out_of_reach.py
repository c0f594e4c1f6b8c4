"""A broker that is not there is an outage, whoever looks for it: that is waited out, anything else ends a service."""

import re

import pytest

from shared import topics
from shared.adapters.kafka.producer import KafkaPublisher
from shared.adapters.kafka.subscriber import KafkaConsumer
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Batch, TransientError
from shared.process.settings import KafkaSettings
from tindak.stack.node import free_ports

pytestmark = [pytest.mark.loopback, pytest.mark.expects_errors]  # aiokafka logs what it also raises

SAID = re.compile(r"Kafka: KafkaConnectionError: Unable to bootstrap from .*")


@pytest.fixture
def nowhere() -> KafkaSettings:
    (port,) = free_ports(1)
    return KafkaSettings(bootstrap_servers=f"127.0.0.1:{port}")


async def test_a_publisher_without_a_broker_raises_a_transient_error(nowhere: KafkaSettings) -> None:
    publisher = KafkaPublisher(nowhere)

    with pytest.raises(TransientError, match=SAID):
        await publisher.client()
    with pytest.raises(TransientError, match=SAID):
        await publisher.publish([Outgoing("1", topics.TICKETS, "k", b"v")])

    assert publisher.started is None


async def test_a_consumer_without_a_broker_raises_a_transient_error(nowhere: KafkaSettings) -> None:
    async def handle(batch: Batch) -> None:
        pytest.fail("nothing can be read")

    consumer = KafkaConsumer(nowhere, "intake", [topics.SUBMITTED], handle, failed=lambda error: None)

    with pytest.raises(TransientError, match=SAID):
        await consumer.start()
