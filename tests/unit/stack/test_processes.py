"""Processes that a stack starts, recognises and ends."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tindak.stack.processes import Process, holds_within, start

pytestmark = pytest.mark.unit

SLEEP = ("/bin/sleep", "60")
IGNORING = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
DEAF = (sys.executable, "-c", IGNORING)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "process.log"


@pytest.fixture
def sleeping(log: Path) -> Iterator[Process]:
    process = start(SLEEP, log, detached=False)
    yield process
    process.kill()


def test_a_started_process_is_alive_until_stopped(sleeping: Process) -> None:
    assert sleeping.is_alive

    sleeping.stop()

    assert not sleeping.is_alive


def test_a_process_ignoring_sigterm_is_killed(log: Path) -> None:
    deaf = start(DEAF, log, detached=False)
    assert holds_within(lambda: "deaf" in log.read_text(), 10)

    deaf.stop(within_seconds=0.2)

    assert not deaf.is_alive


def test_another_process_with_the_same_pid_is_not_stopped(sleeping: Process) -> None:
    earlier = Process(sleeping.pid, sleeping.started_ticks - 1)

    earlier.stop()
    earlier.kill()

    assert not earlier.is_alive
    assert sleeping.is_alive


def test_stopping_twice_is_no_fault(sleeping: Process) -> None:
    sleeping.stop()
    sleeping.stop()

    assert not sleeping.is_alive


def test_a_process_outlives_the_thread_that_asked_for_it(log: Path) -> None:
    # On a leash a child dies with the thread that started it; a thread of a pool ends long before its process does.
    started: list[Process] = []
    asking = threading.Thread(target=lambda: started.append(start(SLEEP, log, detached=False)))
    asking.start()
    asking.join()

    died = holds_within(lambda: not started[0].is_alive, 0.3)

    assert not died
    started[0].kill()


def test_output_is_appended_to_the_log(log: Path) -> None:
    log.write_text("before\n")

    start((sys.executable, "-c", "print('after')"), log, detached=False)

    assert holds_within(lambda: log.read_text() == "before\nafter\n", 10)
