"""The health endpoints (liveness, readiness) and the metrics of one service, over HTTP."""

from collections.abc import Callable, Mapping

from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.process.http_server import HttpServer, Listener
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


def health_server(service: str, health: Health, host: str, port: int) -> HttpServer:
    """Return the server of one service's health; raise OSError as `HttpServer` does."""
    variable = f"TINDAK_{service.upper()}_HEALTH_PORT"
    return HttpServer(application(service, health), host, port, Listener("its health endpoints", variable))
