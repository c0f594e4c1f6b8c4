"""The compose file, brought up and used: what goes in at a mapped port comes out, and no death costs anything."""

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tests.containers.compose import Compose
from tests.servers.containers import why_no_containers
from tests.servers.fleet import until

# Clients log an error for every connection that a killed broker cuts.
pytestmark = [pytest.mark.journey, pytest.mark.timeout(1800), pytest.mark.expects_errors]

CONTAINERS = ("intake", "kafka-1", "routing", "kafka-2", "sla", "kafka-3", "notify", "mongo", "mail")
CHECK = "secrets-check"
SUBMISSIONS_EVERY_SECONDS = 0.1
SETTLES_WITHIN_SECONDS = 180


@pytest.fixture(scope="module")
def project(pytestconfig: pytest.Config) -> Compose:
    if pytestconfig.getoption("--stack") != "containers":
        pytest.skip("needs --stack containers")
    reason = why_no_containers()
    if reason is not None:
        pytest.skip(reason)
    return Compose()


@pytest.fixture(scope="module")
def compose(project: Compose) -> Iterator[Compose]:
    """The project, up and healthy."""
    try:
        project.up("--build")
        yield project
    finally:
        project("down", "--volumes")


@pytest.fixture
def channel(compose: Compose) -> "Channel":
    return Channel(compose)


class Channel:
    """A channel with nothing of ours: any Kafka client, one JSON object per complaint, on the ports of this machine."""

    def __init__(self, compose: Compose) -> None:
        self.compose = compose
        # Letters, lest it be taken for somebody's number and masked.
        self.name = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(12))
        self.submitted: list[str] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AIOKafkaProducer]:
        async with AIOKafkaProducer(
            bootstrap_servers=self.compose.bootstrap_servers,
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=60_000,
        ) as producer:
            yield producer

    async def submit(self, producer: AIOKafkaProducer) -> None:
        """Publish the next complaint; return once all in-sync replicas have it."""
        source_id = f"{self.name}-{len(self.submitted)}"
        await producer.send_and_wait("complaints.submitted.web", complaint(source_id), key=source_id.encode())
        self.submitted.append(source_id)

    async def submit_until(self, ended: asyncio.Event) -> None:
        """Publish one after the other until *ended* is set."""
        async with self.open() as producer:
            for _ in count():
                await self.submit(producer)
                if ended.is_set():
                    return
                await asyncio.sleep(SUBMISSIONS_EVERY_SECONDS)

    async def routed(self) -> list[str]:
        """Return which of its complaints lie on the agency's topic, as often as they do."""
        events = await read(self.compose, "tickets.routed.dsdabmbk")
        reports = [event["data"]["report"]["body"] for event in events if "report" in event["data"]]
        named = [re.search(r"Laporan (\S+)\.", body) for body in reports]
        return [name[1] for name in named if name and name[1].startswith(self.name)]

    async def all_routed_once(self) -> None:
        """Return once every complaint is on its agency's topic, and fail if one is there twice."""
        found: list[str] = []

        def are_there() -> bool:
            found[:] = asyncio.run(self.routed())
            return set(self.submitted) <= set(found)

        await until(are_there, SETTLES_WITHIN_SECONDS, lambda: f"routed {len(found)} of {len(self.submitted)}")
        assert sorted(found) == sorted(self.submitted)


def complaint(source_id: str) -> bytes:
    now = datetime.now(UTC).isoformat()
    data = {
        "channel": "web",
        "source_id": source_id,
        "submitted_at": now,
        "title": "Jalan berlubang",
        "body": f"Jalan berlubang besar di depan Pasar Ciputat, sudah dua pengendara jatuh. Laporan {source_id}.",
        "reporter": {"name": "Siti Rahmawati", "email": f"{source_id}@warga.example"},
    }
    envelope = {"specversion": "1.0", "id": str(uuid4()), "source": "/channels/web", "time": now, "data": data}
    return json.dumps(envelope | {"type": "tindak.complaint.submitted.v1"}).encode()


async def read(compose: Compose, topic: str) -> list[dict[str, Any]]:
    """Return everything that is on a topic now, each event once."""
    found: dict[str, dict[str, Any]] = {}
    servers = compose.bootstrap_servers
    async with AIOKafkaConsumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        while [place for place, end in ends.items() if await consumer.position(place) < end]:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                events = [json.loads(record.value) for record in records]
                found |= {event["id"]: event for event in events}
    return list(found.values())


async def nothing_is_lost(compose: Compose) -> None:
    """Return once the project's own audit of all topics and databases finds no fault."""
    said: list[str] = []

    def clean() -> bool:
        audited = compose.tindak("audit")
        said[:] = [audited.stdout + audited.stderr]
        return audited.returncode == 0

    await until(clean, SETTLES_WITHIN_SECONDS, lambda: said[0])


@pytest.mark.parametrize(
    ("variable", "holder"), [("TINDAK_CONTACT_PUBLIC_KEYS", "intake"), ("TINDAK_CONTACT_PRIVATE_KEYS", "notify")]
)
def test_what_seals_reaches_intake_and_what_opens_reaches_notify(project: Compose, variable: str, holder: str) -> None:
    services = project.config()["services"]

    assert {name for name, service in services.items() if service.get("environment", {}).get(variable)} == {holder}


def test_the_key_for_ticket_ids_reaches_intake_and_nobody_else(project: Compose) -> None:
    services = json.loads(project.attempt("config", "--format", "json", TINDAK_ID_KEY="x").stdout)["services"]

    holders = {name for name, service in services.items() if service.get("environment", {}).get("TINDAK_ID_KEY")}
    assert holders == {"intake"}


@pytest.mark.usefixtures("compose")  # which builds the image
def test_what_is_in_clear_does_not_start_in_the_cluster_profile() -> None:
    other = Compose()

    # Not in the foreground: Compose waits for ever there if the container ends before it looks for its events.
    refused = other.attempt("up", "--detach", "--wait", CHECK, TINDAK_PROFILE="cluster")
    said = other("logs", CHECK)
    other("down", "--volumes")

    assert refused.returncode != 0
    assert "start it with: docker compose --profile secure up --wait" in said


async def test_a_complaint_by_any_client_reaches_its_agency(channel: Channel) -> None:
    async with channel.open() as producer:
        await channel.submit(producer)

    await channel.all_routed_once()


async def test_killing_and_starting_any_container_loses_nothing(channel: Channel, compose: Compose) -> None:
    ended = asyncio.Event()
    submitting = asyncio.create_task(channel.submit_until(ended))

    for name in CONTAINERS:
        await asyncio.to_thread(compose, "kill", name)
        assert name not in await asyncio.to_thread(compose.running)
        await asyncio.to_thread(compose, "start", name)
        await asyncio.to_thread(compose.up, "--no-deps", "--no-recreate", name)
    ended.set()
    await submitting

    await channel.all_routed_once()
    await nothing_is_lost(compose)


async def test_down_and_up_keeps_the_data(channel: Channel, compose: Compose) -> None:
    async with channel.open() as producer:
        await channel.submit(producer)
    await channel.all_routed_once()

    await asyncio.to_thread(compose, "down")
    await asyncio.to_thread(compose.up)

    await channel.all_routed_once()
    async with channel.open() as producer:
        await channel.submit(producer)
    await channel.all_routed_once()
    await nothing_is_lost(compose)
