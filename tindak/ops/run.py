"""``tindak run``: services in the foreground; starts them and ends them, nothing else."""

import asyncio
import importlib
import signal
from enum import StrEnum
from typing import Annotated

import typer

from shared.topics import SERVICES
from tindak.console import wait_for
from tindak.ops.supervisor import REFUSED_CODE, Supervisor, services


class What(StrEnum):
    """What is run."""

    INTAKE = "intake"
    ROUTING = "routing"
    SLA = "sla"
    NOTIFY = "notify"
    ALL = "all"


def run(what: Annotated[What, typer.Argument(help="One service in this process, or all, a process each.")]) -> None:
    """Run services until SIGTERM or Ctrl-C; with `all`, one that fails is started again."""
    if what is What.ALL:
        if refused := wait_for(_run_all()):
            raise typer.Exit(REFUSED_CODE if refused >= set(SERVICES) else 1)
    else:
        importlib.import_module(f"services.{what}.app").main()


async def _run_all() -> set[str]:
    """Keep a process per service alive until SIGTERM or SIGINT, then end them; return those that refused to start."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    supervisor = Supervisor(services(SERVICES), _tell)
    await supervisor.run(ended)
    return supervisor.refused


def _tell(sentence: str) -> None:
    """Say on stderr what happened to a process, for stdout holds the services' own log lines."""
    typer.echo(f"tindak: {sentence}", err=True)
