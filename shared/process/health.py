"""The health endpoints (liveness, readiness) and the metrics of one service, over HTTP."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Generator, Mapping

import uvicorn
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.values import value

Faults = Mapping[str, str]


@value
class Health:
    """What a service says of itself: by name of the part, one sentence for each that is not well.

    ``live`` has a sentence when only a restart can help, ``ready`` when work does not get done now; ``remarks`` is what
    somebody should know though work gets done.
    """

    live: Callable[[], Faults]
    ready: Callable[[], Faults]
    remarks: Callable[[], Faults] = dict


def application(service: str, health: Health) -> Starlette:
    """Return the web application of one service: ``/health/live``, ``/health/ready``, ``/metrics``."""

    def answer(faults: Faults) -> JSONResponse:
        body = {
            "service": service,
            "status": "failing" if faults else "ok",
            "because": dict(faults),
            "remarks": dict(health.remarks()),
        }
        return JSONResponse(body, status_code=503 if faults else 200)

    async def live(_: Request) -> JSONResponse:
        return answer(health.live())

    async def ready(_: Request) -> JSONResponse:
        return answer({**health.live(), **health.ready()})

    async def measured(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(REGISTRY), headers={"content-type": content_type})

    return Starlette(
        routes=[
            Route("/health/live", live),
            Route("/health/ready", ready),
            # Not `make_asgi_app`: it must be mounted, and a mount redirects to `/metrics/`.
            Route("/metrics", measured),
        ]
    )


class HealthServer(uvicorn.Server):
    """Answers on a socket that is bound at once, and leaves the process's signals to the service.

    Raises:
        OSError: The address cannot be used; the message names it and its setting.
    """

    def __init__(self, service: str, health: Health, host: str, port: int) -> None:
        app = application(service, health)
        super().__init__(uvicorn.Config(app, log_config=None, access_log=False, date_header=False, lifespan="off"))
        self.closing = asyncio.Event()
        try:
            self.socket = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except OSError as error:
            why = str(error.strerror).partition(" (while")[0]
            raise OSError(
                f"its health endpoints cannot listen on {host}, port {port} ({why}); choose a free port with"
                f" TINDAK_{service.upper()}_HEALTH_PORT."
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
