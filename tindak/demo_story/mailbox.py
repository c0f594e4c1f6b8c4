"""A mail server on the loopback address that takes every message and keeps only its subject."""

import asyncio
from email import message_from_bytes
from email.policy import default
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """Takes mail from entry to exit of ``async with``.

    Attributes:
        port: Where it listens, from the entry on.
        subjects: By ``Message-ID``.
    """

    def __init__(self) -> None:
        self.port = 0
        self.subjects: dict[str, str] = {}

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        """Take a message."""
        mail = message_from_bytes(envelope.original_content or b"", policy=default)
        self.subjects[str(mail["Message-ID"])] = str(mail["Subject"])
        return "250 OK"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._server.close()
