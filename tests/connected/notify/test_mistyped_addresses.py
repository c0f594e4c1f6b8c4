import random
from collections import Counter

import pytest
from pydantic import ValidationError

from services.notify.channels import SideBySide
from services.notify.channels.smtp import SmtpChannel
from services.notify.settings import Settings
from services.notify.store import STATE
from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from shared.events import NotificationFailed, NotificationSent
from shared.events.complaints import Reporter
from tests.component.notify.harness import ServiceHarness
from tests.connected.notify.mistyped import HIDDEN_OR_TOO_LONG, MISTYPED
from tests.connected.notify.relay import HOST, Relay
from tests.servers.addresses import Namespace
from tests.unit.notify.samples import rules

pytestmark = [pytest.mark.connected, pytest.mark.without_topics]

HONEST = [f"warga{number}@warga.example" for number in range(40)]


async def test_forty_honest_reporters_get_one_mail_each_beside_those_who_mistyped(namespace: Namespace) -> None:
    relay = Relay()
    store = MongoStore(collection(namespace.mongo, "notify"), STATE)
    await store.prepare()
    settings = {
        "TINDAK_CONTACT_PRIVATE_KEYS": "unused", "smtp_host": HOST, "smtp_port": relay.port, "smtp_starttls": False,
    }  # fmt: skip
    smtp = SmtpChannel(Settings.model_validate(settings))
    harness = ServiceHarness(rules(), store=store)
    harness.channels["email"] = smtp
    # Mixed, so that each mistyped address has honest ones on their way beside it.
    asked = random.Random(8).sample([*HONEST, *MISTYPED], len(HONEST) + len(MISTYPED))
    for address in asked:
        Reporter(email=address)
    tickets = {harness.report(number, email=address): address for number, address in enumerate(asked)}
    await harness.work()

    with relay.listening():
        sender = harness.new_sender(spread=SideBySide(4))
        while await sender.sweep():
            pass
        await smtp.close()
    store.close()

    assert Counter(relay.recipients) == Counter(HONEST)
    assert Counter(str(mail["To"]) for mail in relay.mails) == Counter(HONEST)
    assert {tickets[fact.ticket_id]: fact.TYPE for fact in harness.facts} == dict.fromkeys(
        HONEST, NotificationSent.TYPE
    ) | dict.fromkeys(MISTYPED, NotificationFailed.TYPE)
    assert {fact.error for fact in harness.facts if isinstance(fact, NotificationFailed)} == {
        "bad_address", "address_not_ascii",
    }  # fmt: skip


@pytest.mark.parametrize("address", HIDDEN_OR_TOO_LONG)
def test_an_overlong_or_hidden_address_passes_no_channel(address: str) -> None:
    with pytest.raises(ValidationError):
        Reporter(email=address)
