"""A pair of keys is rotated while services run: in the end nobody needs the old private key."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.intake.domain.ticket_ids import LOCAL_KEY, TicketIds
from shared import topics
from shared.events import AnswerTicket, ContactSealed, NotificationSent, TicketRouted
from tests.journey.policies import NO_QUIET_HOURS, policy_with
from tests.servers.addresses import Namespace
from tests.servers.fleet import ROOT, Fleet, running
from tindak.client.envelopes import submission, update
from tindak.client.kafka import Client
from tindak.client.records import data_of
from tindak.keys import KeyPair

pytestmark = [pytest.mark.connected, pytest.mark.timeout(180)]

SENT_WITHIN_SECONDS = 60
COMPLAINT = {
    "channel": "web", "source_id": "rotasi-1", "category": "sampah", "title": "Sampah menumpuk",
    "body": "Sampah menumpuk di tepi Jalan Merdeka, Serpong, sudah seminggu tidak diangkut.",
    "reporter": {"name": "Siti Aminah", "email": "siti@warga.example"},
}  # fmt: skip
TICKET = TicketIds.from_text(LOCAL_KEY).of("web", "rotasi-1")


def settings(public: str, private: str) -> dict[str, str]:
    return {"TINDAK_CONTACT_PUBLIC_KEYS": public, "TINDAK_CONTACT_PRIVATE_KEYS": private}


async def restart(fleet: Fleet, given: dict[str, str], *services: str) -> None:
    """Let processes with other settings take the place of those that run."""
    leaving = [member for member in fleet.members if member.service in services and member.process.poll() is None]
    await asyncio.to_thread(fleet.stop, *leaving)
    fleet.settings = given
    await fleet.ready(*(fleet.start(service) for service in services))


async def heard(client: Client, topic: str, kind: type[Any], notice: str | None = None) -> Any:
    """Return the first fact of that kind about the ticket, once it is there."""
    async with asyncio.timeout(SENT_WITHIN_SECONDS):
        while True:
            for data in map(data_of, await client.read([topic])):
                if isinstance(data, kind) and data.ticket_id == TICKET and getattr(data, "notice", None) == notice:
                    return data
            await asyncio.sleep(0.2)  # the topic is read from its beginning each time


async def tindak(namespace: Namespace, given: dict[str, str], *arguments: str) -> tuple[int, Any]:
    """Return exit code and JSON of a command that knows these keys."""
    command = [sys.executable, "-m", "tindak.cli", *arguments, "--json"]
    environment = {"PATH": "/usr/bin:/bin", **namespace.environment, **given}
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


async def test_an_old_key_can_be_retired(namespace: Namespace, tmp_path: Path) -> None:
    old, new = KeyPair.draw("old"), KeyPair.draw("new")
    both = settings(f"{new.public},{old.public}", f"{new.private},{old.private}")
    policy = policy_with(tmp_path, NO_QUIET_HOURS)
    fleet = Fleet(namespace, tmp_path, policy, settings=settings(old.public, old.private))
    async with running(fleet), Client(namespace.kafka) as client:
        await client.publish([submission(COMPLAINT, datetime.now(UTC))])
        await heard(client, topics.DELIVERIES, NotificationSent, "accepted")
        await restart(fleet, both, "notify", "intake")

        before = await tindak(namespace, both, "keys", "reseal", "--dry-run")
        after = await tindak(namespace, both, "keys", "reseal")

        await restart(fleet, settings(new.public, new.private), "notify", "intake")
        routed = await heard(client, topics.TICKETS, TicketRouted)
        answer = AnswerTicket(ticket_id=TICKET, answer="Sudah diangkut.", final=True)
        await client.publish([update(answer, f"/agencies/{routed.agency}", datetime.now(UTC))])
        await heard(client, topics.DELIVERIES, NotificationSent, "answered")
        contacts = list(map(data_of, await client.read([topics.CONTACTS])))

    of_old = {"key_id": "old", "scheme": "hpke", "seals": False}
    of_new = {"key_id": "new", "scheme": "hpke", "seals": True, "may_be_retired": False}
    assert (before[0], before[1]["resealed"]) == (1, 1)
    assert before[1]["keys"] == [of_new | {"contacts": 0}, of_old | {"contacts": 1, "may_be_retired": False}]
    assert (after[0], after[1]["resealed"]) == (0, 1)
    assert after[1]["keys"] == [of_new | {"contacts": 1}, of_old | {"contacts": 0, "may_be_retired": True}]
    assert [contact.key_id for contact in contacts if isinstance(contact, ContactSealed)] == ["old", "new"]
