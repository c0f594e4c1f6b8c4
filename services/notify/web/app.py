"""Composes what notify serves over HTTP beside its health: routes of pages and others, with headers and bounds."""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from services.notify.settings import Settings
from services.notify.web.html import HEADERS
from shared.process.http_server import HttpServer, Listener

BODY_BYTES_MAX = 64 * 1024
HEAD_BYTES_MAX = 16 * 1024
CONNECTIONS_MAX = 200
IDLE_SECONDS_MAX = 5
DIGITS_MAX = 18
NO_LARGER: Mapping[str, int] = {}

Message = MutableMapping[str, Any]


def application(routes: Sequence[Route], larger_bodies: Mapping[str, int] = NO_LARGER) -> Starlette:
    """Return the web application of these routes; each answer bears the headers of `HEADERS`.

    Args:
        routes: Of pages, receipts and so on; each names its methods, and any other is answered with 405.
        larger_bodies: By the beginning of a path, how many bytes a request may have; any other may have 64 KiB. A
            longer one is answered with 413 and never held in memory.
    """
    bounded = [Middleware(SecureHeaders), Middleware(BoundedBody, larger=larger_bodies)]
    return Starlette(routes=list(routes), middleware=bounded)


def web_server(own: Settings, routes: Sequence[Route], larger_bodies: Mapping[str, int] = NO_LARGER) -> HttpServer:
    """Return the server of *routes* on the port of *own*; raise OSError as `HttpServer` does."""
    return HttpServer(
        application(routes, larger_bodies),
        own.http_host,
        own.http_port or 0,
        Listener("its pages", "TINDAK_NOTIFY_HTTP_PORT"),
        proxy_headers=bool(own.http_proxies),
        forwarded_allow_ips=own.http_proxies,
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=IDLE_SECONDS_MAX,
        h11_max_incomplete_event_size=HEAD_BYTES_MAX,
    )


class SecureHeaders:
    """Adds `HEADERS` to each answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, with_headers)


class BoundedBody:
    """Refuses a body that is too long, as soon as that is seen, to whoever reads it."""

    def __init__(self, app: ASGIApp, larger: Mapping[str, int]) -> None:
        self.app = app
        self.larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; reading a longer body raises what is answered with 413."""
        path = scope.get("path", "")
        bytes_max = next((bytes_ for begins, bytes_ in self.larger.items() if path.startswith(begins)), BODY_BYTES_MAX)
        said = Headers(scope=scope).get("content-length", "")
        is_announced = said.isdecimal() and (len(said) > DIGITS_MAX or int(said) > bytes_max)
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            if is_announced:
                raise HTTPException(413)
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > bytes_max:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)
