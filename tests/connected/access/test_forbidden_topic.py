"""One agency's topic is forbidden to routing: its events wait, all others go on, and they go out once it is allowed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared import topics
from shared.adapters.clock import SystemClock
from shared.adapters.kafka.producer import KafkaPublisher
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Obstacle
from shared.process.settings import KafkaSettings
from tests.connected.access.administrator import Stack, kafka_of, rule, settings_of
from tests.connected.services.test_missing_topic import EACH, complaint, health, ids
from tests.servers.addresses import Namespace, Servers
from tests.servers.fleet import Fleet, running, until
from tindak.client.kafka import Client

pytestmark = [pytest.mark.connected, pytest.mark.xdist_group("secure"), pytest.mark.timeout(180)]

FORBIDDEN, ALLOWED = topics.agency_topic("dishub"), topics.agency_topic("dsdabmbk")
WITHIN_SECONDS = 60


@pytest.fixture
async def publisher(secure_stack: Stack, prefix: str) -> AsyncIterator[KafkaPublisher]:
    made = KafkaPublisher(kafka_of(secure_stack, "routing", prefix))
    yield made
    await made.close()


def event(number: int, topic: str) -> Outgoing:
    return Outgoing(str(number), topic, "k", b"v", (("n", str(number).encode()),))


async def numbers(settings: KafkaSettings, topic: str) -> list[int]:
    async with Client(settings) as client:
        return [int(dict(record.headers)["n"]) for record in await client.read([topic])]


async def published_whole(publisher: KafkaPublisher, *events: Outgoing) -> None:
    async with asyncio.timeout(WITHIN_SECONDS):
        while await publisher.publish(events):
            await SystemClock().sleep(timedelta(seconds=0.1))


@pytest.mark.parametrize("operation", ["WRITE", "ALL"])
async def test_a_forbidden_topic_holds_back_its_own_until_it_is_allowed(
    secure_stack: Stack, prefix: str, publisher: KafkaPublisher, operation: str
) -> None:
    await published_whole(publisher, event(1, FORBIDDEN), event(2, ALLOWED))

    with rule(secure_stack, "DENY", "routing", operation, "TOPIC", prefix + FORBIDDEN):
        first = await publisher.publish([event(3, FORBIDDEN), event(4, ALLOWED), event(5, FORBIDDEN)])
        again = await publisher.publish([event(3, FORBIDDEN), event(6, ALLOWED), event(5, FORBIDDEN)])
        obstacles = publisher.obstacles()
    await published_whole(publisher, event(3, FORBIDDEN), event(5, FORBIDDEN))

    settings = kafka_of(secure_stack, "admin", prefix)
    held = {event(number, FORBIDDEN).reference: Obstacle.FORBIDDEN for number in (3, 5)}
    assert (first, again, obstacles) == (held, held, {FORBIDDEN: Obstacle.FORBIDDEN})
    assert await numbers(settings, ALLOWED) == [2, 4, 6]
    assert list(dict.fromkeys(await numbers(settings, FORBIDDEN))) == [1, 3, 5]
    assert publisher.obstacles() == {}


async def test_routing_goes_on_while_one_agencys_topic_is_forbidden_to_it(
    secure_stack: Stack, prefix: str, tmp_path: Path
) -> None:
    routing_user = settings_of(secure_stack, "routing", prefix)
    servers = Servers(
        {
            "TINDAK_PROFILE": "local",
            "TINDAK_MONGO_URI": secure_stack["mongo_users"]["routing"]["uri"],
            **{f"TINDAK_KAFKA_{name.upper()}": value for name, value in routing_user.items()},
        }
    )
    # The user of the database may write to that of the service alone.
    own = {
        "TINDAK_MONGO_DATABASE_PREFIX": "tindak_",
        "TINDAK_RELAY_AFTER_SECONDS": "1",
        "TINDAK_RELAY_EVERY_SECONDS": "1",
    }
    fleet = Fleet(Namespace(servers, prefix), tmp_path, settings=own)
    async with running(fleet, "routing"), Client(kafka_of(secure_stack, "admin", prefix)) as client:
        (routing,) = fleet.members
        with rule(secure_stack, "DENY", "routing", "WRITE", "TOPIC", prefix + FORBIDDEN):
            await client.publish([complaint(number) for number in range(2 * EACH)])
            await ids(client, ALLOWED, EACH)
            history = await ids(client, topics.TICKETS, 2 * EACH)
            expected = f"{FORBIDDEN} is forbidden to us: {EACH} events of {EACH} documents wait"
            await until(lambda: health(routing)[1].get("topics") == expected, WITHIN_SECONDS, fleet.last_words)
            ready = health(routing)[0]
            waiting = await client.read([FORBIDDEN])
        arrived = await ids(client, FORBIDDEN, EACH)
        await until(lambda: "topics" not in health(routing)[1], WITHIN_SECONDS, fleet.last_words)

    assert (ready, len(history), waiting) == (200, 2 * EACH, [])
    assert set(Counter(id for many in arrived.values() for id in many).values()) == {1}
    assert [line for line in routing.said() if line.get("level") == "error"] == []
