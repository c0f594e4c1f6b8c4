"""No `tindak sla` command waits for a server longer than its ``--timeout``."""

import socket
from collections.abc import Iterator

import pytest

from shared.process import logs
from tests.builders import TRACKING
from tindak.cli import main

pytestmark = pytest.mark.unit


@pytest.fixture(params=["nobody_listens", "accepts_and_stays_silent"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if request.param == "accepts_and_stays_silent":
            server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    "typed", [["recompute", "--dry-run"], ["recompute"], ["report", "--month", "2026-04"], ["explain", TRACKING]]
)
def test_a_server_that_does_not_answer_is_given_up_in_one_sentence(
    typed: list[str], port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TINDAK_PROFILE", "local")
    monkeypatch.setenv("TINDAK_MONGO_URI", f"mongodb://127.0.0.1:{port}/?directConnection=true")
    monkeypatch.setenv("TINDAK_KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{port}")
    # It would bind the loggers of this process, for good, to a stream that ends with this test.
    monkeypatch.setattr(logs, "configure", lambda service, level: None)

    code = main(["sla", *typed, "--timeout", "0.3"])

    (line,) = capsys.readouterr().err.splitlines()
    assert code == 1
    assert "TINDAK_KAFKA_BOOTSTRAP_SERVERS" in line
