"""How commands read their settings, run, print and fail: results on stdout, one sentence about a failure on stderr."""

from collections.abc import Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import typer

from shared.output import json_text, terminal_text

if TYPE_CHECKING:
    from shared.process.settings import CommonSettings

T = TypeVar("T")

OPS, ADMIN = "ops", "admin"
"""As whom commands that nobody in particular gives watch, and as whom they set up and check everything."""

WIB = ZoneInfo("Asia/Jakarta")


class Failure(Exception):
    """What could not be done, and what to do about it, in one sentence; the exit code is 1."""


class Misuse(typer.BadParameter):
    """What was asked wrongly, in one sentence; the exit code is 2."""

    def format_message(self) -> str:
        """Return the sentence as it is."""
        return self.message


def read_settings(
    timeout_seconds: float | None = None, principal: str = OPS, database_user: str | None = None
) -> "CommonSettings":
    """Return the settings of the environment, or of a local stack that runs at hand.

    Args:
        timeout_seconds: How long a broker or database may leave a request unanswered; None: as in the environment.
        principal: As whom the broker knows us, if the environment holds or the stack keeps what it alone was given.
        database_user: As whom the database knows us, likewise; None: as *principal*.

    Raises:
        Failure: A variable holds something impossible or unsafe.
    """
    # Imported here, and asyncio below: `tindak --help` needs neither.
    from pydantic import ValidationError

    from shared.process.safety import refuse_unsafe
    from shared.process.settings import UnsafeSettings
    from tindak.environment import settings_at_hand

    try:
        settings = settings_at_hand(principal, database_user or principal)
        refuse_unsafe(settings)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "_".join(str(step) for step in first["loc"])
        why = first["msg"].removeprefix("Value error, ")
        raise Failure(f"The environment is not usable: {name + ': ' if name else ''}{why}.") from error
    except UnsafeSettings as error:
        raise Failure(f"The environment is not usable: {error}.") from error
    if timeout_seconds is None:
        return settings
    timeout_ms = max(1, round(timeout_seconds * 1000))
    kafka = settings.kafka.model_copy(update={"request_timeout_ms": timeout_ms})
    # Half of it: a call to a database that was found and went silent is given up after twice this.
    mongo = settings.mongo.model_copy(update={"timeout_ms": max(1, timeout_ms // 2)})
    return settings.model_copy(update={"kafka": kafka, "mongo": mongo})


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """Return what *work* returns, from a command, which is not asynchronous itself."""
    import asyncio

    try:
        return asyncio.run(work)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def no_database(error: Exception) -> Failure:
    """Return the failure of a database that does not answer."""
    # The driver's account of a server that it does not find goes on for lines.
    why = "" if "ServerSelectionTimeout" in str(error) else f" {error}"
    return Failure(f"The database cannot be asked; is TINDAK_MONGO_URI right?{why}")


def say(text: str, *, err: bool = False, colour: str | None = None) -> None:
    """Print *text*, which may have lines, so that nothing in it steers the terminal; on stderr if *err*.

    It has a *colour* (such as ``red``) only on a terminal.
    """
    typer.secho(terminal_text(text), fg=colour, err=err)


def say_json(value: object, indent: int | None = None) -> None:
    """Print *value* as JSON, on one line unless *indent* is given; hidden characters in it are escaped."""
    typer.echo(json_text(value, indent))


def local(at: datetime) -> str:
    """Return an instant as people in Tangerang Selatan read it: ``2 Mar 2026 12:00:00 WIB``."""
    there = at.astimezone(WIB)
    return f"{there.day} {there:%b %Y %H:%M:%S} WIB"
