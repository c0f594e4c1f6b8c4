"""A notify that is told to end while mails are on their way lets them arrive, and nobody gets one twice."""

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared import events as e
from shared import topics
from tests.connected.notify.relay import Relay
from tests.journey.policies import NO_QUIET_HOURS, policy_with
from tests.journey.post import mail_settings
from tests.journey.story import Story, story_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running, until
from tindak.client.envelopes import submission

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

REPORTERS = 12
BODY = "Jalan berlubang besar di depan Pasar Ciputat, sudah dua pengendara motor jatuh."


@pytest.fixture
def slow_relay() -> Iterator[Relay]:
    """A relay that takes two seconds for each mail."""
    relay = Relay(slow_seconds=1)
    with relay.listening():
        yield relay


async def report_all(story: Story) -> None:
    reports = [
        {
            "channel": "web", "source_id": f"s-{number}", "body": f"{BODY} Laporan {number}.",
            "reporter": {"email": f"warga{number}@warga.example"},
        }
        for number in range(REPORTERS)
    ]  # fmt: skip
    await story.client.publish([submission(report, datetime.now(UTC)) for report in reports])


async def test_mails_on_their_way_arrive_and_the_rest_goes_out_by_the_next_process(
    namespace: Namespace, tmp_path: Path, slow_relay: Relay
) -> None:
    # A lease longer than this test waits: what a stop leaves leased would fail it.
    settings = mail_settings(slow_relay) | {"TINDAK_NOTIFY_LEASE_SECONDS": "600"}
    fleet = Fleet(namespace, tmp_path, policy=policy_with(tmp_path, NO_QUIET_HOURS), settings=settings)

    def told(wanted: int) -> bool | None:
        facts = story.all(e.NotificationSent, topics.DELIVERIES)
        return sum((fact.notice, fact.recipient_role) == ("accepted", "reporter") for fact in facts) >= wanted or None

    async with running(fleet, "intake", "sla", "notify"), story_of(namespace) as story:
        await report_all(story)
        await until(lambda: slow_relay.mails != [], 60, fleet.last_words)
        notify = fleet.members[-1]
        notify.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(notify.process.wait, 40)
        arrived = len(slow_relay.mails)
        await story.until(lambda: told(arrived), "each mail that arrived")
        fleet.start("notify")
        await story.until(lambda: told(REPORTERS), "every mail")

    mails = Counter(
        (recipient, str(mail["Message-ID"]))
        for mail, recipient in zip(slow_relay.mails, slow_relay.recipients, strict=True)
    )
    assert code == 0
    assert arrived < REPORTERS
    assert set(mails.values()) == {1}
    assert {recipient for recipient, _ in mails} == {f"warga{number}@warga.example" for number in range(REPORTERS)}
