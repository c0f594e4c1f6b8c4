"""The references that providers give back in their receipts: which ticket and which delivery, signed."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from services.notify.channels import Message
from services.notify.policy.receipts import ReceiptForm
from shared.values import value

PURPOSE = b"tindak.notify.receipts"
MAC_BYTES = 16
BYTES = 16 + 16 + MAC_BYTES
CHARACTERS = BYTES * 4 // 3


@value
class Reference:
    """What a receipt is about."""

    ticket_id: str
    delivery_id: str


class References:
    """Makes and reads references of 64 characters, of letters, digits, ``-`` and ``_``.

    So a receipt needs no index of the providers' ids, and a message no further write. A reference that was made for one
    gateway is none for another.

    Args:
        keys: At least one, the current one first; each is used for this purpose alone.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.keys = [hmac.digest(key, PURPOSE, hashlib.sha256) for key in keys]

    def of(self, gateway: str, ticket_id: str, delivery_id: str) -> str:
        """Return the reference that goes with a message to *gateway*; both ids are UUIDs."""
        ids = UUID(ticket_id).bytes + UUID(delivery_id).bytes
        return base64.urlsafe_b64encode(ids + _mac(self.keys[0], gateway, ids)).decode()

    def read(self, gateway: str, text: str) -> Reference | None:
        """Return what *text* stands for; None if it is no reference of ours for that gateway."""
        if len(text) != CHARACTERS or not text.isascii():
            return None
        try:
            raw = base64.b64decode(text, altchars=b"-_", validate=True)
        except binascii.Error:
            return None
        ids, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        known = [hmac.compare_digest(mac, _mac(key, gateway, ids)) for key in self.keys]
        return Reference(str(UUID(bytes=ids[:16])), str(UUID(bytes=ids[16:]))) if any(known) else None


@value
class ReceiptRequest:
    """How a gateway is asked, with each message, to say what becomes of it.

    Args:
        code: Under which its receipts are described and come back.
        address: Where they come back.
        query: The name that the reference has in the address; None where the message itself bears it.
        within: How long after sending it may say that a message did not arrive.
    """

    code: str
    address: str
    query: str | None
    within: timedelta
    references: References

    def reference(self, message: Message) -> str:
        """Return the reference that goes with *message*."""
        return self.references.of(self.code, message.ticket_id, message.id)

    def url(self, message: Message) -> str:
        """Return where the receipts of *message* come back."""
        return f"{self.address}?{self.query}={self.reference(message)}" if self.query else self.address


def receipt_requests(
    forms: Mapping[str, ReceiptForm], environment: Mapping[str, str], base_url: str, references: References
) -> dict[str, ReceiptRequest]:
    """Return how each gateway is asked, by its code; only those whose receipts could be proven.

    Args:
        environment: Holds the secrets, under the names that the forms say.
        base_url: Where the server that takes receipts is reached from outside, without a slash at the end.
    """
    found: dict[str, ReceiptRequest] = {}
    for code, form in forms.items():
        if form.proof.is_set_up(environment):
            request = ReceiptRequest(
                code, f"{base_url}/receipts/{code}", form.reference_query, form.wait_for, references
            )
            found |= dict.fromkeys((code, *form.shared_by), request)
    return found


def _mac(key: bytes, gateway: str, ids: bytes) -> bytes:
    return hmac.digest(key, gateway.encode() + b"|" + ids, hashlib.sha256)[:MAC_BYTES]
