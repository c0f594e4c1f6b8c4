"""How commands wait on a broker: for many answers at once, with progress, and not for a database that is silent."""

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.delivery.outgoing import Outgoing
from shared.events.envelope import encode
from tests.builders import FROM_WEB, TO_WEB, accepted, event, ticket_id
from tests.servers.addresses import Namespace
from tindak.cli import main
from tindak.client.kafka import Client, Start

pytestmark = pytest.mark.connected

COMPLAINTS = 20


@pytest.fixture(autouse=True)
def environment(namespace: Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (namespace.environment | {"TINDAK_POLICY_DIR": "policy"}).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    lines = [json.dumps({"channel": "web", "source_id": str(number), "body": "x"}) for number in range(COMPLAINTS)]
    path = tmp_path / "complaints.jsonl"
    path.write_text("\n".join(lines))
    return path


async def answer_once_all_are_there(namespace: Namespace) -> None:
    """Accept every submission, in the opposite order, but none before the last one is on its topic."""
    async with Client(namespace.kafka) as client, client.follow([FROM_WEB], Start.EARLIEST) as records:
        submitted = [json.loads((await anext(records)).value or b"")["data"] for _ in range(COMPLAINTS)]
        named = [data["source_id"] for data in reversed(submitted)]
        answers = [event(accepted(ticket_id=ticket_id("web", name), source_id=name)) for name in named]
        await client.publish([Outgoing(each.id, TO_WEB, each.key, encode(each)) for each in answers])


async def test_file_is_submitted_as_a_whole_before_its_answers_are_awaited(
    namespace: Namespace, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answering = asyncio.create_task(answer_once_all_are_there(namespace))

    code = await asyncio.to_thread(main, ["submit", "--file", str(file), "--wait", "--json"])

    await answering
    tickets = [json.loads(line)["ticket_id"] for line in capsys.readouterr().out.splitlines()]
    assert (code, tickets) == (0, [ticket_id("web", str(number)) for number in range(COMPLAINTS)])


def test_long_commands_show_their_progress(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tindak.waiting.LINE_EVERY_SECONDS", 0)

    main(["submit", "--file", str(file)])
    submitting = capsys.readouterr().err
    main(["dlq", "list"])
    main(["audit"])
    reading = capsys.readouterr().err

    main(["topics", "apply", "--dry-run"])
    comparing = capsys.readouterr().err
    assert comparing == "Comparing topics with the catalogue: 1 of 1 ...\n"
    assert submitting.endswith(f"Publishing: {COMPLAINTS} of {COMPLAINTS} ...\n")
    assert f"Reading records: {COMPLAINTS} ...\n" in reading


@pytest.fixture
def silent_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("TINDAK_MONGO_URI", f"mongodb://127.0.0.1:{server.getsockname()[1]}/?replicaSet=rs0")
        yield


@pytest.mark.usefixtures("silent_database")
@pytest.mark.parametrize(
    "typed", ["audit", "documents list sla", "documents retry sla --all", "sla recompute --dry-run"]
)
def test_silent_database_behind_a_broker_that_answers_is_given_up(
    typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([*typed.split(), "--timeout", "2"])

    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("tindak: ")
