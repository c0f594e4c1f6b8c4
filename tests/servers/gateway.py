"""An HTTP gateway on loopback that answers as a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Asked:
    """A request as the gateway got it."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.content)
        return found

    @property
    def form(self) -> dict[str, str]:
        """The fields of the form, or of the query where there is none."""
        text = self.content.decode() or urlsplit(self.path).query
        return {name: values[0] for name, values in parse_qs(text, strict_parsing=True).items()}


@dataclass(frozen=True)
class Answer:
    """What it answers.

    Args:
        body: JSON, unless it is bytes already.
        after_seconds: Before anything is answered.
        drops: Close the connection instead of an answer.
        is_endless: Go on with the body for as long as somebody reads.
        raw: Written as it is, whether or not that is HTTP.
    """

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after_seconds: float = 0
    drops: bool = False
    is_endless: bool = False
    raw: bytes = b""

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


DROPS = Answer(drops=True)
HANGS = Answer(after_seconds=3600)
DOWN = Answer(500, {"error": "down"})
ENDLESS = Answer(body=b"{", is_endless=True)


def takes(asked: Asked) -> Answer:
    """Return the answer that Twilio gives to a message that it takes."""
    return Answer(201, {"sid": "SM4f5e", "status": "queued"})


class StandInGateway:
    """Remembers what it was asked; answers by *plan*, one after the other, and by *usual* after that."""

    def __init__(self, *plan: Answer, usual: Callable[[Asked], Answer] = takes) -> None:
        self.plan = list(plan)
        self.usual = usual
        self.asked: list[Asked] = []
        self.taken: list[Asked] = []
        """Those that it said it took, or would have said if it had not dropped the connection."""
        self.connections = 0
        self.at_once = self.at_once_max = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Answer for as long as the block lasts, on the same port each time."""
        serving: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            task = asyncio.create_task(self.serve(reader, writer))
            serving.add(task)
            task.add_done_callback(serving.discard)

        server = await asyncio.start_server(connected, HOST, self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            for task in tuple(serving):
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)
            await server.wait_closed()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer to every request on one connection."""
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while (asked := await _read(reader)) and await self.answer(asked, writer):
                    pass
        finally:
            writer.close()

    async def answer(self, asked: Asked, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether the connection goes on."""
        self.asked.append(asked)
        answer = self.plan.pop(0) if self.plan else self.usual(asked)
        if answer.status < 300 or answer.drops:
            self.taken.append(asked)
        self.at_once += 1
        self.at_once_max = max(self.at_once_max, self.at_once)
        try:
            if answer.after_seconds:
                await asyncio.sleep(answer.after_seconds)
            if answer.drops:
                return False
            await _write(answer, writer)
        finally:
            self.at_once -= 1
        return True


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Asked(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


async def _write(answer: Answer, writer: asyncio.StreamWriter) -> None:
    if answer.raw:
        writer.write(answer.raw)
        await writer.drain()
        return
    content = answer.content
    length = 10**12 if answer.is_endless else len(content)
    headers = {"Content-Length": str(length), "Content-Type": "application/json", **answer.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {answer.status} -\r\n{lines}\r\n".encode() + content)
    await writer.drain()
    while answer.is_endless:
        writer.write(b"x" * 65536)
        await writer.drain()
