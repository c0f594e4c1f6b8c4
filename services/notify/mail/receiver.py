"""Receives one mail: says to routing what a reporter replied, or to notify's deliveries what came back."""

from functools import partial
from typing import assert_never

import structlog

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.mail.kind import AutoReply, Bounce, PersonalReply
from services.notify.domain.mail.responses import Unusable, asked_by
from services.notify.domain.receipts import Receipt
from services.notify.mail.addresses import MailAddresses, NoSuchAddress, Returned
from services.notify.mail.outcomes import TRY_AGAIN, Outcome, refused
from services.notify.mail.reading import ReceivedMail, Unreadable, read_mail
from services.notify.messages.templates import EMAIL
from services.notify.receipts import ReceiptTaker
from services.notify.web.forms import SentForm
from services.notify.web.responses import ResponsePublisher, response
from services.notify.web.view import seen_by_link
from shared.adapters.clock import Clock
from shared.delivery.documents.document import Document
from shared.delivery.guard import Bug, guarded_call
from shared.delivery.ports import Store, TransientError
from shared.events.notifications import RECEIPT
from shared.signed_links import LinkExpired, LinkInvalid, LinkTarget

log = structlog.get_logger()


class MailReceiver:
    """Receives mails, one after the other; the same one may be given any number of times.

    Args:
        addresses: Say what a mail is about.
        sender: The address that our mails come from, by which quotes of them are found.
        store: Where tickets are read.
        responses: Says to routing what was replied.
        taker: Changes deliveries that came back.
    """

    def __init__(
        self,
        addresses: MailAddresses,
        sender: str,
        store: Store[Correspondence],
        responses: ResponsePublisher,
        taker: ReceiptTaker,
        clock: Clock,
    ) -> None:
        self.addresses = addresses
        self.sender = sender
        self.store = store
        self.responses = responses
        self.taker = taker
        self.clock = clock

    async def receive(self, raw: bytes, recipient: str | None = None) -> Outcome:
        """Return what became of a mail, once all that follows from it is acknowledged.

        Whatever goes wrong with broker, database or a rule of ours leaves the mail where it is: ``unavailable`` and
        ``bug`` may be taken later.

        Args:
            raw: As in `read_mail`.
            recipient: To which address it came, if whoever hands it over knows; None: as its headers say.
        """
        try:
            outcome = await guarded_call(partial(self.taken, raw, recipient), TransientError)
        except TransientError:
            return Outcome("unavailable", TRY_AGAIN)
        if isinstance(outcome, Bug):
            log.error("a bug kept a mail", error=outcome.error)
            return Outcome("bug", TRY_AGAIN)
        return outcome

    async def taken(self, raw: bytes, recipient: str | None) -> Outcome:
        """Return what became of a mail; raise TransientError if it may be taken later."""
        try:
            mail = read_mail(raw, self.sender)
        except Unreadable as fault:
            return refused(str(fault))
        match mail.kind:
            case AutoReply():
                return Outcome("automatic")
            case Bounce():
                return await self.bounced(mail.kind, self.about(mail, recipient))
            case PersonalReply():
                return await self.replied(mail, self.about(mail, recipient))
            case _:
                assert_never(mail.kind)

    def about(self, mail: ReceivedMail, recipient: str | None) -> LinkTarget | Returned | Outcome:
        """Return what a mail is about, or why that cannot be told."""
        try:
            return self.addresses.read([recipient] if recipient else mail.recipients, self.clock.now())
        except NoSuchAddress:
            return refused("no_token")
        except LinkInvalid:
            return refused("bad_token")
        except LinkExpired:
            return refused("expired")

    async def replied(self, mail: ReceivedMail, about: LinkTarget | Returned | Outcome) -> Outcome:
        """Return what became of a reply."""
        if isinstance(about, Outcome):
            return about
        if isinstance(about, Returned):
            return refused("not_a_reply_address")
        state = await self.state(about.ticket_id)
        seen = None if state is None else seen_by_link(state, about)
        asked = asked_by(seen, mail.written)
        if isinstance(asked, Unusable):
            return refused(asked.value)
        form = SentForm("", asked.action, asked.text, None)
        said = response(form, about.answered_id, mail.nonce, self.clock.now())
        if not await self.responses.publish(said):
            raise TransientError("the broker has not acknowledged a reply")
        return Outcome(asked.action.value, ticket_id=about.ticket_id)

    async def bounced(self, bounce: Bounce, about: LinkTarget | Returned | Outcome) -> Outcome:
        """Return what became of a bounce; one that leads nowhere is done with, for nobody answers a bounce."""
        if not isinstance(about, Returned):
            return Outcome("bounce_of_nothing")
        if not bounce.is_permanent:
            return Outcome("bounce_for_now", ticket_id=about.ticket_id)
        state = await self.state(about.ticket_id)
        ids = () if state is None else (*(each.id for each in state.deliveries), *(each.id for each in state.settled))
        delivery_id = next(filter(about.is_about, ids), None)
        if delivery_id is None:
            return Outcome("bounce_of_nothing")
        error = f"{RECEIPT}bounced" + (f" {bounce.status}" if bounce.status else "")
        counted = await self.taker.take([Receipt(about.ticket_id, delivery_id, EMAIL, "failed", error=error)])
        if counted["bug"]:
            return Outcome("bug", TRY_AGAIN)
        return Outcome("bounce" if counted["failed"] else "bounce_known", ticket_id=about.ticket_id)

    async def state(self, ticket_id: str) -> Correspondence | None:
        """Return what notify knows of a ticket; raise TransientError while that cannot be read."""
        found = (await self.store.load([ticket_id])).get(ticket_id)
        if found is not None and not isinstance(found, Document):
            raise TransientError("the ticket is set aside")
        return None if found is None else found.state
