"""What a service does while broker or database are out of reach, and when it is told to end."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from shared import events as e
from shared import topics
from tests.faults.city import as_outgoing, complaint
from tests.journey.story import story_of
from tests.servers.addresses import Namespace, Servers
from tests.servers.fleet import Fleet, Member, running, until
from tests.servers.gate import Gate, gate_to
from tindak.stack.node import Node

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

WITHIN_SECONDS = 90
TURNED_AWAY = 24  # several attempts of each of four services
WAITING, BACK = "waiting for broker or database", "broker and database are back"
HASTY = {"TINDAK_MONGO_TIMEOUT_MS": "1000"}


def broker_port(servers: Servers) -> int:
    return int(servers.bootstrap_servers.split(",")[0].rpartition(":")[2])


def database_port(servers: Servers) -> int:
    with MongoClient[dict[str, Any]](servers.mongo_uri) as client:
        client.admin.command("ping")
        assert client.primary is not None
        return client.primary[1]


def broker_behind(gate: Gate) -> dict[str, str]:
    """Return settings under which a service finds its broker through a gate; from there on it knows the way itself."""
    return {"TINDAK_KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{gate.port}"} | HASTY


def database_behind(gate: Gate) -> dict[str, str]:
    """Return settings under which a service reaches its database through a gate only."""
    return {"TINDAK_MONGO_URI": f"mongodb://127.0.0.1:{gate.port}/?directConnection=true"} | HASTY


@pytest.mark.parametrize(
    ("port", "behind", "named"),
    [(broker_port, broker_behind, "Kafka: "), (database_port, database_behind, "MongoDB: ")],
)
async def test_a_service_started_during_an_outage_reports_it_once_and_gets_ready_after_it(
    namespace: Namespace,
    tmp_path: Path,
    port: Callable[[Servers], int],
    behind: Callable[[Gate], dict[str, str]],
    named: str,
) -> None:
    async with gate_to(port(namespace.servers)) as gate:
        fleet = Fleet(namespace, tmp_path, settings=behind(gate))
        try:
            members = [fleet.start(service) for service in topics.SERVICES]
            await until(lambda: all("start" in each.because() for each in members), WITHIN_SECONDS, fleet.last_words)
            await until(lambda: gate.turned_away >= TURNED_AWAY, WITHIN_SECONDS, fleet.last_words)
            for member in members:
                assert (member.health("live"), member.health("ready")) == (200, 503)
                assert [(part, why.startswith(named)) for part, why in member.because().items()] == [("start", True)]
                (said,) = member.said()
                assert (said["event"], said["level"], said["part"]) == (WAITING, "warning", "start")
                assert said["because"].startswith(named)

            gate.open()

            await fleet.ready()
            for member in members:
                assert [said["event"] for said in member.said()] == [WAITING, BACK, "reading"]
            async with story_of(namespace) as story:
                await story.client.publish([as_outgoing(complaint(1))])
                await story.audited()
                assert len(story.all(e.ComplaintAccepted, topics.ACCEPTED)) == 1
        finally:
            codes = await asyncio.to_thread(fleet.stop)
        assert codes == [0, 0, 0, 0]


async def test_a_database_that_goes_away_and_comes_back_costs_nothing(namespace: Namespace, tmp_path: Path) -> None:
    async with gate_to(database_port(namespace.servers)) as gate:
        gate.open()
        fleet = Fleet(namespace, tmp_path, settings=database_behind(gate))
        async with running(fleet), story_of(namespace) as story:
            await story.client.publish([as_outgoing(complaint(number)) for number in range(100)])
            gate.shut()
            await story.client.publish([as_outgoing(complaint(number)) for number in range(100, 200)])
            await until(
                lambda: all(waits(each, "MongoDB: ") for each in fleet.members), WITHIN_SECONDS, fleet.last_words
            )

            gate.open()

            await fleet.ready()
            await story.audited()
            assert len(story.all(e.ComplaintAccepted, topics.ACCEPTED)) == 200
            assert [member.process.poll() for member in fleet.members] == [None] * 4


@pytest.mark.expects_errors
async def test_a_broker_that_goes_away_and_comes_back_costs_nothing(namespace: Namespace, tmp_path: Path) -> None:
    local = namespace.servers.local
    if local is None or local.layout.kind == "embedded":
        pytest.skip("needs --stack apache: the embedded broker forgets everything, and containers have no leash")
    fleet = Fleet(namespace, tmp_path)
    async with running(fleet), story_of(namespace) as story:
        await story.client.publish([as_outgoing(complaint(number)) for number in range(200)])
        await asyncio.to_thread(killed, local.brokers)
        await until(lambda: all(waits(each, "Kafka: ") for each in fleet.members), WITHIN_SECONDS, fleet.last_words)

        await asyncio.to_thread(started, local.brokers)

        await fleet.ready()
        await story.audited()
        assert len(story.all(e.ComplaintAccepted, topics.ACCEPTED)) == 200
        assert [member.process.poll() for member in fleet.members] == [None] * 4


def waits(member: Member, named: str) -> bool:
    """Return whether a service is alive, not ready, and says what it waits for."""
    reasons = member.because().values()
    return member.health("live") == 200 and bool(reasons) and all(said.startswith(named) for said in reasons)


def killed(nodes: Sequence[Node]) -> None:
    """Kill servers, all at once."""
    for node in nodes:
        node.kill()


def started(nodes: Sequence[Node]) -> None:
    """Start servers that need each other, and return once all are ready."""
    for node in nodes:
        node.launch()
    for node in nodes:
        node.wait_until(node.is_ready)
