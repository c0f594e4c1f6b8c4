import asyncio
from collections import Counter

import pytest

from services.notify.channels import SideBySide
from services.notify.channels.smtp import SmtpChannel
from services.notify.letters.writing import Letters
from services.notify.sender import Sender
from services.notify.settings import Settings
from services.notify.store import STATE
from shared import topics
from shared.events import ContactSealed
from shared.ids import ticket_id, tracking_id
from shared.mongo import MongoStore, collection
from shared.seal import Contact
from tests.builders import accepted, event
from tests.component.notify.desk import Desk
from tests.connected.notify.relay import HOST, Relay
from tests.servers.addresses import Namespace
from tests.unit.notify.samples import POLICY, SEALER, rules

pytestmark = pytest.mark.connected

TICKETS = [ticket_id("web", str(number)) for number in range(60)]


def say_all(desk: Desk) -> None:
    for number, ticket in enumerate(TICKETS):
        sealed, key_id = SEALER.seal_contact(ticket, Contact(channel="web", email=f"warga{number}@warga.example"))
        contact = ContactSealed(ticket_id=ticket, sealed=sealed, locale="id", key_id=key_id)
        desk.say(topics.CONTACTS, event(contact))
        desk.say(topics.ACCEPTED, event(accepted(ticket_id=ticket, tracking_id=tracking_id(ticket))))


async def test_three_senders_on_one_database_send_each_message_once(namespace: Namespace) -> None:
    relay = Relay()
    store = MongoStore(collection(namespace.mongo, "notify"), STATE)
    await store.prepare()
    desk = Desk(rules(), store=store)
    say_all(desk)
    await desk.work()
    settings = Settings.model_validate(
        {"TINDAK_CONTACT_KEYS": "unused", "smtp_host": HOST, "smtp_port": relay.port, "smtp_starttls": False}
    )
    smtp = SmtpChannel(settings)
    senders = [
        Sender(
            desk.handler, store, desk.broker, desk.clock, Letters(POLICY, SEALER), {"email": smtp},
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
    assert Counter(fact.ticket_id for fact in desk.facts) == Counter(TICKETS)
    assert [document.due_at for document in documents] == [None] * 60
    assert not any(document.pending for document in documents)
