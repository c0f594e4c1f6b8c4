"""``tindak notify test``: sends one message by the settings at hand."""

from typing import Annotated

import typer

from services.notify.tooling import try_channel
from tindak.console import Failure, read_settings, say, say_json, wait_for
from tindak.options import AsJson


def try_command(
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="Address or number to which it goes.")],
    channel: Annotated[str, typer.Option(help="Channel of notices.yaml, such as email.")] = "email",
    as_json: AsJson = False,
) -> None:
    """Send one test message by notify's settings in the environment; exit code 1 if it was not taken."""
    try:
        tried = wait_for(try_channel(read_settings(), channel, to))
    except ValueError as error:
        raise Failure(f"The settings of notify are not usable: {why_not(error)}.") from error
    outcome = tried.outcome
    if outcome is None:
        others = ", ".join(tried.set_up) or "none"
        raise Failure(
            f"The channel {channel} is not set up here (set up: {others}); see TINDAK_NOTIFY_ in .env.example."
        )
    name, fault = type(outcome).__name__.lower(), getattr(outcome, "error", None)
    provider_id = getattr(outcome, "provider_id", None)
    if as_json:
        say_json({"channel": channel, "outcome": name, "error": fault, "provider_id": provider_id})
    elif fault is None:
        say(f"{channel}: taken" + (f", {provider_id}" if provider_id else ""))
    if fault is not None:
        hope = "it may be taken later" if name == "deferred" else "trying again does not help"
        raise Failure(f"{channel} did not take it: {fault}; {hope}.")


def why_not(error: ValueError) -> str:
    """Return the first thing that is wrong with a setting of notify, and with which."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    name = "_".join(str(step) for step in first["loc"]).upper()
    return f"{f'TINDAK_NOTIFY_{name}: ' if name else ''}{first['msg'].removeprefix('Value error, ')}"
