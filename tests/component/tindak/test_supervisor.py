"""One process per service: started again when it dies, ended together, never left behind."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tindak.ops.supervisor import Supervisor, how, services

pytestmark = pytest.mark.component

# Appends its pid to a file, then waits for SIGTERM or ends as it is told.
PROGRAM = """
import os, pathlib, signal, sys
seen, ending = pathlib.Path(sys.argv[1]), sys.argv[2]
signal.signal(signal.SIGTERM, signal.SIG_IGN if ending == "deaf" else lambda *_: sys.exit(0))
with seen.open("a") as file:
    file.write(f"{os.getpid()}\\n")
if ending in ("fail", "refuse"):
    sys.exit(3 if ending == "fail" else 2)
while True:
    signal.pause()
"""


class Stage:
    """Supervised processes, what was told about them, and the pids that they wrote."""

    def __init__(self, folder: Path, ending: str = "wait", names: tuple[str, ...] = ("one",)) -> None:
        self.folder = folder
        self.told: list[str] = []
        self.ended = asyncio.Event()
        commands = {name: [sys.executable, "-c", PROGRAM, str(folder / name), ending] for name in names}
        self.supervisor = Supervisor(commands, self.told.append, log_dir=folder, first_pause_seconds=0.01)
        self.task = asyncio.create_task(self.supervisor.run(self.ended))

    def pids(self, name: str = "one") -> list[int]:
        path = self.folder / name
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110  # other processes write what is waited for
                await asyncio.sleep(0.01)

    async def end(self) -> None:
        self.ended.set()
        async with asyncio.timeout(20):
            await self.task


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_processes_run_until_the_end_and_then_none_is_left(tmp_path: Path) -> None:
    stage = Stage(tmp_path, names=("one", "two"))
    await stage.until(lambda: stage.pids("one") and stage.pids("two"))
    pids = stage.pids("one") + stage.pids("two")

    await stage.end()

    assert (stage.told, [pid for pid in pids if is_alive(pid)], len(set(pids))) == ([], [], 2)


async def test_killed_process_is_started_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.until(stage.pids)

    os.kill(stage.pids()[0], signal.SIGKILL)
    await stage.until(lambda: len(stage.pids()) == 2)
    await stage.end()

    assert stage.told == ["one ended by SIGKILL; it is started again in 0.01 s."]


async def test_failing_process_is_started_again_after_growing_pauses(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ending="fail")

    await stage.until(lambda: len(stage.told) >= 3)
    await stage.end()

    assert stage.told[:3] == [
        f"one ended with exit code 3; it is started again in {pause} s." for pause in (0.01, 0.02, 0.04)
    ]


async def test_a_process_that_refuses_its_settings_is_not_restarted(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ending="refuse", names=("one", "two"))

    async with asyncio.timeout(20):
        await stage.task

    assert (len(stage.pids("one")), len(stage.pids("two")), stage.supervisor.refused) == (1, 1, {"one", "two"})
    assert sorted(stage.told) == [
        f"{name} refuses its settings or its policy; mend what {tmp_path / name}.log says and start it again."
        for name in ("one", "two")
    ]


async def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tindak.ops.supervisor.STOP_WITHIN_SECONDS", 0.05)
    stage = Stage(tmp_path, ending="deaf")
    await stage.until(stage.pids)

    await stage.end()

    assert not is_alive(stage.pids()[0])


async def test_cancelled_supervisor_leaves_no_process(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.until(stage.pids)

    stage.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stage.task
    await stage.until(lambda: not is_alive(stage.pids()[0]))

    assert stage.told == []


def test_every_service_has_its_own_command() -> None:
    assert services(["intake", "sla"]) == {
        "intake": [sys.executable, "-m", "services.intake.app"],
        "sla": [sys.executable, "-m", "services.sla.app"],
    }


@pytest.mark.parametrize(("code", "words"), [(0, "with exit code 0"), (1, "with exit code 1"), (-15, "by SIGTERM")])
def test_an_exit_code_is_described_in_words(code: int, words: str) -> None:
    assert how(code) == words
