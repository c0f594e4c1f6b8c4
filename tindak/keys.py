"""``tindak keys``: makes the keys that seal reporters' identities."""

import base64
import os
import secrets
from typing import Annotated

import typer

KEY_BYTES = 32

app = typer.Typer(name="keys", help="Keys that seal reporters' identities.", no_args_is_help=True)


@app.callback()
def _keys() -> None:
    """Keep `new` a command of its own."""


@app.command()
def new(
    key_id: Annotated[str | None, typer.Option("--id", help="Its name; drawn if absent.")] = None,
) -> None:
    """Print a new key, as TINDAK_CONTACT_KEYS takes it; to rotate, put it in front of the old one, after a comma."""
    typer.echo(new_key(key_id))


def new_key(key_id: str | None = None) -> str:
    """Return a new key, ``id:base64``."""
    return f"{key_id or secrets.token_hex(4)}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"
