"""The compose files as a project of its own name and ports, driven as a person would; never the Docker API."""

import json
import os
import secrets
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tindak.stack.node import free_ports

ROOT = Path(__file__).parents[2]
UP_WITHIN_SECONDS = 600


@dataclass
class Compose:
    """One project of the compose files.

    Args:
        profile: Which containers; None: those that a newcomer gets.
        project: Its name.
        ports: Of this machine, on which its brokers are reached.
        pages_port: Of this machine, on which the pages of links are.
    """

    profile: str | None = None
    project: str = field(default_factory=lambda: f"tindak-{secrets.token_hex(4)}")
    ports: list[int] = field(default_factory=lambda: free_ports(3))
    pages_port: int = field(default_factory=lambda: free_ports(1)[0])

    @property
    def bootstrap_servers(self) -> str:
        """The brokers, as this machine reaches them."""
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def up(self, *options: str) -> None:
        """Return once every container is healthy or has done its part; fail with what they said otherwise."""
        done = self.attempt("up", "--detach", "--wait", *options)
        assert done.returncode == 0, f"{done.stderr[-500:]}\n{self('logs', '--tail', '5')}"

    def running(self) -> set[str]:
        """Return the services whose containers run."""
        return set(self("ps", "--services", "--status", "running").split())

    def config(self) -> dict[str, Any]:
        """Return the file as Compose understands it."""
        found: dict[str, Any] = json.loads(self("config", "--format", "json"))
        return found

    def tindak(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Return what the command line says inside, where it reaches the database too."""
        return self.attempt("exec", "-T", "routing", "tindak", *arguments)

    def attempt(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Return how a command of Compose ended."""
        ports = {f"HOST_KAFKA_{number}_PORT": str(port) for number, port in enumerate(self.ports, 1)}
        ports["HOST_PAGES_PORT"] = str(self.pages_port)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TINDAK_")}
        chosen = () if self.profile is None else ("--profile", self.profile)
        return subprocess.run(
            ["docker", "compose", "--project-name", self.project, *chosen, *arguments],
            cwd=ROOT,
            env=inherited | ports | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=UP_WITHIN_SECONDS,
        )

    def __call__(self, *arguments: str) -> str:
        """Return what a command of Compose prints; it must succeed."""
        done = self.attempt(*arguments)
        assert done.returncode == 0, f"docker compose {' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout
