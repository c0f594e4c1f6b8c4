"""The local servers, as the demo, the tests and the command line use them."""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient, WriteConcern
from typer.testing import CliRunner

from shared.topics import Topic
from tindak.stack import Layout, LocalStack, StackError, State
from tindak.stack.cli import app
from tindak.stack.mongo import primary
from tindak.stack.processes import Process, holds_within, this

pytestmark = pytest.mark.loopback

TINDAK = (sys.executable, "-m", "tindak.cli", "stack")
TICKETS = Topic("tickets.events", (), (), 3, 1)


@contextmanager
def running_up(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """`tindak stack up` in the foreground, once it has printed its addresses."""
    command = [*TINDAK, "up", "--dir", str(folder), "--format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert "TINDAK_MONGO_URI" in process.stdout.readline()
            yield process
        finally:
            process.kill()


def state(folder: Path) -> State:
    found = State.read(folder)
    assert found is not None
    return found


@contextmanager
def tickets(mongo_uri: str) -> Iterator[Any]:
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        yield client.get_database("uji").get_collection("tickets", write_concern=WriteConcern("majority", j=True))


def test_servers_die_with_the_process_that_started_them(tmp_path: Path) -> None:
    with running_up(tmp_path) as process:
        assert state(tmp_path).alive == ("broker-1", "mongo-1")

        process.kill()

        assert holds_within(lambda: not state(tmp_path).alive, 10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_up_stops_its_servers_in_order_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with running_up(tmp_path) as process:
        process.send_signal(number)

        assert process.wait(30) == 0
        assert state(tmp_path).alive == ()


def test_up_names_the_server_that_ended_and_stops_the_other(tmp_path: Path) -> None:
    with running_up(tmp_path) as process:
        state(tmp_path).processes["broker-1"].kill()

        _, said = process.communicate(timeout=30)

        assert (process.returncode, said.partition(",")[0]) == (1, "tindak: broker-1 has ended")
        assert state(tmp_path).alive == ()


def test_a_detached_stack_runs_until_down(tmp_path: Path) -> None:
    up = subprocess.run(
        [*TINDAK, "up", "--detach", "--dir", str(tmp_path), "--format", "json"], capture_output=True, check=True
    )
    status = CliRunner().invoke(app, ["status", "--dir", str(tmp_path), "--json"])
    down = CliRunner().invoke(app, ["down", "--dir", str(tmp_path)])
    after = CliRunner().invoke(app, ["status", "--dir", str(tmp_path), "--json"])

    environment = json.loads(up.stdout)
    assert json.loads(status.stdout) | {"servers": None} == {
        "running": True,
        "servers": None,
        "environment": environment,
    }
    assert down.exit_code == 0
    assert (after.exit_code, json.loads(after.stdout)["running"]) == (1, False)


def test_a_second_stack_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with LocalStack(folder=tmp_path), pytest.raises(StackError, match=r"runs in .* already"):
        LocalStack(folder=tmp_path).start()


def test_the_data_of_apache_are_not_overwritten_by_another_stack(tmp_path: Path) -> None:
    layout = LocalStack("apache", brokers=3).layout
    State(layout, {}).write(tmp_path)

    with pytest.raises(StackError, match="holds the data of 3 apache brokers and 1 mongod"):
        LocalStack(folder=tmp_path).start()


def test_a_temporary_stack_leaves_no_folder() -> None:
    with LocalStack() as local:
        folder = local.folder
        assert folder.is_dir()

    assert not folder.exists()
    assert [node for node in local.nodes if node.is_alive] == []


def test_leftovers_of_a_killed_process_are_deleted_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, used = tmp_path / "tindak-stack-left", tmp_path / "tindak-stack-used"
    layout, dead = Layout.draw("embedded", 1, 1), Process(2**22 + 1, 0)  # no pid is so large
    for folder, owner in ((left, dead), (used, this())):
        folder.mkdir()
        State(layout, {}, owner).write(folder)

    with LocalStack():
        assert not left.exists()
        assert used.exists()


async def test_a_database_that_was_killed_starts_again_with_its_data() -> None:
    async with LocalStack() as local:
        with tickets(local.mongo_uri) as collection:
            collection.insert_one({"_id": "K7QF"})

        local.members[0].kill()
        local.members[0].start()

        with tickets(local.mongo_uri) as collection:
            assert collection.find_one() == {"_id": "K7QF"}


def test_a_majority_write_survives_the_death_of_the_primary() -> None:
    with LocalStack(members=3) as local:
        first = local.primary()
        with tickets(local.mongo_uri) as collection:
            collection.insert_one({"_id": "K7QF"})

            first.kill()

            assert holds_within(lambda: primary(local.members, local.layout.replica_set) is not None, 30)
            assert collection.find_one() == {"_id": "K7QF"}
            assert local.primary() != first
