"""One of fourteen channels floods its topic while the others hand over a complaint now and then."""

import asyncio
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared import topics
from shared.delivery.ports import Record
from shared.policy.topics import load_topics
from tests.conftest import fewer_partitions
from tests.faults.city import City, city_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY, ROOT, Fleet, running
from tindak.client.envelopes import submission
from tindak.topics import apply

FLOOD = 3_000
HONEST = 20
EVERY_SECONDS = 0.5
FLOODED = "web"
PARTNER = "  - {code: partner_klaten, name: Kabupaten Klaten, replies: true}\n"


@dataclass(frozen=True, slots=True)
class Honest:
    """How an honest complaint fared.

    Args:
        took: From its submission to its ticket on the agency's topic, by the broker's clock.
        overtaken_by: How many tickets of the flood came to an agency meanwhile.
    """

    took: timedelta
    overtaken_by: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Args:
        deferred: Intake's remark on who is deferred halfway.
        accepted: How many reports were.
        routed_per_second: Of the flood, from its first ticket to its last.
        honest: How the honest complaints fared, by source id.
    """

    deferred: str | None
    accepted: int
    routed_per_second: float
    honest: dict[str, Honest]


def with_fourteen_channels(folder: Path) -> Path:
    """Return a copy of the city's policy in which one more partner has topics of its own."""
    policy = shutil.copytree(POLICY, folder / "policy")
    registry = policy / "channels.yaml"
    registry.write_text(registry.read_text("utf-8").replace("channels:\n", f"channels:\n{PARTNER}", 1), "utf-8")
    return policy


def channels(policy: Path) -> list[str]:
    names = [topic.name for topic in load_topics(policy)]
    return [name.removeprefix(f"{topics.SUBMITTED}.") for name in names if topics.family_of(name) == topics.SUBMITTED]


async def flooded(namespace: Namespace, folder: Path) -> Outcome:
    """Return what comes of a flood on one of fourteen channels; fail unless the audit finds nothing lost or doubled."""
    policy = with_fourteen_channels(folder)
    everything = load_topics(policy)
    apply(namespace.kafka, fewer_partitions(everything))
    others = [code for code in channels(policy) if code != FLOODED]
    assert len(others) == 13
    async with running(Fleet(namespace, folder, policy)) as fleet, city_of(namespace, everything) as city:
        with flooding(namespace) as flood:
            for number in range(HONEST):
                await complain(city, others[number % len(others)], number)
                await asyncio.sleep(EVERY_SECONDS)
                if number == HONEST // 2:
                    deferred = fleet.members[0].remarks().get("deferred")
            assert await asyncio.to_thread(flood.wait) == 0
        records = await city.audited()
    accepted = {record.key for record in records if record.topic == topics.ACCEPTED}
    return Outcome(deferred, len(accepted), *fared(records))


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


def fared(records: list[Record]) -> tuple[float, dict[str, Honest]]:
    """Return how many of the flood were routed in a second, and how each honest complaint fared, by source id."""
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
    flood = [at for source_id, ticket in tickets.items() if source_id not in honest and (at := routed.get(ticket))]
    found = {}
    for source_id in honest:
        began, ended = handed_over[source_id], routed[tickets[source_id]]
        found[source_id] = Honest(ended - began, sum(began < at < ended for at in flood))
    return len(flood) / (max(flood) - min(flood)).total_seconds(), found
