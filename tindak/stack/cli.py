"""``tindak stack``: starts, stops and shows the local servers; only those that it started itself."""

import json
import os
import shlex
import signal
import threading
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tindak.options import AsJson
from tindak.stack.errors import StackError
from tindak.stack.layout import Layout
from tindak.stack.local import LocalStack
from tindak.stack.state import State
from tindak.waiting import progress

app = typer.Typer(name="stack", help="Start, stop and show the local servers: Kafka and MongoDB.", no_args_is_help=True)


class Broker(StrEnum):
    """Which broker."""

    EMBEDDED = "embedded"
    APACHE = "apache"


class Format(StrEnum):
    """How the environment is printed."""

    TEXT = "text"
    ENV = "env"
    JSON = "json"


Folder = Annotated[Path, typer.Option("--dir", help="Folder of data, logs and state.")]
DEFAULT_FOLDER = Path(".tindak/stack")


@app.command()
def up(
    broker: Annotated[Broker, typer.Option(help="embedded: in memory, needs nothing; apache: needs Java 17.")] = (
        Broker.EMBEDDED
    ),
    brokers: Annotated[int, typer.Option(help="1 or 3 (apache only).")] = 1,
    members: Annotated[int, typer.Option(help="Members of the replica set, 1 or 3.")] = 1,
    folder: Folder = DEFAULT_FOLDER,
    detach: Annotated[bool, typer.Option("--detach", help="Return at once; `tindak stack down` stops it.")] = False,
    output: Annotated[Format, typer.Option("--format", help="env: lines for `eval`.")] = Format.TEXT,
) -> None:
    """Start a broker and a MongoDB replica set on free ports, and stay until they are stopped."""
    began = time.monotonic()
    stack = LocalStack(broker.value, brokers=brokers, members=members, folder=folder.absolute(), detached=detach)
    with progress("Starting servers", brokers + members):
        stack.start()
    ended = threading.Event()
    if not detach:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
    if output is Format.TEXT:
        typer.echo(f"{stack.layout.shape} run in {folder}; ready after {time.monotonic() - began:.1f} s.")
    typer.echo(_exports(stack.layout, output))
    if detach:
        return
    if output is Format.TEXT:
        typer.echo("Ctrl-C stops them. With these lines in another terminal: `tindak topics apply`, `tindak run all`.")
    try:
        _stay(stack, ended)
    finally:
        stack.stop()


def _stay(stack: LocalStack, ended: threading.Event) -> None:
    while not ended.wait(timeout=0.5):
        dead = [node for node in stack.nodes if not node.is_alive]
        if dead:
            raise StackError(f"{dead[0].name} has ended, so the stack is stopped; its log is {dead[0].log}.")


@app.command()
def down(folder: Folder = DEFAULT_FOLDER) -> None:
    """Stop what `up` started there; the data stay."""
    state = State.read(folder)
    if state is None or not state.alive:
        typer.echo(f"No stack runs in {folder}.")
        return
    state.stop()
    typer.echo(f"Stopped {state.layout.shape} in {folder}.")


@app.command()
def status(
    folder: Folder = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Show the servers and their addresses; exit code 0 if all run, 1 otherwise."""
    state = State.read(folder)
    if state is None:
        raise StackError(f"No stack was started in {folder}; `tindak stack up` starts one.")
    running = len(state.alive) == len(state.processes)
    servers = {name: {"pid": process.pid, "alive": process.is_alive} for name, process in state.processes.items()}
    if as_json:
        environment = environment_for(state.layout)
        typer.echo(json.dumps({"running": running, "servers": servers, "environment": environment}))
    else:
        for name, process in state.processes.items():
            typer.echo(f"{name:<10} {'runs, pid ' + str(process.pid) if process.is_alive else 'does not run'}")
        typer.echo(_exports(state.layout, Format.TEXT))
    raise typer.Exit(0 if running else 1)


def environment_for(layout: Layout) -> dict[str, str]:
    """Return all that `tindak run all` needs: the addresses, a contact key, and the policy and its model at hand."""
    policy = Path(os.environ.get("TINDAK_POLICY_DIR", "policy")).absolute()
    model = policy / "model"
    return (
        layout.environment()
        | {"TINDAK_CONTACT_KEYS": layout.contact_key}
        | ({"TINDAK_POLICY_DIR": str(policy)} if policy.is_dir() else {})
        | ({"TINDAK_ROUTING_MODEL_DIR": str(model)} if model.is_dir() else {})
    )


def _exports(layout: Layout, output: Format) -> str:
    environment = environment_for(layout)
    if output is Format.JSON:
        return json.dumps(environment)
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())
