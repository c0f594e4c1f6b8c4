"""A web server on a port of its own, which lives as long as the service that it belongs to."""

import asyncio
import contextlib
import socket
from collections.abc import Generator
from typing import Any

import uvicorn
from starlette.applications import Starlette

from shared.values import value


@value
class Listener:
    """What listens, for the sentence that says that it cannot, and the setting that holds its port."""

    name: str
    port_variable: str


class HttpServer(uvicorn.Server):
    """Answers on a socket that is bound at once, and leaves the process's signals to the service.

    It keeps no log of what it was asked: addresses of pages may hold what is nobody else's to know.

    Args:
        app: What answers.
        host: An address of this machine.
        port: 0 for a free one.
        listener: For the sentence of the error.
        options: Further ones of `uvicorn.Config`.

    Raises:
        OSError: The address cannot be used; the message names it and its setting.
    """

    def __init__(self, app: Starlette, host: str, port: int, listener: Listener, **options: Any) -> None:
        plain = {"log_config": None, "access_log": False, "date_header": False, "lifespan": "off"}
        super().__init__(uvicorn.Config(app, **plain | options))
        self.closing = asyncio.Event()
        try:
            self.socket = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except OSError as error:
            why = str(error.strerror).partition(" (while")[0]
            raise OSError(
                f"{listener.name} cannot listen on {host}, port {port} ({why}); choose a free port with"
                f" {listener.port_variable}."
            ) from error

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield

    async def main_loop(self) -> None:
        """Return once it is closed; uvicorn's own looks ten times a second whether it is."""
        await self.on_tick(counter=0)
        await self.closing.wait()

    async def answer(self) -> None:
        """Answer until it is closed."""
        await self.serve(sockets=[self.socket])

    def close(self) -> None:
        """End `answer`, once those who ask at this moment have their answers."""
        self.should_exit = True
        self.closing.set()
