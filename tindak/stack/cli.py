"""``tindak stack``: starts, stops and shows the local servers; only those that it started itself."""

import json
import shlex
import signal
import threading
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.policy.topics import load_topics
from tindak.console import Misuse, say, say_json
from tindak.environment import DEFAULT_FOLDER, STACK_DIR, of_stack, policy_dir
from tindak.options import AsJson
from tindak.stack.credentials import FILE, Credentials
from tindak.stack.layout import Layout
from tindak.stack.local import LocalStack
from tindak.stack.programs import StackError
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


Folder = Annotated[Path, typer.Option("--dir", envvar=STACK_DIR, help="Folder of data, logs and state.")]


@app.command()
def up(
    broker: Annotated[Broker, typer.Option(help="embedded: in memory, needs nothing; apache: needs Java 17.")] = (
        Broker.EMBEDDED
    ),
    brokers: Annotated[int, typer.Option(help="1 or 3 (apache only).")] = 1,
    members: Annotated[int, typer.Option(help="Members of the replica set, 1 or 3.")] = 1,
    secure: Annotated[
        bool, typer.Option("--secure", help="A user for each channel, agency and service, who may do only its own.")
    ] = False,
    folder: Folder = DEFAULT_FOLDER,
    detach: Annotated[bool, typer.Option("--detach", help="Return at once; `tindak stack down` stops it.")] = False,
    output: Annotated[Format, typer.Option("--format", help="env: lines for `eval`.")] = Format.TEXT,
) -> None:
    """Start a broker and a MongoDB replica set on free ports, and stay until they are stopped."""
    began = time.monotonic()
    if secure and broker is not Broker.APACHE:
        raise Misuse("--secure needs --broker apache: the embedded broker knows no users.")
    stack = LocalStack(
        broker.value,
        brokers=brokers,
        members=members,
        folder=folder.absolute(),
        detached=detach,
        secured_for=load_topics(policy_dir()) if secure else (),
    )
    with progress("Starting servers", brokers + members):
        stack.start()
    ended = threading.Event()
    if not detach:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
    if output is Format.TEXT:
        say(f"{stack.layout.shape} run in {folder}; ready after {time.monotonic() - began:.1f} s.")
        if secure:
            say(f"Everybody's name and password: {folder / FILE}.")
    say(_exports(folder, stack.layout, output))
    if detach:
        return
    if output is Format.TEXT:
        say("Ctrl-C stops them. With these lines in another terminal: `tindak topics apply`, `tindak run all`.")
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
        say(f"No stack runs in {folder}.")
        return
    state.stop()
    say(f"Stopped {state.layout.shape} in {folder}.")


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
        said = _report(folder, state.layout)
        say_json({"running": running, "servers": servers} | said)
    else:
        for name, process in state.processes.items():
            say(f"{name:<10} {'runs, pid ' + str(process.pid) if process.is_alive else 'does not run'}")
        say(_exports(folder, state.layout, Format.TEXT))
    raise typer.Exit(0 if running else 1)


def _report(folder: Path, layout: Layout) -> dict[str, Any]:
    credentials = Credentials.read(folder) if layout.secured else None
    return credentials.report(folder, layout) if credentials else {"environment": of_stack(layout)}


def _exports(folder: Path, layout: Layout, output: Format) -> str:
    said = _report(folder, layout)
    environment: dict[str, str] = said["environment"]
    if output is Format.JSON:
        return json.dumps(said if layout.secured else environment)
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())
