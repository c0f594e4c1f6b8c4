import asyncio
import json
import socket
from typing import Any

import pytest

from shared.process.health import Health, application, health_server

pytestmark = pytest.mark.unit


async def asked(path: str, **said: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Return status and body of the answer of a service that says this of itself."""
    health = Health(**{"live": dict, "ready": dict} | {part: lambda told=told: told for part, told in said.items()})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    scope = {"type": "http", "method": "GET", "path": path, "raw_path": b"", "query_string": b"", "headers": []}
    await application("sla", health)(scope, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.mark.parametrize(
    ("path", "said", "status"),
    [
        ("/health/live", {}, 200),
        ("/health/ready", {}, 200),
        ("/health/live", {"live": {"process": "is stuck"}}, 503),
        ("/health/live", {"ready": {"batch": "Kafka is away"}}, 200),
        ("/health/ready", {"ready": {"batch": "Kafka is away"}}, 503),
        ("/health/ready", {"live": {"process": "is stuck"}}, 503),
        ("/health/ready", {"remarks": {"policy": "p1 holds; the files are broken"}}, 200),
    ],
)
async def test_a_service_is_well_unless_it_cannot_work(path: str, said: dict[str, dict[str, str]], status: int) -> None:
    found, body = await asked(path, **said)

    counts = said.get("live", {}) | (said.get("ready", {}) if path.endswith("ready") else {})
    assert (found, body["status"]) == (status, "ok" if status == 200 else "failing")
    assert (body["because"], body["remarks"]) == (counts, said.get("remarks", {}))


def test_occupied_health_port_is_named_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="cannot listen") as refused:
        health_server("sla", Health(live=dict, ready=dict), "127.0.0.1", port := other.getsockname()[1])

    assert str(refused.value) == (
        f"its health endpoints cannot listen on 127.0.0.1, port {port} (Address already in use); choose a free port"
        " with TINDAK_SLA_HEALTH_PORT."
    )


async def test_metrics_answer_over_http_without_a_redirect() -> None:
    server = health_server("sla", Health(live=dict, ready=dict), "127.0.0.1", 0)
    port = server.socket.getsockname()[1]
    answering = asyncio.create_task(server.answer())

    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    server.close()
    await answering

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"# TYPE tindak_lag_records gauge" in answer
