"""The channel that sends e-mail by SMTP; errors carry code and class only, never what the server said."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as MAIL
from email.utils import format_datetime
from urllib.parse import quote

import aiosmtplib

from services.notify.channels import Message, TemporarilyUndeliverable, Undeliverable
from services.notify.settings import Settings
from shared.mail_addresses import UnusableAddress, header_address, recipient_address
from shared.output import header_text

ABOUT_RECIPIENT_OR_MESSAGE = (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError)
AUTHENTICATION_REQUIRED = 530

Undone = TemporarilyUndeliverable | Undeliverable


class SmtpChannel:
    """Sends through one mail relay and keeps its connections for the next messages.

    A message has the same Message-ID at every attempt, so that a repeat (the relay took it and the answer was lost) can
    be recognised by whoever reads the mailbox; it is not prevented.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.domain = settings.smtp_from.rpartition("@")[2]
        self.idle: list[aiosmtplib.SMTP] = []

    async def send(self, message: Message) -> str | None:
        """Return the Message-ID once the relay has taken the message.

        Raises:
            TemporarilyUndeliverable: The relay is out of reach or too slow, refuses us, or answers 4xx.
            Undeliverable: The address is none, or the relay answers 5xx to recipient or content.
        """
        letter = self.letter(message)
        content = letter.as_bytes()  # before any connection is at stake
        try:
            async with asyncio.timeout(self.settings.smtp_timeout_seconds):
                client = await self.connected()
                with _closed_on_failure(client):
                    await client.sendmail(self.settings.smtp_from, [str(message.address)], content)
        except (aiosmtplib.SMTPException, OSError) as error:
            # Without its cause: what the server says may quote the address.
            raise _undone(error) from None
        self.idle.append(client)
        return str(letter["Message-ID"])

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

    def letter(self, message: Message) -> EmailMessage:
        """Return *message* as mail; raise Undeliverable if its address is none."""
        try:
            recipient = recipient_address(message.address or "")
        except UnusableAddress as fault:
            raise Undeliverable(str(fault)) from None
        letter = EmailMessage(policy=MAIL)
        letter["From"] = Address(self.settings.smtp_from_name, addr_spec=self.settings.smtp_from)
        letter["To"] = recipient
        if self.settings.smtp_reply_to is not None:
            letter["Reply-To"] = header_address(self.settings.smtp_reply_to)
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


def _undone(error: Exception) -> Undone:
    """Return what a failed attempt means: code and class, and never the server's words.

    5xx is final only where it speaks of this recipient or this message; where it speaks of us (greeting, login, sender)
    somebody has to put our settings right, and the message waits for that.
    """
    refused = error.recipients[0] if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else error
    name = type(refused).__name__
    if not isinstance(refused, aiosmtplib.SMTPResponseException):
        timed_out = isinstance(refused, TimeoutError)
        return TemporarilyUndeliverable(f"smtp_{'timeout' if timed_out else 'unreachable'} {name}")
    is_final = refused.code >= 500 and refused.code != AUTHENTICATION_REQUIRED
    if is_final and isinstance(refused, ABOUT_RECIPIENT_OR_MESSAGE):
        return Undeliverable(f"smtp_{refused.code} {name}")
    return TemporarilyUndeliverable(f"smtp_{refused.code} {name}")
