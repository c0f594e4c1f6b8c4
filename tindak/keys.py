"""``tindak keys``: makes the keys that seal reporters' identities, and the one under which tickets get their ids."""

import base64
import os
import secrets
from dataclasses import dataclass
from typing import Annotated

import typer

from shared.sealing_keys import KEY_BYTES, PRIVATE_KEYS, PUBLIC_KEYS, ContactKeysInvalid, as_text, published
from tindak.console import Failure, Misuse, say
from tindak.environment import at_hand

app = typer.Typer(name="keys", help="Keys that seal reporters' identities and make ticket ids.", no_args_is_help=True)

KeyId = Annotated[str | None, typer.Option("--id", help="Its name; drawn if absent.")]


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What seals, and what opens that, each as a setting holds it: ``id:base64``."""

    public: str
    private: str

    @classmethod
    def draw(cls, key_id: str | None = None) -> "KeyPair":
        """Return a new pair; raise ContactKeysInvalid if its id cannot be one."""
        private = as_text({key_id or secrets.token_hex(4): os.urandom(KEY_BYTES)})
        return cls(published(private), private)


@app.command()
def new(key_id: KeyId = None) -> None:
    """Print a new pair of keys: the public one for intake and channels, the private one for notify alone."""
    _print(_drawn(key_id))


@app.command()
def rotate(key_id: KeyId = None) -> None:
    """Print a new pair in front of the keys that TINDAK_CONTACT_PRIVATE_KEYS holds now."""
    drawn, private = _drawn(key_id), _private_keys()
    _print(KeyPair(f"{drawn.public},{_published(private)}", f"{drawn.private},{private}"))


@app.command()
def public() -> None:
    """Print the public keys that belong to TINDAK_CONTACT_PRIVATE_KEYS, to be given to intake and to channels."""
    say(f"{PUBLIC_KEYS}={_published(_private_keys())}")


@app.command()
def new_id_key() -> None:
    """Print a new TINDAK_ID_KEY: made once, backed up with the database, and never replaced by another."""
    say(new_id_key_text())


def new_id_key_text() -> str:
    """Return a new key for ticket ids, in base64."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def _drawn(key_id: str | None) -> KeyPair:
    try:
        return KeyPair.draw(key_id)
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


def _print(pair: KeyPair) -> None:
    say(f"{PUBLIC_KEYS}={pair.public}")
    say(f"{PRIVATE_KEYS}={pair.private}")
