"""One of fourteen channels floods its topic; what another hands over is on its agency's topic within two seconds."""

import asyncio
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared import topics
from shared.delivery.ports import Record
from shared.policy.topics import load_topics
from tests.conftest import fewer_partitions
from tests.faults.city import City, city_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY, ROOT, Fleet, running
from tindak.client.envelopes import submission
from tindak.topics import apply

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

FLOOD = 3_000
HONEST = 20
EVERY_SECONDS = 0.5
WITHIN = timedelta(seconds=2)
FLOODED = "web"
PARTNER = "  - {code: partner_klaten, name: Kabupaten Klaten, replies: true}\n"


def with_fourteen_channels(folder: Path) -> Path:
    """Return a copy of the city's policy in which one more partner has topics of its own."""
    policy = shutil.copytree(POLICY, folder / "policy")
    registry = policy / "channels.yaml"
    registry.write_text(registry.read_text("utf-8").replace("channels:\n", f"channels:\n{PARTNER}", 1), "utf-8")
    return policy


def channels(policy: Path) -> list[str]:
    names = [topic.name for topic in load_topics(policy)]
    return [name.removeprefix(f"{topics.SUBMITTED}.") for name in names if topics.family_of(name) == topics.SUBMITTED]


async def test_an_honest_complaint_reaches_its_agency_within_two_seconds_of_a_flood(
    namespace: Namespace, tmp_path: Path
) -> None:
    policy = with_fourteen_channels(tmp_path)
    everything = load_topics(policy)
    apply(namespace.kafka, fewer_partitions(everything))
    others = [code for code in channels(policy) if code != FLOODED]
    assert len(others) == 13

    async with running(Fleet(namespace, tmp_path, policy)) as fleet, city_of(namespace, everything) as city:
        with flooding(namespace) as flood:
            for number in range(HONEST):
                await complain(city, others[number % len(others)], number)
                await asyncio.sleep(EVERY_SECONDS)
                if number == HONEST // 2:
                    deferred = fleet.members[0].remarks().get("deferred")
            assert await asyncio.to_thread(flood.wait) == 0

        records = await city.audited()

    assert deferred == f"channel-{FLOODED} sends more than is handled behind us"
    late = {source_id: took for source_id, took in delays(records).items() if took > WITHIN}
    assert late == {}
    assert len({record.key for record in records if record.topic == topics.ACCEPTED}) == FLOOD + HONEST


def flooding(namespace: Namespace) -> subprocess.Popen[bytes]:
    """Return a process that hands over complaints on one channel as fast as an ordinary client can."""
    topic = namespace.prefix + topics.submitted_topic(FLOODED)
    arguments = [namespace.kafka.bootstrap_servers, topic, FLOODED, str(FLOOD)]
    return subprocess.Popen([sys.executable, "-m", "tests.faults.flooding", *arguments], cwd=ROOT)


async def complain(city: City, channel: str, number: int) -> None:
    body = f"Sampah di TPS Pamulang Barat tidak diangkut sudah dua minggu, di depan rumah nomor {number}."
    data = {
        "channel": channel,
        "source_id": f"honest-{number}",
        "body": body,
        "location": {"kelurahan": "Pamulang Barat"},
    }
    await city.client.publish([submission(data, datetime.now(UTC))])


def delays(records: list[Record]) -> dict[str, timedelta]:
    """Return, by source id, how much later than an honest complaint its ticket is there, by the broker's clock."""
    handed_over: dict[str, datetime] = {}
    tickets: dict[str, str] = {}
    routed: dict[str, datetime] = {}
    for record in records:
        family = topics.family_of(record.topic)
        if family not in (topics.SUBMITTED, topics.ACCEPTED, topics.ROUTED):
            continue
        data = json.loads(record.value or b"{}")["data"]
        if family == topics.SUBMITTED:
            handed_over[data["source_id"]] = record.timestamp
        elif family == topics.ACCEPTED:
            tickets[data["source_id"]] = data["ticket_id"]
        else:
            routed[data["ticket_id"]] = min(record.timestamp, routed.get(data["ticket_id"], record.timestamp))
    honest = [source_id for source_id in handed_over if source_id.startswith("honest-")]
    assert len(honest) == HONEST
    return {source_id: routed[tickets[source_id]] - handed_over[source_id] for source_id in honest}
