"""Reads mails from a folder of an IMAP server, and moves each once it is done with or refused; removes none."""

import asyncio
import imaplib
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Self

from services.notify.mail.outcomes import TRY_AGAIN, Outcome, refused
from services.notify.mail.reading import RAW_BYTES_MAX
from services.notify.mail.settings import MailboxSettings
from shared.values import value

SIZE = re.compile(rb"RFC822\.SIZE (\d{1,18})")
FAILURES = (imaplib.IMAP4.error, OSError)


class MailboxUnusable(ValueError):
    """The server cannot be asked; the sentence says what for, and quotes nothing of its words."""


@value
class Received:
    """A mail of the folder, by its number there, and what became of it."""

    uid: str
    outcome: Outcome


class Mailbox:
    """One connection with a folder open, from entry to exit of ``with``; its calls block.

    Raises:
        MailboxUnusable: From every method.
    """

    def __init__(self, settings: MailboxSettings) -> None:
        self.settings = settings

    def __enter__(self) -> Self:
        own = self.settings
        try:
            context = ssl.create_default_context()
            if own.tls == "implicit":
                self.server: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                    own.host, own.port, ssl_context=context, timeout=own.timeout_seconds
                )
            else:
                self.server = imaplib.IMAP4(own.host, own.port, timeout=own.timeout_seconds)
        except FAILURES as error:
            raise MailboxUnusable(f"no IMAP server answers at {own.host}:{own.port}: {type(error).__name__}") from error
        try:
            if own.tls == "starttls":
                self._done("begin TLS", self.server.starttls, context)
            self._done("log in", self.server.login, own.username, own.password.get_secret_value())
            told = b" ".join(_flat(self._done("say what it knows", self.server.capability))).upper()
            self.moves = b"MOVE" in told.split()
            if not self.moves and b"UIDPLUS" not in told.split():
                raise MailboxUnusable("the IMAP server knows neither MOVE nor UIDPLUS, so no mail can be moved")
            for folder in (own.done_folder, own.refused_folder):
                with suppress(imaplib.IMAP4.error):  # it is there already
                    self.server.create(_quoted(folder))
            self._done(f"open {own.folder}", self.server.select, _quoted(own.folder))
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._leave()

    def waiting(self) -> list[str]:
        """Return the numbers of the mails in the folder, those that came first in front."""
        (found,) = self._uid("SEARCH", "UNDELETED")[:1] or [b""]
        uids = found.split() if isinstance(found, bytes) else []
        return [uid.decode("ascii", "replace") for uid in uids[: self.settings.mails_max]]

    def fetch(self, uid: str) -> bytes | None:
        """Return a mail as it came; None for one that is too large, which is not read at all; empty if it is gone."""
        sizes = SIZE.findall(b" ".join(part for part in _flat(self._uid("FETCH", uid, "(RFC822.SIZE)"))))
        if sizes and int(sizes[0]) > RAW_BYTES_MAX:
            return None
        found = [part[1] for part in self._uid("FETCH", uid, "(BODY.PEEK[])") if isinstance(part, tuple)]
        return found[0] if found else b""

    def move(self, uid: str, folder: str) -> None:
        """Move a mail to another folder."""
        if self.moves:
            self._uid("MOVE", uid, _quoted(folder))
            return
        self._uid("COPY", uid, _quoted(folder))
        self._uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
        self._uid("EXPUNGE", uid)

    def _uid(self, command: str, *given: str) -> list[Any]:
        return self._done(command.lower(), self.server.uid, command, *given)

    def _done(self, what: str, call: Callable[..., tuple[str, list[Any]]], *given: Any) -> list[Any]:
        try:
            status, found = call(*given)
        except FAILURES as error:
            raise MailboxUnusable(f"the IMAP server does not {what}: {type(error).__name__}") from error
        if status != "OK":
            raise MailboxUnusable(f"the IMAP server does not {what}")
        return found

    def _leave(self) -> None:
        with suppress(*FAILURES):
            self.server.logout()


Receive = Callable[[bytes], Awaitable[Outcome]]


async def receive_all(settings: MailboxSettings, receive: Receive) -> AsyncIterator[Received]:
    """Yield what became of each mail that waits in the folder, in the order in which they came.

    One that is done with, or refused, has been moved by then. Whoever dies between taking a mail and moving it takes it
    once more, and that is the same event. One that may be taken later stays; so do those behind it, if broker or
    database are out of reach.

    Raises:
        MailboxUnusable: The server cannot be asked.
    """
    async with _opened(settings) as box:
        for uid in await asyncio.to_thread(box.waiting):
            raw = await asyncio.to_thread(box.fetch, uid)
            if raw == b"":
                continue  # somebody else was faster
            outcome = refused("too_big") if raw is None else await receive(raw)
            if outcome.status != TRY_AGAIN:
                folder = settings.refused_folder if outcome.is_refused else settings.done_folder
                await asyncio.to_thread(box.move, uid, folder)
            yield Received(uid, outcome)
            if outcome.code == "unavailable":
                return


@asynccontextmanager
async def _opened(settings: MailboxSettings) -> AsyncIterator[Mailbox]:
    box = Mailbox(settings)
    await asyncio.to_thread(box.__enter__)
    try:
        yield box
    finally:
        await asyncio.to_thread(box.__exit__, None, None, None)


def _flat(found: Sequence[Any]) -> list[bytes]:
    return [
        part for each in found for part in (each if isinstance(each, tuple) else (each,)) if isinstance(part, bytes)
    ]


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
