"""Processes of the operating system: started on a leash, recognised again, stopped with their group.

Never knows what they serve. Linux only, for it reads ``/proc``.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tindak.stack.programs import StackError

LEASH = Path(__file__).with_name("leash.py")
POLL_SECONDS = 0.05
STOP_WITHIN_SECONDS = 20.0
KILL_WITHIN_SECONDS = 10.0

# A child on the leash dies with the *thread* that started it (prctl(2)), so one thread that lives as long as this
# process starts them all, whichever thread asks.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stack-starter")


@dataclass(frozen=True, slots=True)
class Process:
    """A process, told apart by its start time from a later one that was given the same pid."""

    pid: int
    started_ticks: int  # since boot, field 22 of /proc/<pid>/stat

    @property
    def is_alive(self) -> bool:
        """Whether this very process still runs, in any of its threads."""
        found = _look_up(self.pid)
        if found is None or found.started_ticks != self.started_ticks:
            return False
        # A killed process looks like a zombie while its last threads still hold its ports.
        return found.state not in "ZX" or found.threads > 1

    def stop(self, within_seconds: float = STOP_WITHIN_SECONDS) -> None:
        """Ask the process group to end, kill what still runs after *within_seconds*, and return once it has ended."""
        if self.is_alive:
            self._signal(signal.SIGTERM)
            if not holds_within(lambda: not self.is_alive, within_seconds):
                self.kill()
        self._reap()

    def kill(self) -> None:
        """Kill the process group with SIGKILL and return once it has ended.

        Raises:
            StackError: It still runs after ten seconds, which only a hanging kernel call explains.
        """
        if self.is_alive:
            self._signal(signal.SIGKILL)
        if not holds_within(lambda: not self.is_alive, KILL_WITHIN_SECONDS):
            raise StackError(f"Process {self.pid} does not end although it was killed.")
        self._reap()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return

    def _reap(self) -> None:
        try:
            os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            return  # started by another process, or reaped before


def this() -> Process:
    """Return the process that runs this code."""
    found = _look_up(os.getpid())
    assert found is not None  # noqa: S101  # it runs
    return Process(os.getpid(), found.started_ticks)


def start(command: Sequence[str], log: Path, *, detached: bool) -> Process:
    """Start *command* in a process group of its own, its output appended to *log*.

    Args:
        command: Absolute path of the program, then its arguments.
        log: File for standard output and error.
        detached: Whether it outlives this process; otherwise it is killed at this process's death, however that comes.
    """
    leashed = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *command]
    return _starter.submit(_start, list(command) if detached else leashed, log).result()


def _start(command: list[str], log: Path) -> Process:
    with log.open("ab") as output:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    found = _look_up(child.pid)
    # Process reaps by pid from here on; a Popen that is dropped while its child runs would warn.
    child.returncode = 0
    if found is None:
        raise StackError(f"{command[0]} ended at once; its log is {log}.")
    return Process(child.pid, found.started_ticks)


class _Found(NamedTuple):
    state: str
    threads: int
    started_ticks: int


def _look_up(pid: int) -> _Found | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command name, in brackets, may itself hold blanks and brackets; state is field 3 of proc(5).
    fields = stat.rpartition(")")[2].split()
    return _Found(fields[0], int(fields[17]), int(fields[19]))


def holds_within(condition: Callable[[], bool], within_seconds: float) -> bool:
    """Return whether *condition* came to hold within that time, asking twenty times a second."""
    give_up_at = time.monotonic() + within_seconds
    while not condition():
        if time.monotonic() >= give_up_at:
            return False
        time.sleep(POLL_SECONDS)  # what becomes of another program can only be asked for
    return True
