"""``tindak run``: runs services in the foreground."""

import asyncio
import importlib
import os
import signal
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from shared.process.settings import CommonSettings
from shared.topics import SERVICES
from tindak.console import Misuse, say, wait_for
from tindak.environment import at_hand, of_service
from tindak.ops.supervisor import REFUSED_CODE, Supervisor, services


class What(StrEnum):
    """What is run."""

    INTAKE = "intake"
    ROUTING = "routing"
    SLA = "sla"
    NOTIFY = "notify"
    ALL = "all"


def run(
    what: Annotated[What, typer.Argument(help="One service in this process, or all, a process each.")],
    log_dir: Annotated[
        Path | None, typer.Option(help="With `all`: a file per service, instead of standard output.")
    ] = None,
) -> None:
    """Run services until SIGTERM or Ctrl-C; with `all`, one that fails is started again."""
    if log_dir is not None and what is not What.ALL:
        raise Misuse("--log-dir goes with `all`; one service logs to standard output.")
    running = SERVICES if what is What.ALL else (what.value,)
    environment = at_hand(os.environ)
    own = {service: of_service(service, environment) for service in running}
    for service in running:
        _tell(f"{service} answers on {health_address(service, own[service])}/health/ready and /metrics.")
    if what is not What.ALL:
        # A process that takes the place of this one, so that the secrets of others are nowhere in it.
        (command,) = services([what.value]).values()
        os.execve(command[0], command, own[what.value])  # noqa: S606  # no shell, our own argument list
    if log_dir is not None:
        log_dir.mkdir(parents=True, exist_ok=True)
    _tell(f"logs go to {'standard output' if log_dir is None else log_dir / '<service>.log'}; Ctrl-C ends all.")
    if refused := wait_for(_run_all(own, log_dir)):
        raise typer.Exit(REFUSED_CODE if refused >= set(SERVICES) else 1)


def health_address(service: str, environment: Mapping[str, str]) -> str:
    """Return where a service answers about its health, by the settings that it will read."""
    settings = importlib.import_module(f"services.{service}.settings").Settings
    prefix, default = settings.model_config["env_prefix"], settings.model_fields["health_port"].default
    port = environment.get(f"{prefix}HEALTH_PORT", str(default))
    host = environment.get("TINDAK_HEALTH_HOST", CommonSettings.model_fields["health_host"].default)
    return f"http://{host}:{'<a free port>' if port == '0' else port}"


async def _run_all(environments: Mapping[str, Mapping[str, str]], log_dir: Path | None) -> set[str]:
    """Keep a process per service alive until SIGTERM or SIGINT, then end them; return those that refused to start."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    supervisor = Supervisor(services(SERVICES), _tell, environments, log_dir)
    await supervisor.run(ended)
    return supervisor.refused


def _tell(sentence: str) -> None:
    """Say on stderr what happened to a process, for stdout holds the services' own log lines."""
    say(f"tindak: {sentence}", err=True)
