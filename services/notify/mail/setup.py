"""Sets up what receives mail, in a process of its own beside the service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from services.notify.handlers import NotifyHandler
from services.notify.mail.addresses import mail_addresses
from services.notify.mail.receiver import MailReceiver
from services.notify.mail.settings import MailboxSettings
from services.notify.policy import load_notices
from services.notify.receipts import ReceiptTaker
from services.notify.settings import Settings
from services.notify.store import STATE
from services.notify.web.responses import ResponsePublisher
from shared.adapters.clock import SystemClock
from shared.adapters.kafka.producer import KafkaPublisher
from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from shared.policy.retention import load_retention
from shared.process.settings import CommonSettings
from shared.sealing_keys import PRIVATE_KEYS


class NotSetUp(ValueError):
    """Nothing is set for mail that comes back, or something that is not safe."""


@asynccontextmanager
async def receiver(settings: CommonSettings) -> AsyncIterator[MailReceiver]:
    """Give what receives mail, as notify.

    It opens no contact, and needs no key that does: whoever runs beside a mail server should have none.

    Raises:
        NotSetUp: ``TINDAK_NOTIFY_REPLY_ADDRESS`` is not set, or ``TINDAK_LINK_KEYS`` are everybody's.
        ValueError: Another setting of notify holds something impossible.
        PolicyInvalid: The policy is not what it must be.
    """
    own = Settings.model_validate({PRIVATE_KEYS: ""})
    addresses = mail_addresses(own)
    if addresses is None:
        raise NotSetUp("TINDAK_NOTIFY_REPLY_ADDRESS is not set")
    if settings.profile != "local" and own.has_local_link_key:
        raise NotSetUp(
            "TINDAK_LINK_KEYS must be the keys of notify, since everybody can read that of the local profile"
        )
    handler = NotifyHandler(load_notices(settings.policy_dir).rules)
    handler.retention = load_retention(settings.policy_dir)
    clock = SystemClock()
    publisher = KafkaPublisher(settings.kafka, clock)
    held = collection(settings.mongo, handler.service)
    store = MongoStore(held, STATE, compresses_outbox=settings.mongo.compressed_outbox)
    try:
        yield MailReceiver(
            addresses,
            own.smtp_from,
            store,
            ResponsePublisher(publisher, timedelta(milliseconds=settings.kafka.request_timeout_ms)),
            ReceiptTaker(handler, store, publisher, clock),
            clock,
        )
    finally:
        await publisher.close()
        store.close()


def mailbox_settings(settings: CommonSettings) -> MailboxSettings:
    """Return the settings of the mailbox; raise ValueError if one is missing, impossible or not safe."""
    mailbox = MailboxSettings()
    if settings.profile != "local" and mailbox.tls == "none":
        raise NotSetUp("TINDAK_NOTIFY_IMAP_TLS must be implicit or starttls, since mails hold names and addresses")
    return mailbox
