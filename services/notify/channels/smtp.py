"""The channel that sends e-mail by SMTP; errors carry code and class only, never what the server said."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as MAIL
from email.utils import format_datetime
from urllib.parse import quote

import aiosmtplib

from services.notify.channels import Message
from services.notify.domain.outcomes import Deferred, Delivered, HandedOver, Refused, Setback
from services.notify.mail.addresses import mail_addresses
from services.notify.settings import Settings
from shared.mail_addresses import UnusableAddress, header_address, recipient_address
from shared.output import header_text

ABOUT_RECIPIENT_OR_MESSAGE = (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError)
AUTHENTICATION_REQUIRED = 530
SHUTTING_DOWN = 421
BOUNCES_WITHIN = timedelta(days=1)  # mail servers try for longer, and then report a status that nothing follows from
ABOUT_US = (AUTHENTICATION_REQUIRED, SHUTTING_DOWN)


class SmtpChannel:
    """Sends through one mail relay and keeps its connections for the next messages.

    A message has the same Message-ID at every attempt, so that a repeat (the relay took it and the answer was lost) can
    be recognised by whoever reads the mailbox; it is not prevented.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.domain = settings.smtp_from.rpartition("@")[2]
        self.bounces = mail_addresses(settings)
        self.idle: list[aiosmtplib.SMTP] = []

    @property
    def send_within(self) -> timedelta:
        """Return what one message may take, connecting included."""
        return timedelta(seconds=self.settings.smtp_timeout_seconds)

    async def send(self, message: Message) -> HandedOver:
        """Return the Message-ID once the relay has taken the message, or why it has not.

        Deferred if the relay is out of reach or too slow, refuses us, or answers 4xx; refused if the address is none,
        or the relay answers 5xx to recipient or content.
        """
        try:
            letter = self.letter(message)
        except UnusableAddress as fault:
            return Refused(message.channel, str(fault))
        content = letter.as_bytes()  # before any connection is at stake
        try:
            async with asyncio.timeout(self.settings.smtp_timeout_seconds):
                client = await self.connected()
                with _closed_on_failure(client):
                    await client.sendmail(self.envelope_sender(message), [str(message.address)], content)
        except (aiosmtplib.SMTPException, OSError) as error:
            return _undone(message.channel, error)
        self.idle.append(client)
        within = None if self.bounces is None else BOUNCES_WITHIN
        return Delivered(message.channel, str(letter["Message-ID"]), within)

    async def connected(self) -> aiosmtplib.SMTP:
        """Return a connection that answers, one of the idle ones if there is any."""
        while self.idle:
            client = self.idle.pop()
            with contextlib.suppress(aiosmtplib.SMTPException, OSError), _closed_on_failure(client):
                await client.noop()
                return client
        password = self.settings.smtp_password
        client = aiosmtplib.SMTP(
            hostname=self.settings.smtp_host,
            port=self.settings.smtp_port,
            username=self.settings.smtp_username,
            password=None if password is None else password.get_secret_value(),
            start_tls=self.settings.smtp_starttls,
            timeout=self.settings.smtp_timeout_seconds,
            local_hostname=socket.gethostname(),
        )
        await client.connect()
        return client

    def envelope_sender(self, message: Message) -> str:
        """Return the address to which it is said that *message* could not be delivered."""
        if self.bounces is None:
            return self.settings.smtp_from
        return self.bounces.of_bounce(message.ticket_id, message.id)

    def letter(self, message: Message) -> EmailMessage:
        """Return *message* as mail; raise UnusableAddress if its address is none."""
        recipient = recipient_address(message.address or "")
        letter = EmailMessage(policy=MAIL)
        letter["From"] = Address(self.settings.smtp_from_name, addr_spec=self.settings.smtp_from)
        letter["To"] = recipient
        if reply_to := message.reply_to or self.settings.smtp_reply_to:
            letter["Reply-To"] = header_address(reply_to)
        letter["Subject"] = header_text(message.subject)
        letter["Date"] = format_datetime(message.written_at)
        letter["Message-ID"] = f"<{message.id}@{self.domain}>"
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office note shall answer it
        letter.set_content(message.body, cte="quoted-printable")
        if message.html is not None:
            letter.make_alternative(boundary=f"=_{message.id}")  # in no body: quoted-printable writes `=` as `=3D`
            letter.add_alternative(message.html, subtype="html", cte="quoted-printable")
        letter["Content-Language"] = message.language
        if message.stop_subject is not None:
            letter["List-Unsubscribe"] = header_text(self.unsubscribe(message.stop_subject))
        elif message.unsubscribe_url is not None:
            letter["List-Unsubscribe"] = header_text(f"<{message.unsubscribe_url}>")
            letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058, 3.1
        return letter

    def unsubscribe(self, subject: str) -> str:
        """Return the link of RFC 2369 by which a mail program asks for no more messages."""
        return f"<mailto:{self.settings.smtp_reply_to or self.settings.smtp_from}?subject={quote(subject)}>"

    async def close(self) -> None:
        """Take leave of the relay on every idle connection."""
        while self.idle:
            client = self.idle.pop()
            with contextlib.suppress(aiosmtplib.SMTPException), _closed_on_failure(client):
                await client.quit()


@contextlib.contextmanager
def _closed_on_failure(client: aiosmtplib.SMTP) -> Iterator[None]:
    """Close *client* if anything goes wrong with it, so that nobody uses a connection that is out of step."""
    try:
        yield
    except BaseException:
        client.close()
        raise


def _undone(channel: str, error: Exception) -> Deferred | Refused:
    """Return what a failed attempt means: code and class, and never the server's words.

    5xx is final only where it speaks of this recipient or this message; where it speaks of us (greeting, login, sender)
    somebody has to put our settings right, and the message waits for that.
    """
    refused = error.recipients[0] if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else error
    name = type(refused).__name__
    if not isinstance(refused, aiosmtplib.SMTPResponseException):
        if isinstance(refused, TimeoutError):
            return Deferred(channel, f"smtp_timeout {name}", Setback.GATEWAY)
        is_unheard = isinstance(refused, aiosmtplib.SMTPConnectError)
        return Deferred(channel, f"smtp_unreachable {name}", Setback.UNTAKEN if is_unheard else Setback.GATEWAY)
    is_final = refused.code >= 500 and refused.code != AUTHENTICATION_REQUIRED
    is_ours = refused.code in ABOUT_US or not isinstance(refused, ABOUT_RECIPIENT_OR_MESSAGE)
    if is_final and not is_ours:
        return Refused(channel, f"smtp_{refused.code} {name}")
    return Deferred(channel, f"smtp_{refused.code} {name}", Setback.UNTAKEN if is_ours else Setback.MESSAGE)
