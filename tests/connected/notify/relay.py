"""A mail relay on loopback that answers as a test wants."""

import asyncio
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port on which nobody listens now."""
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Relay:
    """What a relay answers, and what it was given.

    Args:
        to_recipient: Answers to RCPT, one after the other; None takes the recipient, as does the end of the list.
        to_data: The same for the message itself.
        holds: Do not answer to a message until it stops listening.
        slow_seconds: Take so long for each answer to RCPT and to the message.
    """

    def __init__(
        self, *to_recipient: str | None, to_data: tuple[str, ...] = (), holds: bool = False, slow_seconds: float = 0
    ) -> None:
        self.to_recipient = list(to_recipient)
        self.to_data = list(to_data)
        self.holds = holds
        self.slow_seconds = slow_seconds
        self.released = threading.Event()
        self.port = free_port()
        self.greeted = 0
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.senders: list[str | None] = []

    async def handle_EHLO(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.greeted += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self.slow_seconds)
        answer = self.to_recipient.pop(0) if self.to_recipient else None
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.slow_seconds)
        if self.holds:
            await asyncio.to_thread(self.released.wait, 10)
        if self.to_data:
            return self.to_data.pop(0)
        mail = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]
        self.mails.append(mail)  # type: ignore[arg-type]
        self.recipients += envelope.rcpt_tos
        self.senders.append(envelope.mail_from)
        return "250 OK: queued as 4XyZ"

    @contextmanager
    def listening(self, **options: Any) -> Iterator[None]:
        """Answer on ``port`` for as long as the block lasts."""
        controller = Controller(self, hostname=HOST, port=self.port, **options)
        controller.start()
        try:
            yield
        finally:
            self.released.set()
            controller.stop()


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return a file that makes a client trust the relay, and the relay's own side of TLS."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    trusted, private = folder / "relay.crt", folder / "relay.key"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(trusted, private)
    return trusted, context


def knows(username: str, password: str) -> Any:
    """Return an authenticator that lets in nobody else."""

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        wanted = LoginPassword(username.encode(), password.encode())
        return AuthResult(success=data == wanted, handled=False)

    return authenticate
