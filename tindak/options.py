"""The command-line options that many commands share; stated once, so that they mean the same everywhere."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer

TIMEOUT_SECONDS = 10.0

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]
Wait = Annotated[bool, typer.Option("--wait", help="Print the service's answer; exit code 1 if it refuses.")]
Timeout = Annotated[
    float,
    typer.Option("--timeout", metavar="SECONDS", min=0.1, help="Give up when a server is silent for so long."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; only say what would change.")]


@dataclass(frozen=True, slots=True)
class Reply:
    """Whether and how the answer to what a command publishes is printed."""

    wait: bool
    timeout_seconds: float
    as_json: bool


def with_reply(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options ``--wait``, ``--timeout`` and ``--json``, which it takes as one argument ``reply``."""
    options = {"wait": (Wait, False), "timeout": (Timeout, TIMEOUT_SECONDS), "as_json": (AsJson, False)}

    @functools.wraps(command)
    def wrapped(*args: Any, wait: bool, timeout: float, as_json: bool, **given: Any) -> None:
        command(*args, reply=Reply(wait, timeout, as_json), **given)

    signature = inspect.signature(command, eval_str=True)
    own = [parameter for name, parameter in signature.parameters.items() if name != "reply"]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        for name, (annotation, default) in options.items()
    ]
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *added)}
    wrapped.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
    return wrapped
