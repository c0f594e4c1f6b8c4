"""A channel seals its reporter: nobody but notify can read who reports, and one agency alone reads what is masked."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from services.intake.domain.ticket_ids import LOCAL_KEY, TicketIds
from shared import topics
from shared.events import NotificationSent, ReplyToTicket, ReporterReplied, TicketRouted
from shared.seal import Opener, Sealer
from tests.journey.policies import NO_QUIET_HOURS, policy_with
from tests.sealing import PUBLIC_KEYS_TEXT
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running
from tindak.client.envelopes import submission, update
from tindak.client.kafka import Client
from tindak.client.records import data_of
from tindak.client.sealing import with_sealed_reporter
from tindak.keys import KeyPair

pytestmark = [pytest.mark.connected, pytest.mark.timeout(180)]

HEARD_WITHIN_SECONDS = 60
NAME, EMAIL, PHONE = "Siti Aminah Rahayu", "siti.rahayu@warga.example", "081298765432"
COMPLAINT = {
    "channel": "web", "source_id": "segel-1", "category": "sampah", "title": "Sampah menumpuk",
    "body": "Sampah menumpuk di tepi Jalan Merdeka, Serpong, sudah seminggu tidak diangkut.",
    "reporter": {"name": NAME, "email": EMAIL, "phone": PHONE},
}  # fmt: skip
TICKET = TicketIds.from_text(LOCAL_KEY).of("web", "segel-1")
WRITTEN = f"Hubungi saya di {PHONE}, saya bisa menunjukkan tempatnya."


def with_key(policy: Path, agency: str, key: str) -> None:
    """Let an agency have a key in that policy."""
    file = policy / "agencies.yaml"
    line = f"  - code: {agency}\n"
    held = file.read_text(encoding="utf-8")
    assert line in held
    file.write_text(held.replace(line, f"{line}    public_key: {key}\n"), encoding="utf-8")


async def heard(client: Client, topic: str, kind: type[Any]) -> Any:
    """Return the first fact of that kind about the ticket, once it is there."""
    async with asyncio.timeout(HEARD_WITHIN_SECONDS):
        while True:
            for data in map(data_of, await client.read([topic])):
                if isinstance(data, kind) and data.ticket_id == TICKET:
                    return data
            await asyncio.sleep(0.2)  # the topic is read from its beginning each time


async def everything_published(client: Client, names: list[str]) -> dict[str, bytes]:
    """Return all bytes on each topic."""
    found: dict[str, bytes] = {}
    for record in await client.read(names):
        found[record.topic] = found.get(record.topic, b"") + (record.key or b"") + (record.value or b"")
    return found


def everything_stored(namespace: Namespace) -> str:
    with MongoClient[dict[str, Any]](namespace.mongo.uri.get_secret_value()) as client:
        databases = [client[namespace.mongo.database_prefix + service] for service in topics.SERVICES]
        return str([list(base[name].find()) for base in databases for name in base.list_collection_names()])


async def test_no_plain_identity_is_ever_on_the_bus(namespace: Namespace, tmp_path: Path) -> None:
    pair = KeyPair.draw("dlh-1")
    policy = policy_with(tmp_path, NO_QUIET_HOURS)
    with_key(policy, "dlh", pair.public)
    sealed = with_sealed_reporter(COMPLAINT, Sealer.from_text(PUBLIC_KEYS_TEXT))
    fleet = Fleet(namespace, tmp_path, policy)
    async with running(fleet), Client(namespace.kafka) as client:
        await client.publish([submission(sealed, datetime.now(UTC))])
        await heard(client, topics.DELIVERIES, NotificationSent)
        routed = await heard(client, topics.TICKETS, TicketRouted)
        names = [*(topic.name for topic in topics.COMMON), topics.submitted_topic("web"), topics.answers_topic("web"),
                 topics.status_topic("web"), topics.agency_topic("dlh")]  # fmt: skip
        before = await everything_published(client, names)

        reply = ReplyToTicket(ticket_id=TICKET, text=WRITTEN)
        await client.publish([update(reply, "/channels/web", datetime.now(UTC))])
        told = await heard(client, topics.agency_topic("dlh"), ReporterReplied)
        public = await heard(client, topics.TICKETS, ReporterReplied)
        after = await everything_published(client, names)
        stored = await asyncio.to_thread(everything_stored, namespace)

    logs = "".join(member.log.read_text() for member in fleet.members)
    planted = [word for identity in (NAME, EMAIL, PHONE) for word in (identity, json.dumps(identity)[1:-1])]
    assert routed.agency == "dlh"
    assert topics.submitted_topic("web") in before
    assert [topic for topic, said in after.items() for word in planted if word.encode() in said] == []
    assert [word for word in planted if word in stored or word in logs] == []
    assert (public.private, PHONE in public.text) == (None, False)
    opened = Opener.from_text(pair.private).open(TICKET, told.private.sealed, told.private.key_id)
    assert opened.decode() == WRITTEN
