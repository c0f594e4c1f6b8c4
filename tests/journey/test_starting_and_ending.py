"""A service starts only where it can be trusted, shares its work with its like, and ends when it is told to."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from shared import events as e
from shared import topics
from shared.sealing_keys import TRIAL_KEY, as_text, public_of
from tests.faults.city import as_outgoing, complaint
from tests.journey.policies import policy_with
from tests.journey.story import story_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, Member, running, until
from tindak.stack.node import free_ports

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

WITHIN_SECONDS = 90
# In a file that each service reads: what is written there, and what somebody writes by mistake.
SLIPS: Mapping[str, tuple[str, str, str, str]] = {
    "intake": ("channels.yaml", "lapor.go.id, replies: true", "lapor.go.id, replies: maybe", "`replies` must be"),
    "routing": ("routing.yaml", "hops_max: 2", "hops_max: many", "`hops_max` must be a valid integer, not `many`"),
    "sla": ("sla.yaml", "allowance: 5 working_days", "allowance: 5 workdays", "5 workdays"),
    "notify": ("notices.yaml", "zone: Asia/Jakarta\n", "zone: Asia/Jakata\n", "`Asia/Jakata` is no time zone"),
}
UNSAFE = {
    "TINDAK_PROFILE": "cluster",
    "TINDAK_KAFKA_ACKS": "1",
    "TINDAK_KAFKA_ENABLE_IDEMPOTENCE": "false",
    "TINDAK_KAFKA_REPLICATION_FACTOR": "2",
    "TINDAK_MONGO_WRITE_CONCERN": "1",
    "TINDAK_MONGO_JOURNAL": "false",
    "TINDAK_KAFKA_SECURITY_PROTOCOL": "PLAINTEXT",
    "TINDAK_CONTACT_PUBLIC_KEYS": as_text({"trial": public_of(TRIAL_KEY)}),
    "TINDAK_CONTACT_PRIVATE_KEYS": as_text({"trial": TRIAL_KEY}),
    "TINDAK_NOTIFY_SMTP_STARTTLS": "false",
}
ONLY_SOME_READ = {"TINDAK_CONTACT_PUBLIC_KEYS", "TINDAK_CONTACT_PRIVATE_KEYS", "TINDAK_NOTIFY_SMTP_STARTTLS"}
REFUSED = UNSAFE.keys() - ONLY_SOME_READ - {"TINDAK_PROFILE"} | {
    "TINDAK_MONGO_URI"
}  # a database of the tests: in clear
REFUSED_BY = {
    "intake": {"TINDAK_CONTACT_PUBLIC_KEYS", "TINDAK_ID_KEY"},
    "notify": {"TINDAK_CONTACT_PRIVATE_KEYS", "TINDAK_NOTIFY_SMTP_STARTTLS", "TINDAK_NOTIFY_SMTP_HOST"},
}


def refusals(fleet: Fleet) -> dict[str, str]:
    """Start every service, none of which can; return what each says, in one line each, having ended with code 2."""
    members = [fleet.start(service) for service in topics.SERVICES]
    try:
        codes = [member.process.wait(WITHIN_SECONDS) for member in members]
    finally:
        fleet.stop()
    said = {member.service: member.log.read_text() for member in members}
    assert codes == [2, 2, 2, 2], said
    assert [text.count("\n") for text in said.values()] == [1, 1, 1, 1], said
    return said


@pytest.mark.without_topics
def test_a_policy_with_a_fault_is_refused_with_file_and_line(namespace: Namespace, tmp_path: Path) -> None:
    policy = policy_with(tmp_path)
    lines = {}
    for service, (file, written, slip, _) in SLIPS.items():
        path = policy / file
        before, found, after = path.read_text().partition(written)
        assert found
        path.write_text(before + slip + after)
        lines[service] = before.count("\n") + 1

    said = refusals(Fleet(namespace, tmp_path, policy=policy))

    for service, (file, _, _, fault) in SLIPS.items():
        assert said[service].startswith(f"{service} does not start: {policy / file}:{lines[service]}: "), said
        assert fault in said[service], said


@pytest.mark.without_topics
def test_unsafe_settings_are_refused_outside_local_all_at_once(namespace: Namespace, tmp_path: Path) -> None:
    said = refusals(Fleet(namespace, tmp_path, settings=UNSAFE))

    for service, text in said.items():
        assert text.startswith(f"{service} does not start: unsafe outside TINDAK_PROFILE=local: ")
        assert set(re.findall(r"TINDAK_\w+(?= must| is not)", text)) == REFUSED | REFUSED_BY.get(service, set())


async def test_services_stopped_in_the_middle_of_work_lose_nothing(namespace: Namespace, tmp_path: Path) -> None:
    fleet = Fleet(namespace, tmp_path, settings={"TINDAK_KAFKA_BATCH_RECORDS_MAX": "20"})
    async with story_of(namespace) as story:
        async with running(fleet):
            await story.client.publish([as_outgoing(complaint(number)) for number in range(400)])
            await story.until(lambda: story.events(topics.TICKETS) or None, "the first of many")

            codes = await asyncio.to_thread(fleet.stop)

        assert codes == [0, 0, 0, 0], fleet.last_words()
        assert [member.said()[-1]["event"] for member in fleet.members] == ["stopped"] * 4
        for service in topics.SERVICES:
            fleet.start(service)
        try:
            await story.audited()
        finally:
            await asyncio.to_thread(fleet.stop)
        assert len(story.all(e.ComplaintAccepted, topics.ACCEPTED)) == 400


@pytest.mark.without_topics
async def test_services_waiting_for_their_servers_stop_on_a_signal(namespace: Namespace, tmp_path: Path) -> None:
    kafka, mongo = free_ports(2)
    nowhere = {
        "TINDAK_KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{kafka}",
        "TINDAK_MONGO_URI": f"mongodb://127.0.0.1:{mongo}/?replicaSet=none",
        "TINDAK_MONGO_TIMEOUT_MS": "1000",
    }
    fleet = Fleet(namespace, tmp_path, settings=nowhere)
    try:
        members = [fleet.start(service) for service in topics.SERVICES]
        await until(lambda: all("start" in each.because() for each in members), WITHIN_SECONDS, fleet.last_words)
    finally:
        codes = await asyncio.to_thread(fleet.stop)

    assert codes == [0, 0, 0, 0], fleet.last_words()


def decided(member: Member) -> int:
    """Return how many events a process has decided on."""
    return sum(said["event"] == "decided" for said in member.said())


async def test_two_processes_of_every_service_share_its_work(namespace: Namespace, tmp_path: Path) -> None:
    fleet = Fleet(namespace, tmp_path)
    async with running(fleet, *topics.SERVICES, *topics.SERVICES), story_of(namespace) as story:
        await story.client.publish([as_outgoing(complaint(number)) for number in range(200)])

        await story.audited()

        assert len(story.all(e.ComplaintAccepted, topics.ACCEPTED)) == 200
    shares = {service: [decided(m) for m in fleet.members if m.service == service] for service in topics.SERVICES}
    assert all(len(counts) == 2 and min(counts) > 0 for counts in shares.values()), shares
    assert sum(shares["intake"]) == 200
