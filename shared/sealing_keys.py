"""The keys that seal and open reporters' contacts, as settings hold them: ``id:base64``, separated by commas."""

import base64
import re
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

PUBLIC_KEYS = "TINDAK_CONTACT_PUBLIC_KEYS"
PRIVATE_KEYS = "TINDAK_CONTACT_PRIVATE_KEYS"
FORMER_KEYS = "TINDAK_CONTACT_KEYS"
KEY_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")
TRIAL_KEY = b"this key is public, do not use!!"  # in docker-compose.yml, for everybody to read
TO_STANDARD_ALPHABET = str.maketrans("-_", "+/")


class ContactKeysInvalid(ValueError):
    """A setting that holds keys is not of the form ``id:base64,id2:base64``; the sentence quotes no key."""


def parse_keys(text: str, variable: str) -> dict[str, bytes]:
    """Return the keys in *text* by id, in their order.

    Raises:
        ContactKeysInvalid: With the *variable* and the entry that is wrong, by its number.
    """
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    if not entries:
        raise ContactKeysInvalid(f"{variable} is empty: give at least one key as id:base64")
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(entries, start=1):
        key_id, key = _parse_key(f"{variable}, entry {number}", entry)
        if key_id in keys:
            raise ContactKeysInvalid(f"{variable}: the key id {key_id!r} is given twice")
        keys[key_id] = key
    return keys


def parse_public_keys(text: str, variable: str = PUBLIC_KEYS) -> dict[str, bytes]:
    """Return the public keys in *text* by id, in their order; raises as `parse_keys`, and for what seals nothing."""
    keys = parse_keys(text, variable)
    for key_id, key in keys.items():
        try:
            X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(key))
        except ValueError:
            raise ContactKeysInvalid(f"{variable} ({key_id}) is no public key of X25519") from None
    return keys


def public_of(private: bytes) -> bytes:
    """Return the public key that belongs to a private one, both of 32 bytes."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def as_text(keys: Mapping[str, bytes]) -> str:
    """Return keys as a setting holds them."""
    return ",".join(f"{key_id}:{base64.b64encode(key).decode()}" for key_id, key in keys.items())


def published(private_keys: str) -> str:
    """Return the public keys, as a setting holds them, of private ones; raise ContactKeysInvalid."""
    return as_text({key_id: public_of(key) for key_id, key in parse_keys(private_keys, PRIVATE_KEYS).items()})


def trial_keys(text: str, variable: str) -> list[str]:
    """Return a sentence for each key in *text* of which everybody can read the secret; raise ContactKeysInvalid."""
    return [
        f"{variable} must not hold the trial key that everybody can read ({key_id}); `tindak keys new` makes others"
        for key_id, key in parse_keys(text, variable).items()
        if key in (TRIAL_KEY, public_of(TRIAL_KEY))
    ]


def from_base64(text: str) -> bytes:
    """Return what *text* says in base64, in either alphabet; raise ValueError if it is none."""
    return base64.b64decode(text.translate(TO_STANDARD_ALPHABET).encode(), validate=True)


def _parse_key(where: str, entry: str) -> tuple[str, bytes]:
    """Return id and bytes of one entry; raise ContactKeysInvalid, which never quotes the key."""
    key_id, _, encoded = entry.partition(":")
    if not KEY_ID.fullmatch(key_id) or not encoded:
        raise ContactKeysInvalid(f"{where} is not of the form id:base64 (id: 1 to 32 letters, digits, _ . -)")
    try:
        key = from_base64(encoded)
    except ValueError:
        raise ContactKeysInvalid(f"{where} ({key_id}) is not base64") from None
    if len(key) != KEY_BYTES:
        raise ContactKeysInvalid(f"{where} ({key_id}) has {len(key)} bytes; a key has {KEY_BYTES}")
    return key_id, key
