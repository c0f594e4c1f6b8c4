"""The four services as processes of their own, to be killed and started; each test has its own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.topics import SERVICES
from tests.sealing import PRIVATE_KEYS_TEXT, PUBLIC_KEYS_TEXT
from tests.servers.addresses import Namespace
from tindak.stack.node import free_ports
from tindak.stack.processes import LEASH

ROOT = Path(__file__).parents[2]
POLICY = ROOT / "policy"
READY_WITHIN_SECONDS = 120  # three seconds on an idle machine, half a minute at a load of thirty
ENDS_WITHIN_SECONDS = 40
ENDED_ON_PURPOSE = {None, 0, -signal.SIGKILL, -signal.SIGTERM}  # None: it runs


@dataclass
class Member:
    """One process of one service."""

    service: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def health(self, path: str = "ready") -> int:
        """Return the status of a health check, 0 if nothing answers."""
        return self.ask(path)[0]

    def because(self) -> dict[str, str]:
        """Return why it is not ready, part by part; nothing if it is."""
        return self.ask("ready")[1]

    def ask(self, path: str) -> tuple[int, dict[str, str]]:
        """Return status and reasons of a health check, 0 and none if nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/{path}", timeout=5) as answer:  # loopback
                return int(answer.status), json.load(answer)["because"]
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)["because"]
        except OSError:
            return 0, {}

    def remarks(self) -> dict[str, str]:
        """Return what it says somebody should know though work gets done; nothing if it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:  # loopback
                remarks: dict[str, str] = json.load(answer)["remarks"]
                return remarks
        except OSError:
            return {}

    def said(self) -> list[dict[str, Any]]:
        """Return what it has logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@dataclass
class Fleet:
    """Processes of services on a test's own topics and databases.

    Args:
        namespace: Whose topics and databases they use.
        folder: Where their logs go.
        policy: The policy directory.
        settings: Further environment variables.
    """

    namespace: Namespace
    folder: Path
    policy: Path = POLICY
    settings: Mapping[str, str] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)

    def start(
        self,
        service: str,
        *,
        dying_at: tuple[str, int] | None = None,
        failing_at: str | None = None,
        code: Path = ROOT,
        module: Sequence[str] = (),
    ) -> Member:
        """Start one process of *service*, which may die at the n-th of a step, or fail at every event of a type.

        Another *module* with its arguments may run it.

        Another release's *code* runs by its own policy.
        """
        (port,) = free_ports(1)
        log = self.folder / f"{service}-{len(self.members)}.log"
        module = module or [f"services.{service}.app"]
        if dying_at is not None:
            module = ["tests.faults.dying", service, dying_at[0], str(dying_at[1])]
        if failing_at is not None:
            module = ["tests.faults.failing", service, failing_at]
        # Nothing is left behind if the tests are killed.
        leashed = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), sys.executable, "-m", *module]
        with log.open("wb") as output:
            process = subprocess.Popen(
                leashed,
                cwd=code,
                env=self.environment(service, port, self.policy if code == ROOT else code / "policy"),
                stdout=output,
                stderr=output,
            )
        member = Member(service, port, process, log)
        self.members.append(member)
        return member

    def environment(self, service: str, port: int, policy: Path) -> dict[str, str]:
        """Return the variables under which a process of *service* runs."""
        return {
            "PATH": "/usr/bin:/bin",
            **self.namespace.environment,
            "TINDAK_KAFKA_SESSION_TIMEOUT_MS": "3000",
            "TINDAK_KAFKA_HEARTBEAT_INTERVAL_MS": "1000",
            "TINDAK_KAFKA_REQUEST_TIMEOUT_MS": "10000",
            "TINDAK_POLICY_DIR": str(policy),
            "TINDAK_CONTACT_PUBLIC_KEYS": PUBLIC_KEYS_TEXT,
            "TINDAK_CONTACT_PRIVATE_KEYS": PRIVATE_KEYS_TEXT,
            f"TINDAK_{service.upper()}_HEALTH_PORT": str(port),
            **self.settings,
        }

    async def ready(self, *members: Member) -> None:
        """Return once all of *members* (by default: all that live) are ready."""
        waiting = members or [member for member in self.members if member.process.poll() is None]
        await until(lambda: all(member.health() == 200 for member in waiting), READY_WITHIN_SECONDS, self.last_words)

    def failed(self) -> list[Member]:
        """Return the members that ended by themselves; no test wants that, and a supervisor would start them again."""
        return [member for member in self.members if member.process.poll() not in ENDED_ON_PURPOSE]

    def last_words(self, *members: Member) -> str:
        """Return the end of the logs of *members* (by default: all), for a failing test."""
        return "\n".join(f"{member.log.name}: {member.log.read_text()[-600:]}" for member in members or self.members)

    def stop(self, *members: Member) -> list[int]:
        """End *members* (by default: all) in an orderly way; return their exit codes."""
        ending = members or self.members
        for member in ending:
            if member.process.poll() is None:
                member.process.send_signal(signal.SIGTERM)
        for member in ending:
            try:
                member.process.wait(ENDS_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                member.kill()
        return [member.process.returncode for member in ending]


@asynccontextmanager
async def running(fleet: Fleet, *services: str) -> AsyncIterator[Fleet]:
    """Give *fleet* with one process of each service, ready; end them all afterwards."""
    try:
        for service in services or SERVICES:
            fleet.start(service)
        await fleet.ready()
        yield fleet
        assert not (failed := fleet.failed()), fleet.last_words(*failed)
    except BaseException as error:
        error.add_note(fleet.last_words(*fleet.failed()))
        raise
    finally:
        await asyncio.to_thread(fleet.stop)


async def until(condition: Callable[[], bool], within_seconds: float, why: Callable[[], str]) -> None:
    """Return once *condition* holds; fail with *why* if it does not in time."""
    deadline = asyncio.get_running_loop().time() + within_seconds
    while not await asyncio.to_thread(condition):
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {within_seconds} s; {why()}")
        await asyncio.sleep(0.1)
