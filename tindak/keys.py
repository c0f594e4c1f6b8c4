"""``tindak keys``: makes the keys that seal reporters' identities, and the one under which tickets get their ids."""

import base64
import os
import secrets
from typing import Annotated

import typer

from tindak.console import say

KEY_BYTES = 32

app = typer.Typer(name="keys", help="Keys that seal reporters' identities and make ticket ids.", no_args_is_help=True)


@app.command()
def new(
    key_id: Annotated[str | None, typer.Option("--id", help="Its name; drawn if absent.")] = None,
) -> None:
    """Print a new key, as TINDAK_CONTACT_KEYS takes it; to rotate, put it in front of the old one, after a comma."""
    say(new_key(key_id))


@app.command()
def new_id_key() -> None:
    """Print a new TINDAK_ID_KEY: made once, backed up with the database, and never replaced by another."""
    say(_drawn())


def new_key(key_id: str | None = None) -> str:
    """Return a new key, ``id:base64``."""
    return f"{key_id or secrets.token_hex(4)}:{_drawn()}"


def _drawn() -> str:
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()
