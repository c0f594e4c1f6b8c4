"""What the command line may use of notify: its policy, texts to render for a check, its contacts and notices."""

from collections.abc import AsyncIterator, Collection, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from services.notify import delivery_rows
from services.notify.delivery_rows import DeliveryRow, Wanted
from services.notify.domain.correspondence import Complaint, Correspondence, Unknown
from services.notify.domain.correspondence import Sealed as SealedContact
from services.notify.domain.deliveries import IN_DIGEST, REPORTER
from services.notify.domain.digests.contents import ROWS_MAX, Contents, Row
from services.notify.domain.digests.schedule import Digests, digest_of, digests_id
from services.notify.domain.notices import OF_AGENCY, Notice
from services.notify.mail.outcomes import Outcome as MailOutcome
from services.notify.messages.digests import digest_values
from services.notify.messages.formatting import due, duration
from services.notify.messages.letters import LAYOUT
from services.notify.messages.segments import Measured, measured, plain_marks
from services.notify.messages.short import SEGMENTS_MAX
from services.notify.messages.templates import DIGEST, EMAIL, SMS, WHATSAPP, file_of
from services.notify.policy import FILE as NOTICES_FILE
from services.notify.policy import HEARD, INTRODUCTION, TEMPLATES, NoticePolicy, load_notices
from services.notify.policy.gateways import GATEWAYS_FILE
from services.notify.policy.notices import REGIONAL
from shared.events.envelope import stamp
from shared.process.settings import CommonSettings, MongoSettings

if TYPE_CHECKING:
    from services.notify.mail.mailbox import Received
    from services.notify.sending.trial import Tried
    from services.notify.store import NotifyStore

__all__ = [
    "DIGEST", "EMAIL", "GATEWAYS_FILE", "HEARD", "INTRODUCTION", "IN_DIGEST", "LAYOUT", "NOTICES_FILE", "OF_AGENCY",
    "REGIONAL", "REPORTER", "ROWS_MAX", "SEGMENTS_MAX", "SMS", "TEMPLATES", "WHATSAPP", "Complaint", "Contents",
    "Correspondence", "DeliveryRow", "Digests", "MailOutcome", "Measured", "Notice", "NoticePolicy", "Row",
    "SealedContact", "Unknown", "Wanted", "archived_notices", "delivery_rows", "digest_of", "digest_values", "due",
    "duration", "file_of", "find_deliveries", "find_digests", "known_of", "load_notices", "measured", "notify_store",
    "plain_marks", "receive_folder", "receive_mail", "try_channel",
]  # fmt: skip


def archived_notices(state: Correspondence) -> list[dict[str, Any]]:
    """Return which notices went to whom, as JSON; no address and nothing of what they said."""
    return list(_notices(state))


def _notices(state: Correspondence) -> Iterator[dict[str, Any]]:
    for settled in state.over:
        told = {"notice": settled.notice, "role": settled.role, "outcome": settled.outcome}
        agency = {"agency": settled.agency} if settled.agency else {}
        yield told | agency | {"at": stamp(settled.at)}


def notify_store(settings: MongoSettings, *, marks: bool = True) -> "NotifyStore":
    """Return notify's collection; *marks* as in `shared.adapters.mongo.store.MongoStore`."""
    # The database is loaded by the one command that needs it.
    from services.notify.store import STATE, NotifyStore
    from shared.adapters.mongo.client import collection

    return NotifyStore(collection(settings, "notify"), STATE, marks=marks)


async def find_deliveries(settings: MongoSettings, wanted: Wanted) -> list[DeliveryRow]:
    """Return deliveries of all tickets; raise TransientError or PermanentError if the database does not answer."""
    store = notify_store(settings, marks=False)
    try:
        return await store.deliveries(wanted)
    finally:
        store.close()


async def find_digests(settings: MongoSettings, posts: Collection[tuple[str, str]]) -> list[Digests]:
    """Return what is kept of the digests of each post, agency and role, that ever chose them; raise as above."""
    from services.notify.sending.digests import COLLECTION
    from services.notify.store import DIGESTS, DigestStore
    from shared.adapters.mongo.client import collection

    store = DigestStore(collection(settings, "notify").database[COLLECTION], DIGESTS, marks=False)
    try:
        found = await store.load([digests_id(*post) for post in posts])
    finally:
        store.close()
    states = [getattr(found.get(digests_id(*post)), "state", None) for post in posts]
    return [state for state in states if state is not None]


async def known_of(settings: MongoSettings, ticket_id: str) -> Correspondence | None:
    """Return what notify knows of a ticket, None for nothing that can be read; raise as `find_deliveries` does."""
    store = notify_store(settings, marks=False)
    try:
        held = (await store.load([ticket_id])).get(ticket_id)
    finally:
        store.close()
    return getattr(held, "state", None)


async def try_channel(settings: CommonSettings, channel: str, address: str) -> "Tried":
    """Return what a channel that the environment sets up makes of a message to *address*, see `trial`.

    Raises:
        ValueError: A setting of notify holds something impossible.
    """
    # The channels are loaded by the one command that needs them.
    from services.notify.sending.trial import try_channel

    return await try_channel(settings, channel, address)


async def receive_mail(settings: CommonSettings, source: BinaryIO, recipient: str | None) -> MailOutcome:
    """Return what became of a mail, see `MailReceiver.receive`; of one that is too large, no more than that is read.

    Raises:
        ValueError: Something is not set, not possible or not safe; nothing was taken.
        PolicyInvalid: The policy is not what it must be.
    """
    # What receives mail is loaded by the one command that needs it.
    from services.notify.mail.reading import RAW_BYTES_MAX
    from services.notify.mail.setup import receiver

    async with receiver(settings) as mails:
        return await mails.receive(source.read(RAW_BYTES_MAX + 1), recipient)


async def receive_folder(settings: CommonSettings) -> AsyncIterator["Received"]:
    """Yield what became of each mail in the folder of ``TINDAK_NOTIFY_IMAP_...``; see `receive_all`.

    Raises:
        ValueError: As in `receive_mail`, or the IMAP server cannot be asked.
        PolicyInvalid: The policy is not what it must be.
    """
    from services.notify.mail.mailbox import receive_all
    from services.notify.mail.setup import mailbox_settings, receiver

    mailbox = mailbox_settings(settings)
    async with receiver(settings) as mails:
        async for received in receive_all(mailbox, mails.receive):
            yield received
