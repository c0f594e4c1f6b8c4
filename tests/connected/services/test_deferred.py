"""What a sender sends above its rate waits on the broker, visibly; nobody else waits for it, and nothing is lost."""

import shutil
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.events import ComplaintAccepted
from tests.faults.city import as_outgoing, complaint
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY, Fleet, Member, running, until
from tindak.client.envelopes import submission
from tindak.client.kafka import Client, Start
from tindak.client.records import data_of

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies, pytest.mark.timeout(240)]

WITHIN_SECONDS = 60
BURST, SENT = 5, 60
LOOK_EVERY = {"TINDAK_POLICY_LOOK_EVERY_SECONDS": "0.2"}
SLOW = f"    - {{sender: channel-letter, per_minute: 1, burst: {BURST}}}\n"
FAST = "    - {sender: channel-letter, per_minute: 6000, burst: 6000}\n"


def deferred(member: Member) -> float:
    """Return how many records of the channel wait, as the metric says."""
    with urllib.request.urlopen(f"http://127.0.0.1:{member.port}/metrics", timeout=5) as answer:  # loopback
        lines = answer.read().decode().splitlines()
    name = 'tindak_deferred_records{sender="channel-letter",service="intake"} '
    return next((float(line.removeprefix(name)) for line in lines if line.startswith(name)), 0.0)


def letter(number: int) -> Outgoing:
    data = {"channel": "letter", "source_id": str(number), "body": "Sampah di TPS Pamulang Barat tidak diangkut."}
    return submission(data, datetime.now(UTC))


async def taken(client: Client, wanted: set[str]) -> set[str]:
    """Return the source ids of what has been accepted, once *wanted* are among them."""
    found: set[str] = set()
    async with client.follow([topics.ACCEPTED], Start.EARLIEST) as records:
        async for record in records:
            data = data_of(record)
            found |= {data.source_id} if isinstance(data, ComplaintAccepted) else set()
            if wanted <= found:
                return found
    raise AssertionError("a topic that is followed does not end")


async def test_a_sender_above_its_rate_is_deferred_visibly_until_its_rate_allows_it(
    namespace: Namespace, tmp_path: Path
) -> None:
    policy = shutil.copytree(POLICY, tmp_path / "policy")
    rates = policy / "rates.yaml"
    shipped = rates.read_text("utf-8")
    assert FAST in shipped
    rates.write_text(shipped.replace(FAST, SLOW), "utf-8")
    fleet = Fleet(namespace, tmp_path, policy, LOOK_EVERY)

    async with running(fleet, "intake"), Client(namespace.kafka) as client:
        (intake,) = fleet.members
        await client.publish([letter(number) for number in range(SENT)])
        await until(lambda: deferred(intake) >= SENT - 2 * BURST, WITHIN_SECONDS, fleet.last_words)
        await client.publish([as_outgoing(complaint(0))])
        await taken(client, {"s-0"})
        # Only the whole topic tells how many there are: between its partitions there is no order.
        there = [data_of(record) for record in await client.read([topics.ACCEPTED])]
        during = (intake.health(), intake.remarks()["deferred"], len(there))

        rates.write_text(shipped, "utf-8")
        accepted = await taken(client, {str(each) for each in range(SENT)})
        await until(
            lambda: deferred(intake) == 0 and "deferred" not in intake.remarks(), WITHIN_SECONDS, fleet.last_words
        )

    assert during[:2] == (200, "channel-letter sends more than its rate")
    assert BURST < during[2] < 2 * BURST
    assert len(accepted) == SENT + 1
    assert [line["event"] for line in intake.said() if line.get("sender") == "channel-letter"] == [
        "deferred", "deferred no more",
    ]  # fmt: skip
