"""The references that providers give back in their receipts: which ticket and which delivery, signed."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

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


def _mac(key: bytes, gateway: str, ids: bytes) -> bytes:
    return hmac.digest(key, gateway.encode() + b"|" + ids, hashlib.sha256)[:MAC_BYTES]
