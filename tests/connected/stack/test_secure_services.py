"""A complaint's way through a secured stack, as it is tried by hand: by what `tindak stack up --secure` prints."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer

from shared.topics import SERVICES
from tests.servers.fleet import ROOT, until
from tindak.demo_story.environment import is_ready
from tindak.stack import State
from tindak.stack.node import free_ports
from tindak.stack.processes import LEASH

pytestmark = [pytest.mark.connected, pytest.mark.xdist_group("secure"), pytest.mark.timeout(300)]

TINDAK = (sys.executable, "-m", "tindak.cli")
WITHIN_SECONDS = 60
COMPLAINT = {
    "channel": "web",
    "source_id": "uji-1",
    "title": "Sampah menumpuk",
    "body": "Sampah menumpuk di tepi Jalan Merdeka, Serpong, sudah seminggu tidak diangkut.",
    "category": "sampah",
}
Stack = dict[str, Any]


def environment(given: dict[str, str]) -> dict[str, str]:
    return {**os.environ, **given}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """What is printed of a stack that runs until then, and nothing of it afterwards."""
    folder = tmp_path_factory.mktemp("secured")
    up = ["stack", "up", "--broker", "apache", "--secure", "--format", "json", "--dir", str(folder)]
    with started(up, {"TINDAK_POLICY_DIR": str(ROOT / "policy")}) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    ended = State.read(folder)
    assert ended is not None
    assert ended.alive == ()


@pytest.fixture(scope="module")
def services(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The pid of `tindak run all`, by the printed environment, once all services are ready."""
    ports = free_ports(len(SERVICES))
    health = {f"TINDAK_{name.upper()}_HEALTH_PORT": str(port) for name, port in zip(SERVICES, ports, strict=True)}
    logs = tmp_path_factory.mktemp("logs")
    with started(["run", "all", "--log-dir", str(logs)], stack["environment"] | health) as process:
        wait(lambda: all(map(is_ready, ports)), lambda: "\n".join(log.read_text()[-400:] for log in logs.iterdir()))
        yield process.pid


@contextmanager
def started(command: Sequence[str], given: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a command from entry to exit; it dies with this process, however that ends."""
    leashed = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *TINDAK, *command]
    with subprocess.Popen(leashed, cwd=ROOT, env=environment(given), stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()
            assert process.wait(60) == 0


def wait(condition: Callable[[], bool], why: Callable[[], str]) -> None:
    asyncio.run(until(condition, WITHIN_SECONDS, why))


def client(stack: Stack, principal: str) -> dict[str, object]:
    """The options of a plain client that knows no more than what was printed."""
    return {
        "bootstrap.servers": stack["bootstrap_servers"],
        "security.protocol": stack["security_protocol"],
        "sasl.mechanism": stack["sasl_mechanism"],
        "sasl.username": stack["principals"][principal]["username"],
        "sasl.password": stack["principals"][principal]["password"],
        "log_level": 0,
    }


def hand_over(stack: Stack, data: dict[str, str]) -> None:
    """Publish a complaint as its channel does; one of long ago would be refused."""
    now = datetime.now(UTC).isoformat()
    event = {
        "specversion": "1.0",
        "id": "0f9a4a3e-77a1-4f4e-9d38-6b8a5a3d2c11",
        "source": "/channels/web",
        "type": "tindak.complaint.submitted.v1",
        "time": now,
        "data": {**data, "submitted_at": now},
    }
    producer = Producer(client(stack, "channel-web"))
    headers = [("content-type", b"application/cloudevents+json")]
    producer.produce("complaints.submitted.web", json.dumps(event), data["source_id"], headers=headers)
    assert producer.flush(30) == 0


def first(stack: Stack, principal: str, topic: str, wanted: dict[str, str]) -> dict[str, Any]:
    """Return the first data on a topic that holds what is *wanted*, read in the principal's own group."""
    consumer = Consumer({**client(stack, principal), "group.id": principal, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    give_up_at = time.monotonic() + WITHIN_SECONDS
    try:
        while time.monotonic() < give_up_at:
            message = consumer.poll(0.5)
            if message is None:
                continue
            assert message.error() is None, message.error()
            data: dict[str, Any] = json.loads(message.value() or b"{}")["data"]
            if wanted.items() <= data.items():
                return data
    finally:
        consumer.close()
    raise AssertionError(f"no {wanted} on {topic}")


def test_a_complaint_is_answered_to_its_channel_and_handed_to_its_agency(stack: Stack, services: int) -> None:
    hand_over(stack, COMPLAINT)

    accepted = first(stack, "channel-web", "complaints.answers.web", {"source_id": COMPLAINT["source_id"]})
    wanted = {"tracking_id": accepted["tracking_id"], "state": "routed"}
    routed = first(stack, "agency-dlh", "tickets.routed.dlh", wanted)

    assert (routed["agency"], routed["ticket_id"]) == ("dlh", accepted["ticket_id"])


def test_commands_find_the_stack_and_act_as_whoever_speaks(stack: Stack, services: int) -> None:
    """Only the folder is exported; each answer shows that the access rules let the command through."""
    answer = tindak(stack, "submit --channel web --title Lampu --body Lampu-jalan-mati-di-Ciputat-sejak-Senin --wait")
    ticket = json.loads(answer)["tracking_id"]
    assigned = tindak(stack, f"officer assign {ticket} --agency dsdabmbk --reason lampu --wait")

    acknowledged = tindak(stack, f"agency dsdabmbk ack {ticket} --wait")
    withdrawn = tindak(stack, f"reporter withdraw {ticket} --wait")

    answers = [json.loads(each)["answer"]["type"].split(".")[2] for each in (assigned, acknowledged, withdrawn)]
    assert answers == ["routed", "acknowledged", "withdrawn"]
    assert json.loads(tindak(stack, f"track {ticket}"))["state"] == "withdrawn"
    assert json.loads(tindak(stack, "audit"))["findings"] == []
    assert tindak(stack, "topics apply --acls --dry-run") == ""
    assert tindak(stack, "documents list routing") == ""


def tindak(stack: Stack, command: str) -> str:
    """Return what a command prints that knows no more than where the stack lies."""
    where = {"TINDAK_STACK_DIR": stack["environment"]["TINDAK_STACK_DIR"]}
    whole = [*TINDAK, *command.split(), "--json", "--timeout", "60"]
    done = subprocess.run(whole, capture_output=True, text=True, cwd=ROOT, env=environment(where), check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_service_knows_its_own_secrets_and_nobody_elses(stack: Stack, services: int) -> None:
    broker = {name: one["password"] for name, one in stack["principals"].items()}
    database = {name: one["password"] for name, one in stack["mongo_users"].items()}
    private_key = stack["environment"]["TINDAK_CONTACT_PRIVATE_KEYS"]
    running = {_service(pid): Path(f"/proc/{pid}/environ").read_text() for pid in _children(services)}

    found = {
        service: (
            [name for name, password in broker.items() if password in held],
            [name for name, password in database.items() if password in held],
            private_key in held,
        )
        for service, held in running.items()
    }

    assert found == {service: ([service], [service], service == "notify") for service in SERVICES}


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _service(pid: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_text()
    return next(service for service in SERVICES if f"services.{service}.app" in command)
