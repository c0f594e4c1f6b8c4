"""``tindak keys``: makes the keys that seal reporters' identities, and the one under which tickets get their ids."""

import contextlib
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from shared.seal import ContactUnreadable, Opener
from shared.sealing_keys import PRIVATE_KEYS, PUBLIC_KEYS, ContactKeysInvalid, parse_keys, published
from tindak import keys
from tindak.console import Failure, Misuse, say, say_json, wait_for
from tindak.environment import at_hand
from tindak.options import TIMEOUT_SECONDS, AsJson, DryRun, Timeout

app = typer.Typer(name="keys", help="Keys that seal reporters' identities and make ticket ids.", no_args_is_help=True)

AGENCY_KEY = "private_key"
KeyId = Annotated[str | None, typer.Option("--id", help="Its name; drawn if absent.")]


@app.command()
def new(
    key_id: KeyId = None,
    agency: Annotated[
        bool, typer.Option("--agency", help="For an agency: its public_key in agencies.yaml, and its private key.")
    ] = False,
) -> None:
    """Print a new pair of keys: the public one for intake and channels, the private one for notify alone."""
    pair = _drawn(key_id)
    if agency:
        say(f"public_key: {pair.public}")
        say(f"private_key: {pair.private}")
    else:
        _print(pair)


@app.command("open")
def open_private(
    ticket_id: Annotated[str, typer.Argument(help="The ticket's id, as the event has it.")],
    sealed: Annotated[str, typer.Argument(help="`sealed` of the event's `private`.")],
    key_file: Annotated[Path, typer.Option("--key-file", help="Holds the agency's private key, as `new` prints it.")],
) -> None:
    """Print what was sealed for an agency alone, and came on its own topic as `private`."""
    try:
        opener = Opener(
            parse_keys(key_file.read_text(encoding="utf-8").strip().removeprefix("private_key: "), AGENCY_KEY)
        )
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{key_file} cannot be read: {getattr(error, 'strerror', 'it is not UTF-8')}.") from None
    except ContactKeysInvalid as invalid:
        raise Failure(f"{key_file}: {invalid}.") from None
    for key_id in opener.keys:
        with contextlib.suppress(ContactUnreadable):
            say(opener.open(ticket_id, sealed, key_id).decode(errors="replace"))
            return
    raise Failure("No key in that file opens it: it is of another ticket, for another key, or was changed.")


@app.command()
def rotate(key_id: KeyId = None) -> None:
    """Print a new pair in front of the keys that TINDAK_CONTACT_PRIVATE_KEYS holds now."""
    drawn, private = _drawn(key_id), _private_keys()
    _print(keys.KeyPair(f"{drawn.public},{_published(private)}", f"{drawn.private},{private}"))


@app.command()
def public() -> None:
    """Print the public keys that belong to TINDAK_CONTACT_PRIVATE_KEYS, to be given to intake and to channels."""
    say(f"{PUBLIC_KEYS}={_published(_private_keys())}")


@app.command()
def reseal(dry_run: DryRun = False, timeout: Timeout = TIMEOUT_SECONDS, as_json: AsJson = False) -> None:
    """Seal anew, with the first of TINDAK_CONTACT_PRIVATE_KEYS, what another key still seals; say which are in use.

    Intake and notify go on meanwhile, and have to run: what was sealed anew is handed on by them. It may be stopped and
    begun again at any time. Exit code 1 while something is left that needs an old key.
    """
    # The databases are loaded by the one command that needs them.
    from tindak.keys.resealing import reseal_all, summary

    outcome = wait_for(reseal_all(at_hand(os.environ), timeout, dry_run=dry_run))
    if as_json:
        say_json(asdict(outcome))
    else:
        say(summary(outcome, dry_run=dry_run))
    raise typer.Exit(1 if outcome.is_unfinished else 0)


@app.command()
def new_id_key() -> None:
    """Print a new TINDAK_ID_KEY: made once, backed up with the database, and never replaced by another."""
    say(keys.new_id_key())


@app.command()
def new_link_key(key_id: Annotated[str, typer.Option("--id", help="One letter or digit.")] = "a") -> None:
    """Print a new key for TINDAK_LINK_KEYS; to rotate, put it before the old one, under another id."""
    if not (len(key_id) == 1 and key_id.isascii() and key_id.isalnum()):
        raise Misuse(f"--id {key_id} is none: give one letter or digit.")
    say(keys.new_link_key(key_id))


def _drawn(key_id: str | None) -> keys.KeyPair:
    try:
        return keys.KeyPair.draw(key_id)
    except ContactKeysInvalid:
        raise Misuse(f"--id {key_id} is none: give 1 to 32 letters, digits, _ . or -.") from None


def _private_keys() -> str:
    if not (given := at_hand(os.environ).get(PRIVATE_KEYS)):
        raise Misuse(f"{PRIVATE_KEYS} is not set; it is known to notify alone.")
    return given.strip().strip(",")


def _published(private_keys: str) -> str:
    try:
        return published(private_keys)
    except ContactKeysInvalid as invalid:
        raise Failure(f"{invalid}.") from None


def _print(pair: keys.KeyPair) -> None:
    say(f"{PUBLIC_KEYS}={pair.public}")
    say(f"{PRIVATE_KEYS}={pair.private}")
