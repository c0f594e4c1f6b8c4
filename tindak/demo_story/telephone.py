"""A gateway for WhatsApp and SMS on the loopback address that takes every message and keeps only how it begins."""

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from services.notify.tooling import GATEWAYS_FILE
from shared.process.http_server import HttpServer, Listener

PORT = "127.0.0.1:9/"
"""What gateways.yaml of the demo says, and what stands for the port that is free here."""


class Telephone:
    """Takes messages from entry to exit of ``async with``.

    Attributes:
        port: Where it listens, from the entry on.
        beginnings: The first line that says anything of each message, by the id that it was taken under.
    """

    def __init__(self) -> None:
        self.port = 0
        self.beginnings: dict[str, str] = {}

    def put_into(self, policy_dir: Path) -> None:
        """Let the gateways of a policy lead here."""
        file = policy_dir / GATEWAYS_FILE
        file.write_text(file.read_text("utf-8").replace(PORT, f"127.0.0.1:{self.port}/"), "utf-8")

    async def take(self, request: Request) -> JSONResponse:
        """Take a message."""
        message = await request.json()
        id_ = f"{request.url.path.strip('/')}-{message['id']}"
        self.beginnings[id_] = _beginning(str(message["text"]))
        return JSONResponse({"id": id_})

    async def __aenter__(self) -> Self:
        routes = [Route(path, self.take, methods=["POST"]) for path in ("/whatsapp", "/sms")]
        listener = Listener("the stand-in for WhatsApp and SMS", GATEWAYS_FILE)
        self._server = HttpServer(Starlette(routes=routes), "127.0.0.1", 0, listener)
        self.port = self._server.socket.getsockname()[1]
        self._answering = asyncio.create_task(self._server.answer())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._server.close()
        await self._answering


def _beginning(text: str) -> str:
    """Return the first line but the salutation, which names somebody."""
    lines = [line for line in text.splitlines() if line.strip()]
    return next((line for line in lines if not line.endswith(",")), "")
