"""Derives ticket ids from the channels' own, often running, ids, so that nobody without the deployment's key can."""

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import field
from functools import lru_cache
from typing import Self

from shared.values import value

KEY_BYTES_MIN = 32  # no fewer than the hash gives: RFC 2104, section 3
LOCAL_KEY = base64.b64encode(b"this id key is public, do not use").decode()
"""The key of the local profile, for everybody to read; ids under it can be computed by everybody."""

IDS_REMEMBERED_MAX = 2_048  # more than a batch has: each is asked for when it is read, and when it is decided
VARIANT = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}


class IdKeyInvalid(ValueError):
    """The text is no key for ticket ids; the sentence does not quote it."""


@value
class TicketIds:
    """The ticket ids of a deployment.

    The same report is the same ticket for as long as the key stays; under another key all known reports would be new.

    Args:
        key: At least 32 bytes.
    """

    key: bytes = field(repr=False)
    _keyed: hmac.HMAC = field(init=False, repr=False, compare=False)
    _remembered: Callable[[str, str], str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.key) < KEY_BYTES_MIN:
            raise IdKeyInvalid(f"TINDAK_ID_KEY has {len(self.key)} bytes; it needs at least {KEY_BYTES_MIN}")
        # To take in the key and to look up the hash is most of the work.
        object.__setattr__(self, "_keyed", hmac.new(self.key, digestmod="sha256"))
        object.__setattr__(self, "_remembered", lru_cache(IDS_REMEMBERED_MAX)(self._derived))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the ids under a key that is written in base64; raise IdKeyInvalid if it is none."""
        try:
            key = base64.b64decode(text.strip().translate(str.maketrans("-_", "+/")), validate=True)
        except (binascii.Error, ValueError):
            raise IdKeyInvalid("TINDAK_ID_KEY is not base64") from None
        return cls(key)

    def of(self, channel: str, source_id: str) -> str:
        """Return the id of the ticket that this report of this channel is, was and will be.

        The first 128 bits of HMAC-SHA256 over ``<channel>|<source_id>`` as a UUID of version 8, the one for what is
        made in a way of one's own (RFC 9562, section 5.8). Versions 3 and 5 promise MD5 and SHA-1 of a public name.
        """
        return self._remembered(channel, source_id)

    def _derived(self, channel: str, source_id: str) -> str:
        keyed = self._keyed.copy()
        keyed.update(f"{channel}|{source_id}".encode())
        text = keyed.hexdigest()
        return f"{text[:8]}-{text[8:12]}-8{text[13:16]}-{VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"
