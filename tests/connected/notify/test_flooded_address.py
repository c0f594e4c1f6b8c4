import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from services.notify.channels import SideBySide
from services.notify.channels.smtp import SmtpChannel
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.sending.addresses import AddressLimits
from services.notify.messages.renderer import MessageRenderer
from services.notify.sending.address_book import COLLECTION, MongoAddressBook, hash_keys
from services.notify.sending.sender import Sender
from services.notify.settings import Settings
from services.notify.store import STATE
from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from shared.events import NotificationSuppressed
from tests.component.notify.harness import ServiceHarness
from tests.connected.notify.relay import HOST, Relay
from tests.mails import plain_text
from tests.sealing import OPENER
from tests.servers.addresses import Namespace
from tests.unit.notify.samples import POLICY, rules

pytestmark = [pytest.mark.connected, pytest.mark.without_topics]

LIMITS = AddressLimits(hourly_max=4, daily_max=10)
VICTIM, OTHER = "korban@warga.example", "lain@warga.example"
UNVERIFIED = "belum.tentu@warga.example"


@pytest.fixture
def store(namespace: Namespace) -> Iterator[MongoStore[Correspondence]]:
    """The one database of all replicas."""
    held = MongoStore(collection(namespace.mongo, "notify"), STATE)
    yield held
    held.close()


def sender(harness: ServiceHarness, store: MongoStore[Correspondence], smtp: SmtpChannel) -> Sender:
    """Return one more replica that sends; it remembers nothing by itself."""
    book = MongoAddressBook(store.collection.database[COLLECTION], hash_keys("k1:AAAA"), LIMITS)
    return Sender(
        harness.handler, store, harness.broker, harness.clock, MessageRenderer(POLICY, OPENER), {"email": smtp},
        documents_max=20, spread=SideBySide(4), addresses=book,
    )  # fmt: skip


async def test_a_flood_of_reports_with_one_address_brings_it_a_few_mails(store: MongoStore[Correspondence]) -> None:
    relay = Relay()
    await store.prepare()
    harness = ServiceHarness(rules(), store=store)
    for number in range(60):
        harness.report(number, email=VICTIM.replace("@", f"+{number}@") if number % 2 else VICTIM)
        harness.report(100 + number, email=UNVERIFIED, channel="call_center")
    harness.report(1000, email=OTHER)
    await harness.work()
    settings = {
        "TINDAK_CONTACT_PRIVATE_KEYS": "unused", "smtp_host": HOST, "smtp_port": relay.port, "smtp_starttls": False,
    }  # fmt: skip
    smtp = SmtpChannel(Settings.model_validate(settings))

    with relay.listening():
        # Three replicas, of which none lives for longer than a round.
        while sum(await asyncio.gather(*(sender(harness, store, smtp).sweep() for _ in range(3)))):
            pass
        await smtp.close()

    mailboxes = Counter(
        "korban" if recipient.startswith("korban") else recipient.partition("@")[0] for recipient in relay.recipients
    )
    assert mailboxes == {"korban": 4, "belum.tentu": 1, "lain": 1}
    [introduction] = [mail for mail in relay.mails if str(mail["To"]) == UNVERIFIED]
    assert "STOP%20" in introduction["List-Unsubscribe"]
    assert "STOP " in plain_text(introduction)
    suppressed = Counter(fact.why for fact in harness.facts if isinstance(fact, NotificationSuppressed))
    # 30 more wait for their turn within the 72 hours after which they would be too old.
    assert suppressed == {"address_limit": 26, "address_unverified": 59}
