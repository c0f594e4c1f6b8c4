"""An agency's own server on loopback: answers as a test wants, and keeps what it was sent."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HOST = "127.0.0.1"
ENDLESS = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n"


@dataclass
class Call:
    """A call as it came: names of headers in lower case."""

    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Callee:
    """What it answers: a status, or bytes as they go over the wire; with ``hangs`` nothing at all.

    After the answer it closes the connection, unless the answer is `ENDLESS`: that one goes on for as long as the
    caller reads.
    """

    answer: int | bytes = 200
    hangs: bool = False
    port: int = 0
    calls: list[Call] = field(default_factory=list)
    sent_bytes: int = 0

    @asynccontextmanager
    async def listening(self, trust: ssl.SSLContext | None = None) -> AsyncIterator["Callee"]:
        """Answer within the block; with *trust* by TLS."""
        server = await asyncio.start_server(self.answered, HOST, 0, ssl=trust)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.stopped.set()
            server.close()
            if self.answering:
                await asyncio.wait(self.answering, timeout=5)

    def __post_init__(self) -> None:
        self.stopped = asyncio.Event()
        self.called = asyncio.Event()
        self.answering = set[asyncio.Task[None] | None]()

    async def answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answering.add(asyncio.current_task())
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.calls.append(Call(head[0].split(" ")[1], headers, body))
            self.called.set()
            await (self.stopped.wait() if self.hangs else self.speak(writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def speak(self, writer: asyncio.StreamWriter) -> None:
        status = f"HTTP/1.1 {self.answer} X\r\ncontent-length: 5\r\n\r\nSiti!".encode()
        writer.write(self.answer if isinstance(self.answer, bytes) else status)
        await writer.drain()
        while self.answer == ENDLESS and not self.stopped.is_set():
            writer.write(b"x" * 65536)
            await writer.drain()
            self.sent_bytes += 65536
