import asyncio
from collections import Counter

import pytest

from services.notify.channels import SideBySide
from services.notify.channels.smtp import SmtpChannel
from services.notify.messages.renderer import MessageRenderer
from services.notify.sending.sender import Sender
from services.notify.settings import Settings
from services.notify.store import STATE
from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from tests.builders import ticket_id
from tests.component.notify.harness import ServiceHarness
from tests.connected.notify.relay import HOST, Relay
from tests.sealing import OPENER
from tests.servers.addresses import Namespace
from tests.unit.notify.samples import POLICY, rules

pytestmark = [pytest.mark.connected, pytest.mark.without_topics]

TICKETS = [ticket_id("web", str(number)) for number in range(60)]


async def test_three_senders_on_one_database_send_each_message_once(namespace: Namespace) -> None:
    relay = Relay()
    store = MongoStore(collection(namespace.mongo, "notify"), STATE)
    await store.prepare()
    harness = ServiceHarness(rules(), store=store)
    for number in range(60):
        harness.report(number, email=f"warga{number}@warga.example")
    await harness.work()
    settings = Settings.model_validate(
        {"TINDAK_CONTACT_PRIVATE_KEYS": "unused", "smtp_host": HOST, "smtp_port": relay.port, "smtp_starttls": False}
    )
    smtp = SmtpChannel(settings)
    senders = [
        Sender(
            harness.handler, store, harness.broker, harness.clock, MessageRenderer(POLICY, OPENER), {"email": smtp},
            documents_max=20, spread=SideBySide(4),
        )
        for _ in range(3)
    ]  # fmt: skip

    with relay.listening():
        while sum(await asyncio.gather(*(sender.sweep() for sender in senders))):
            pass
        await smtp.close()

    documents = (await store.load(TICKETS)).values()
    store.close()
    delivered = Counter(relay.recipients)
    assert delivered == Counter({f"warga{number}@warga.example": 1 for number in range(60)})
    assert Counter(fact.ticket_id for fact in harness.facts) == Counter(TICKETS)
    assert [document.due_at for document in documents] == [None] * 60
    assert not any(document.pending for document in documents)
