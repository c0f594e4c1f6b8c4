"""An IMAP server of its own for a test: pymap, which keeps mails in memory."""

import imaplib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from services.notify.mail.settings import MailboxSettings
from tests.connected.notify.relay import HOST, certificate, free_port

USERNAME, PASSWORD = "lapor", "rahasia"
TRIES_MAX = 200


class ImapServer:
    """One mailbox, and whoever lays mails into it or looks what lies where."""

    def __init__(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.port = port
        self.process = process

    @property
    def settings(self) -> dict[str, str]:
        """The variables by which notify finds it, without TLS."""
        own = {"HOST": HOST, "PORT": str(self.port), "USERNAME": USERNAME, "PASSWORD": PASSWORD, "TLS": "none"}
        return {f"TINDAK_NOTIFY_IMAP_{name}": value for name, value in own.items()}

    def mailbox(self, **changes: object) -> MailboxSettings:
        return MailboxSettings.model_validate(
            {"host": HOST, "port": self.port, "username": USERNAME, "password": PASSWORD, "tls": "none"} | changes
        )

    @contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        client = imaplib.IMAP4(HOST, self.port, timeout=10)
        with closing(client.socket()):
            client.login(USERNAME, PASSWORD)
            yield client

    def lay(self, *mails: bytes) -> None:
        with self.client() as client:
            for mail in mails:
                assert client.append("INBOX", "", "", mail)[0] == "OK"

    def count(self, folder: str = "INBOX") -> int:
        with self.client() as client:
            status, found = client.select(f'"{folder}"')
            return int(found[0] or 0) if status == "OK" else 0


@contextmanager
def imap_server(folder: Path) -> Iterator[ImapServer]:
    """Run one until the block ends; a client may begin TLS, and trusts it by ``folder / "relay.crt"``."""
    certificate(folder)
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("pymap")), "--host", HOST, "--port", str(port),
        "--cert", str(folder / "relay.crt"), "--key", str(folder / "relay.key"),
        "dict", "--demo-user", USERNAME, "--demo-password", PASSWORD,
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
    ) as process:
        try:
            server = ImapServer(port, process)
            assert _answers(server), "pymap does not answer"
            yield server
        finally:
            process.kill()


def _answers(server: ImapServer) -> bool:
    for _ in range(TRIES_MAX):
        with suppress(OSError, imaplib.IMAP4.error), server.client():
            return True
        with suppress(subprocess.TimeoutExpired):
            server.process.wait(0.1)
            return False
    return False
