"""Seals a reporter's contact so that only holders of a key can read it."""

import base64
import binascii
import os
import re
from collections.abc import Callable, Mapping
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.events import Locale, Model

KEY_BYTES = 32
NONCE_BYTES = 12  # NIST SP 800-38D section 8.2: 96 bits; random ones are good for 2**32 messages of a key
TRIAL_KEY = b"this key is public, do not use!!"  # in docker-compose.yml, for everybody to read
KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")


class Contact(Model):
    """Who reports and how to reach them: what is sealed. A field is None where the reporter gave nothing."""

    channel: str
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    national_id: str | None = None
    locale: Locale = Locale.INDONESIAN
    preferred_channel: str | None = None


class SealError(Exception):
    """A contact cannot be sealed or opened; the sentence holds neither key nor contact."""


class ContactKeysInvalid(SealError, ValueError):
    """The setting that holds the keys is not of the form ``id:base64,id2:base64``."""


class UnknownContactKey(SealError):
    """A contact was sealed with a key that is not, or no longer, among the keys at hand."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"contact key {key_id!r} is not in TINDAK_CONTACT_KEYS")
        self.key_id = key_id


class ContactUnreadable(SealError):
    """The seal is broken: changed, cut, sealed for another ticket, or with another key of the same id."""

    def __init__(self, ticket_id: str) -> None:
        super().__init__(f"the sealed contact of ticket {ticket_id} cannot be opened: it is not what was sealed")
        self.ticket_id = ticket_id


class Sealer:
    """Seals with the current key and opens with any.

    Authenticated encryption (AES-256-GCM). The ticket id is authenticated with it, so that a contact cannot be moved
    to another ticket. To rotate, put a new key first and keep the old ones for as long as something sealed with them
    is kept.

    Args:
        keys: 32 bytes each, by key id.
        current: Id of the key that seals.
        draw: Source of nonces; returns that many bytes, never the same twice under one key.
    """

    def __init__(self, keys: Mapping[str, bytes], current: str, draw: Callable[[int], bytes] = os.urandom) -> None:
        self.ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.current = current
        self.draw = draw

    @classmethod
    def from_text(cls, text: str, draw: Callable[[int], bytes] = os.urandom) -> Self:
        """Return the sealer that ``TINDAK_CONTACT_KEYS`` describes: ``id:base64,id2:base64``, the first is current.

        Raises:
            ContactKeysInvalid: With the entry that is wrong, by its number.
        """
        keys: dict[str, bytes] = {}
        for key_id, key in _parse_keys(text):
            if key_id in keys:
                raise ContactKeysInvalid(f"TINDAK_CONTACT_KEYS: the key id {key_id!r} is given twice")
            keys[key_id] = key
        return cls(keys, next(iter(keys)), draw)

    def seal(self, ticket_id: str, contact: bytes) -> tuple[str, str]:
        """Return *contact* sealed for that ticket, as text, and the id of the key."""
        nonce = self.draw(NONCE_BYTES)
        sealed = nonce + self.ciphers[self.current].encrypt(nonce, contact, ticket_id.encode())
        return base64.urlsafe_b64encode(sealed).decode(), self.current

    def open(self, ticket_id: str, sealed: str, key_id: str) -> bytes:
        """Return what was sealed for that ticket.

        Raises:
            UnknownContactKey: The key is not at hand.
            ContactUnreadable: It is not what was sealed, or was sealed for another ticket.
        """
        if key_id not in self.ciphers:
            raise UnknownContactKey(key_id)
        try:
            raw = base64.urlsafe_b64decode(sealed.encode())
            return self.ciphers[key_id].decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], ticket_id.encode())
        except (InvalidTag, ValueError):
            raise ContactUnreadable(ticket_id) from None

    def seal_contact(self, ticket_id: str, contact: Contact) -> tuple[str, str]:
        """Return a contact sealed for that ticket, as text, and the id of the key."""
        return self.seal(ticket_id, contact.model_dump_json(exclude_none=True).encode())

    def open_contact(self, ticket_id: str, sealed: str, key_id: str) -> Contact:
        """Return the contact that was sealed for that ticket; raises as `open` does."""
        try:
            return Contact.model_validate_json(self.open(ticket_id, sealed, key_id))
        except ValueError:
            raise ContactUnreadable(ticket_id) from None


def public_keys(text: str) -> list[str]:
    """Return a sentence for each key of ``TINDAK_CONTACT_KEYS`` that everybody can read; raise ContactKeysInvalid."""
    return [
        f"TINDAK_CONTACT_KEYS must not hold the public trial key ({key_id}); `tindak keys new` makes one"
        for key_id, key in _parse_keys(text)
        if key == TRIAL_KEY
    ]


def _parse_keys(text: str) -> list[tuple[str, bytes]]:
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    if not entries:
        raise ContactKeysInvalid("TINDAK_CONTACT_KEYS is empty: give at least one key as id:base64")
    return [_parse_key(number, entry) for number, entry in enumerate(entries, start=1)]


def _parse_key(number: int, entry: str) -> tuple[str, bytes]:
    """Return id and bytes of one entry, the *number*-th; raise ContactKeysInvalid, which never quotes the key."""
    key_id, _, encoded = entry.partition(":")
    where = f"TINDAK_CONTACT_KEYS, entry {number}"
    if not KEY_ID.fullmatch(key_id) or not encoded:
        raise ContactKeysInvalid(f"{where} is not of the form id:base64 (id: 1 to 32 letters, digits, _ . -)")
    try:
        key = base64.b64decode(encoded.translate(str.maketrans("-_", "+/")), validate=True)
    except binascii.Error:
        raise ContactKeysInvalid(f"{where} ({key_id}) is not base64") from None
    if len(key) != KEY_BYTES:
        raise ContactKeysInvalid(f"{where} ({key_id}) has {len(key)} bytes; a key has {KEY_BYTES}")
    return key_id, key
