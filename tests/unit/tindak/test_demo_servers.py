"""Where the demo's servers come from: the local stack, Docker instead, or a sentence about what is needed."""

import asyncio
import platform
import threading
from collections.abc import Mapping

import pytest

from tindak.demo_story import containers, servers
from tindak.demo_story.containers import broker_settings, docker, docker_answers
from tindak.stack import StackError
from tindak.stack.layout import Layout

pytestmark = pytest.mark.unit


class NoContainers:
    """Containers that are only told of."""

    environment: Mapping[str, str] = {"TINDAK_MONGO_URI": "in a container"}

    def start(self) -> None:
        return None

    def stop(self) -> None:
        return None


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the local stack cannot run."""
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")


@pytest.mark.usefixtures("elsewhere")
async def test_without_local_stack_and_docker_the_error_names_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "docker_answers", lambda: False)

    with pytest.raises(StackError) as refused:
        async with servers.servers(print):
            pytest.fail("there are no servers")

    assert str(refused.value) == (
        "The demo needs Linux on x86-64 or a Docker that answers; this is Darwin on arm64, and no Docker answers."
    )


@pytest.mark.usefixtures("elsewhere")
async def test_machine_without_local_stack_plays_on_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "docker_answers", lambda: True)
    monkeypatch.setattr(servers, "Containers", NoContainers)
    told: list[str] = []

    async with servers.servers(told.append) as environment:
        found = environment

    assert (found, told) == (
        NoContainers.environment, ["a Kafka broker and a mongod run in containers, on 127.0.0.1"],
    )  # fmt: skip


def test_missing_docker_command_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert docker_answers() is False


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("/bin/false", "`docker ps` fails: 1"),
        ("/nowhere/docker", "`docker ps` does not answer"),
    ],
)
def test_failing_docker_command_is_named(program: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers.shutil, "which", lambda _: program)

    with pytest.raises(StackError, match=said):
        docker("ps", within_seconds=5)


def test_broker_in_a_container_advertises_the_port_that_clients_use() -> None:
    layout = Layout.draw("apache", brokers=1, members=1)
    port = layout.broker_ports[0]

    settings = broker_settings(layout)

    assert settings["KAFKA_ADVERTISED_LISTENERS"] == f"CLIENT://127.0.0.1:{port}"
    assert layout.environment()["TINDAK_KAFKA_BOOTSTRAP_SERVERS"] == f"127.0.0.1:{port}"


async def test_interrupted_start_is_waited_for_and_stopped() -> None:
    calls: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def start() -> None:
        begun.set()
        go_on.wait(10)
        calls.append("started")

    async def use() -> None:
        async with servers.up(start, lambda: calls.append("stopped")):
            pytest.fail("it was interrupted before")

    using = asyncio.create_task(use())
    await asyncio.to_thread(begun.wait, 10)
    using.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await using

    assert calls == ["started", "stopped"]


async def test_failed_start_is_not_stopped_once_more() -> None:
    calls: list[str] = []

    def start() -> None:
        raise StackError("no room")

    with pytest.raises(StackError, match="no room"):
        async with servers.up(start, lambda: calls.append("stopped")):
            pytest.fail("it did not start")

    assert calls == []
