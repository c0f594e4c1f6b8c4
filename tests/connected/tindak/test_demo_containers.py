"""The demo's servers in containers: usable from entry to exit, gone afterwards."""

import pytest

from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.process.settings import KafkaSettings
from shared.topics import Topic
from tests.servers.containers import why_no_containers
from tindak.client.kafka import Client
from tindak.demo_story.containers import Containers, docker
from tindak.demo_story.servers import up
from tindak.environment import settings_in
from tindak.stack.mongo import is_member
from tindak.topics.apply import apply

pytestmark = [pytest.mark.connected, pytest.mark.every_stack, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def containers_only(pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("--stack") != "containers":
        pytest.skip("runs with --stack containers")
    if (reason := why_no_containers()) is not None:
        pytest.skip(reason)


async def test_containers_serve_until_the_exit_and_are_gone_afterwards() -> None:
    servers = Containers()
    async with up(servers.start, servers.stop):
        kafka = KafkaSettings.model_validate(settings_in(servers.environment, "TINDAK_KAFKA_"))
        apply(kafka, [Topic(topics.TICKETS, ("routing",), ("sla",), 3, 1)])
        async with Client(kafka) as client:
            await client.publish([Outgoing("1", topics.TICKETS, "k", b"said")])
            heard = [record.value for record in await client.read([topics.TICKETS])]
        is_ready = is_member(servers.layout.member_ports[0], servers.layout.replica_set)

    running = docker("ps", "--format", "{{.Ports}}", within_seconds=20)
    assert (heard, is_ready) == ([b"said"], True)
    assert str(servers.layout.broker_ports[0]) not in running
