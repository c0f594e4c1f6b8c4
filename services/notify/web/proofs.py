"""Proves that a receipt is from the gateway that it is about; does no I/O."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl

from services.notify.policy.receipts import Proof
from shared.signatures import SecretInvalid, SignatureInvalid, equal, secret_keys, verify
from shared.values import value

FIELDS_MAX = 100


class Unreadable(Exception):
    """A call is none that the gateway's description knows."""


@value
class Call:
    """A call as it came.

    Args:
        url: The address that the gateway was given, without a query; empty where nobody has said what it is.
        query: As it stands in the address, encoded.
        headers: With names in lower case.
    """

    url: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""

    def of_query(self, name: str) -> str:
        """Return a value of the query, empty if it is not there; raise Unreadable if that is no query."""
        return next((given for key, given in form_of(self.query.encode()) if key == name), "")


def is_proven(proof: Proof, call: Call, secret: str, now: datetime) -> bool:
    """Return whether *call* bears what only the gateway can know.

    Args:
        secret: One or several, apart by spaces; none of them is empty.
        now: Aware; what is signed together with its time must not be old.
    """
    secrets = secret.split()
    match proof.kind:
        case "standard_webhooks":
            return _is_standard(call, secret, now)
        case "meta_hub":
            wanted = [f"sha256={hmac.digest(each.encode(), call.body, hashlib.sha256).hex()}" for each in secrets]
            return _is_one_of(call.headers.get("x-hub-signature-256", ""), wanted)
        case "twilio":
            signed = signed_by_twilio(call)
            digests = [hmac.digest(each.encode(), signed, hashlib.sha1) for each in secrets]
            wanted = [base64.b64encode(digest).decode() for digest in digests]
            return bool(call.url) and _is_one_of(call.headers.get("x-twilio-signature", ""), wanted)
        case "token":
            given = call.headers.get(proof.header.lower(), "") if proof.header else call.of_query(proof.query or "")
            return _is_one_of(given, secrets)


def is_subscription(call: Call, token: str) -> bool:
    """Return whether Meta asks if this address is ours, and knows the verify token."""
    return call.of_query("hub.mode") == "subscribe" and _is_one_of(call.of_query("hub.verify_token"), token.split())


def signed_by_twilio(call: Call) -> bytes:
    """Return what Twilio signs: the address with its query, and every field of the form with its value, by name.

    Source: https://www.twilio.com/docs/usage/security#validating-requests.
    """
    fields = sorted(set(form_of(call.body)))
    address = f"{call.url}?{call.query}" if call.query else call.url
    return (address + "".join(name + value for name, value in fields)).encode()


def form_of(body: bytes) -> list[tuple[str, str]]:
    """Return the fields of a form; raise Unreadable if it is none, or holds more than a hundred."""
    try:
        found = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        raise Unreadable from None
    if body and b"=" not in body:
        raise Unreadable
    return found


def _is_standard(call: Call, secret: str, now: datetime) -> bool:
    try:
        verify(call.headers, call.body, secret_keys(secret), now)
    except (SignatureInvalid, SecretInvalid):
        return False
    return True


def _is_one_of(given: str, wanted: Sequence[str]) -> bool:
    """Return whether *given* is one of *wanted*, each compared in a time that tells nothing."""
    return bool(given) and any(equal(given, each) for each in wanted)
