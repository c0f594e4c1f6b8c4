"""Mails that come back, and what receives them over the ports in memory."""

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from services.notify.mail.addresses import MailAddresses
from services.notify.mail.receiver import MailReceiver
from services.notify.receipts import ReceiptTaker
from services.notify.web.responses import ResponsePublisher
from shared.signed_links import LinkTarget
from tests.builders import TICKET
from tests.component.notify.harness import ServiceHarness
from tests.component.notify.web import KEYS
from tests.fakes.handler_harness import NOON

MAILBOX = "lapor@tangsel.example"
ADDRESSES = MailAddresses(MAILBOX, KEYS)
LASTS = timedelta(days=30)
NOWHERE = "lapor+b" + "a" * 53 + "@tangsel.example"
TEXT = "Di depan toko kue, lampunya masih mati."


def reply_address(ticket: str = TICKET, part: int = 0, lasts: timedelta = LASTS) -> str:
    """Return the address that a message of noon is answered at."""
    return ADDRESSES.of_reply(LinkTarget(ticket, part), NOON + lasts)


def mail(text: str | None = TEXT, to: str | None = None, **headers: str) -> EmailMessage:
    """Return a mail of a person, with headers beside those that all have."""
    made = EmailMessage()
    given = {"From": "Siti <siti@warga.example>", "To": to or reply_address(), "Message_ID": "<1@warga.example>"}
    for name, value in (given | {"Subject": "Re: Laporan Anda"} | headers).items():
        made[name.replace("_", "-")] = value
    if text is not None:
        made.set_content(text)
    return made


def bounce(to: str, status: str = "5.1.1", action: str = "failed") -> bytes:
    """Return what Postfix sends back for a message that it could not deliver."""
    return (
        f"Return-Path: <>\nFrom: MAILER-DAEMON@relay.example\nTo: {to}\nAuto-Submitted: auto-replied\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nI'm sorry.\n\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n"
        f"Final-Recipient: rfc822; siti@warga.example\nAction: {action}\nStatus: {status}\n\n--b--\n"
    ).encode()


def receiver(harness: ServiceHarness, publisher: Any = None) -> MailReceiver:
    """Return what receives mail beside the service of *harness*."""
    broker = publisher or harness.broker
    return MailReceiver(
        ADDRESSES,
        MAILBOX,
        harness.store,
        ResponsePublisher(broker, timedelta(seconds=1)),
        ReceiptTaker(harness.handler, harness.store, broker, harness.clock),
        harness.clock,
    )
