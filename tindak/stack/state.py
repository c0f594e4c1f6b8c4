"""The file ``stack.json``, by which another command finds, reports and stops a stack."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from pydantic.dataclasses import dataclass

from tindak.stack import files
from tindak.stack.layout import Layout
from tindak.stack.processes import Process

FILE = "stack.json"


@dataclass(frozen=True, slots=True)
class State:
    """A stack as it was last started.

    Args:
        layout: Addresses and names.
        processes: The servers' by name (``broker-1``, ``mongo-1``, ...).
        owner: The process that stops it, and with which it dies; None if it is detached.
    """

    layout: Layout
    processes: dict[str, Process]
    owner: Process | None = None

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return the state that was written there, or None if there is none.

        Raises:
            StackError: The file is not one of ours.
        """
        return files.read(cls, folder / FILE)

    def write(self, folder: Path) -> None:
        """Write it, whole or not at all; it holds a key."""
        files.write(self, folder / FILE)

    @property
    def alive(self) -> tuple[str, ...]:
        """Names of the servers that run."""
        return tuple(name for name, process in self.processes.items() if process.is_alive)

    @property
    def is_abandoned(self) -> bool:
        """Whether its owner died and nothing of it runs."""
        return self.owner is not None and not self.owner.is_alive and not self.alive

    def stop(self) -> None:
        """End every server, all at once: a broker that is left without its quorum would wait for it."""
        with ThreadPoolExecutor() as threads:
            list(threads.map(Process.stop, self.processes.values()))
