"""`tindak run` says where the services answer and where their logs are."""

import asyncio
from pathlib import Path

import pytest

from tindak.cli import main
from tindak.ops import run

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINDAK_PROFILE", "local")


@pytest.fixture
def log_dirs(monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """The folders with which services were run; none is started."""
    seen: list[Path | None] = []

    async def run_all(_: object, log_dir: Path | None) -> set[str]:
        await asyncio.sleep(0)
        seen.append(log_dir)
        return set()

    monkeypatch.setattr(run, "_run_all", run_all)
    return seen


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:8083"),
        ({"TINDAK_SLA_HEALTH_PORT": "9000"}, "http://127.0.0.1:9000"),
        ({"TINDAK_SLA_HEALTH_PORT": "0"}, "http://127.0.0.1:<a free port>"),
    ],
)
def test_health_address_is_the_one_of_the_settings(given: dict[str, str], address: str) -> None:
    assert run.health_address("sla", given) == address


def test_all_prints_health_addresses_and_log_destination(
    log_dirs: list[Path | None], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["run", "all"])

    *answers, logs = capsys.readouterr().err.splitlines()
    assert (code, log_dirs) == (0, [None])
    assert answers[0] == "tindak: intake answers on http://127.0.0.1:8081/health/ready and /metrics."
    assert (len(answers), logs) == (4, "tindak: logs go to standard output; Ctrl-C ends all.")


def test_log_folder_is_made_and_named(
    log_dirs: list[Path | None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "a" / "logs"

    code = main(["run", "all", "--log-dir", str(folder)])

    assert (code, log_dirs, folder.is_dir()) == (0, [folder], True)
    assert f"tindak: logs go to {folder}/<service>.log;" in capsys.readouterr().err


def test_log_folder_of_one_service_is_wrong_usage(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["run", "sla", "--log-dir", str(tmp_path)]) == 2
    assert "--log-dir goes with `all`" in capsys.readouterr().err
