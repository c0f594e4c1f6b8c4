"""Supervises one process per service: restarts those that fail, and ends all together."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tindak.stack import leash

FIRST_PAUSE_SECONDS = 0.5
PAUSE_SECONDS_MAX = 30.0
HEALTHY_AFTER_SECONDS = 60.0  # a process that has run so long failed for a new reason
STOP_WITHIN_SECONDS = 30.0
REFUSED_CODE = 2


@dataclass
class Supervisor:
    """One process per command, each started again after a growing pause when it ends by itself.

    One that refuses its settings (exit code 2) is left alone: another start would refuse them again.

    Args:
        commands: Absolute program and arguments, by name.
        tell: Called with one sentence for everything that happens to a process.
        environments: Each process's variables, by name; None: this process's own.
        log_dir: Where each process's output is appended to ``<name>.log``; None: it goes to our own.
        first_pause_seconds: Before the first restart; doubled for each that follows, up to 30.
    """

    commands: Mapping[str, Sequence[str]]
    tell: Callable[[str], None]
    environments: Mapping[str, Mapping[str, str]] | None = None
    log_dir: Path | None = None
    first_pause_seconds: float = FIRST_PAUSE_SECONDS
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict, init=False)
    refused: set[str] = field(default_factory=set, init=False)

    async def run(self, ended: asyncio.Event) -> None:
        """Keep all processes alive until *ended* is set; return once every one of them has ended for good."""
        keepers = [asyncio.create_task(self._keep(name, ended)) for name in self.commands]
        try:
            await asyncio.gather(*keepers)
        finally:
            # Reached with living processes only if we were cancelled; then nobody waits for their good end.
            for process in self.running.values():
                process.kill()

    async def _keep(self, name: str, ended: asyncio.Event) -> None:
        clock = asyncio.get_running_loop().time
        pause = self.first_pause_seconds
        while not ended.is_set():
            started_at = clock()
            process = self.running[name] = await self._start(name)
            code = await self._wait(process, ended)
            del self.running[name]
            if ended.is_set():
                return
            if code == REFUSED_CODE:
                self.refused.add(name)
                where = "it" if self.log_dir is None else self.log_dir / f"{name}.log"
                self.tell(f"{name} refuses its settings or its policy; mend what {where} says and start it again.")
                return
            if clock() - started_at > HEALTHY_AFTER_SECONDS:
                pause = self.first_pause_seconds
            self.tell(f"{name} ended {how(code)}; it is started again in {pause:g} s.")
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await ended.wait()
            pause = min(2 * pause, PAUSE_SECONDS_MAX)

    async def _start(self, name: str) -> asyncio.subprocess.Process:
        output = None if self.log_dir is None else (self.log_dir / f"{name}.log").open("ab")
        try:
            return await asyncio.create_subprocess_exec(
                *_leashed(self.commands[name]),
                env=None if self.environments is None else self.environments[name],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C reaches us alone; we pass it on once, so that no process takes it for a second, impatient one.
                start_new_session=True,
            )
        finally:
            if output is not None:
                output.close()

    async def _wait(self, process: asyncio.subprocess.Process, ended: asyncio.Event) -> int:
        exited, stopping = asyncio.create_task(process.wait()), asyncio.create_task(ended.wait())
        try:
            await asyncio.wait({exited, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not exited.done():
                process.send_signal(signal.SIGTERM)
                with suppress(TimeoutError):
                    async with asyncio.timeout(STOP_WITHIN_SECONDS):
                        await asyncio.shield(exited)
            if not exited.done():
                process.kill()
            return await exited
        finally:
            stopping.cancel()


def _leashed(command: Sequence[str]) -> list[str]:
    """Return *command* so that it dies with this process, however that ends; only Linux can promise it."""
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", str(leash.__file__), str(os.getpid()), *command]


def how(code: int) -> str:
    """Return how a process ended, in words."""
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"


def services(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the command of each service."""
    return {name: [sys.executable, "-m", f"services.{name}.app"] for name in names}
