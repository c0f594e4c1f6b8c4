"""How the command line speaks: results on stdout, one sentence about a failure on stderr; never what is said."""

import asyncio
import json
from collections.abc import Coroutine
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError

from shared.process.settings import CommonSettings

T = TypeVar("T")

WIB = ZoneInfo("Asia/Jakarta")


class Failure(Exception):
    """What could not be done, and what to do about it, in one sentence; the exit code is 1."""


class Misuse(typer.BadParameter):
    """What was asked wrongly, in one sentence; the exit code is 2."""

    def format_message(self) -> str:
        """Return the sentence as it is."""
        return self.message


def read_settings() -> CommonSettings:
    """Return the settings of the environment.

    Raises:
        Failure: A variable holds something impossible or unsafe.
    """
    try:
        return CommonSettings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "_".join(str(step) for step in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise Failure(f"The environment is not usable: {name + ': ' if name else ''}{said}.") from error


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """Return what *work* returns, from a command, which is not asynchronous itself."""
    return asyncio.run(work)


def say_json(value: object) -> None:
    """Print *value* as one line of JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))


def local(at: datetime) -> str:
    """Return an instant as people in Tangerang Selatan read it: ``2 Mar 2026 12:00:00 WIB``."""
    there = at.astimezone(WIB)
    return f"{there.day} {there:%b %Y %H:%M:%S} WIB"
