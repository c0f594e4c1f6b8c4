"""Signs and verifies calls between servers as Standard Webhooks 1.0 has it; does no I/O.

Source: https://www.standardwebhooks.com, of which the three headers, the signed content ``id.timestamp.body`` and the
form of secrets and signatures are taken.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

SECRET_PREFIX = "whsec_"  # noqa: S105  # what secrets begin with, and none itself
KEY_BYTES_MIN, KEY_BYTES_MAX = 24, 64
SIGNATURES_MAX = 10
TOLERANCE = timedelta(minutes=5)
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


class SecretInvalid(ValueError):
    """A secret is none; the message says why and never quotes it."""


class SignatureInvalid(Exception):
    """A call is not from whom it says, or is an old one; the text is a code."""


def secret_keys(text: str) -> tuple[bytes, ...]:
    """Return the keys of one or several secrets apart by spaces, the newest first.

    Raises:
        SecretInvalid: There is none, or one is not ``whsec_`` and base64 of 24 to 64 bytes.
    """
    keys = tuple(_key_of(secret) for secret in text.split())
    if not keys:
        raise SecretInvalid("there is no secret")
    return keys


def _key_of(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not KEY_BYTES_MIN <= len(key) <= KEY_BYTES_MAX:
        raise SecretInvalid(f"a secret is {SECRET_PREFIX} and base64 of {KEY_BYTES_MIN} to {KEY_BYTES_MAX} bytes")
    return key


def signed_headers(id_: str, body: bytes, keys: Sequence[bytes], now: datetime) -> dict[str, str]:
    """Return the headers that go with *body*: one signature for each key, so that either verifies during a rotation.

    Args:
        id_: The same at each attempt to send it, so that a repeat can be recognised.
        body: As it is sent, to the byte.
        keys: At least one.
        now: Aware; whole seconds of it are signed.
    """
    timestamp = str(int(now.timestamp()))
    signatures = " ".join(_signature(id_, timestamp, body, key) for key in keys)
    return {ID: id_, TIMESTAMP: timestamp, SIGNATURE: signatures}


def verify(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: datetime) -> None:
    """Return if the call is signed with one of *keys*, at most five minutes before or after *now*.

    Args:
        headers: With names in lower case.
        body: As it came, to the byte.
        now: Aware.

    Raises:
        SignatureInvalid: ``missing_header``, ``bad_id``, ``bad_timestamp``, ``too_old`` (or as far in the future), or
            ``mismatch``.
    """
    id_, timestamp, given = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not id_ or not timestamp or not given:
        raise SignatureInvalid("missing_header")
    if "." in id_:  # it could be read as the beginning of the timestamp, and that as the beginning of the body
        raise SignatureInvalid("bad_id")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureInvalid("bad_timestamp")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise SignatureInvalid("too_old")
    wanted = [_signature(id_, timestamp, body, key) for key in keys]
    found = [equal(one, each) for one in given.split()[:SIGNATURES_MAX] for each in wanted]
    if not any(found):
        raise SignatureInvalid("mismatch")


def _signature(id_: str, timestamp: str, body: bytes, key: bytes) -> str:
    digest = hmac.digest(key, f"{id_}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def equal(given: str, wanted: str) -> bool:
    """Return whether two texts are the same, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(given.encode(errors="surrogateescape"), wanted.encode(errors="surrogateescape"))
