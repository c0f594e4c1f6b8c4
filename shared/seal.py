"""Seals a reporter's contact with a public key: who seals cannot open (HPKE, RFC 9180)."""

import base64
from collections.abc import Mapping
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from shared.events import Locale, Model, Reporter, SealScheme
from shared.sealing_keys import FORMER_KEYS, PRIVATE_KEYS, PUBLIC_KEYS, from_base64, parse_keys, parse_public_keys

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
FORMER_NONCE_BYTES = 12  # in front of what release 0.1.0 sealed
AS_GIVEN = tuple(name for name in Reporter.model_fields if name != "email")


class Contact(Model):
    """Who reports and how to reach them: what is sealed. A field is None where the reporter gave nothing."""

    channel: str | None = None
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    national_id: str | None = None
    locale: Locale = Locale.INDONESIAN
    preferred_channel: str | None = None

    @classmethod
    def of(cls, reporter: Reporter, channel: str | None = None) -> Self:
        """Return how the *reporter* of a channel is reached."""
        given = {name: said for name in AS_GIVEN if (said := getattr(reporter, name)) is not None}
        return cls(channel=channel, email=(reporter.email or "").strip() or None, **given)


class SealError(Exception):
    """Something sealed cannot be opened; the sentence holds neither a key nor what was sealed."""


class UnknownContactKey(SealError):
    """A contact was sealed with a key that is not, or no longer, among the keys at hand."""

    def __init__(self, key_id: str, variable: str = PRIVATE_KEYS) -> None:
        super().__init__(f"contact key {key_id!r} is not in {variable}")
        self.key_id = key_id


class ContactUnreadable(SealError):
    """The seal is broken: changed, cut, bound to something else, or of another key of the same id."""

    def __init__(self) -> None:
        super().__init__("the sealed contact cannot be opened: it is not what was sealed")


class ReporterUnreadable(ContactUnreadable):
    """What a channel has sealed cannot be opened, or is no reporter; trying again cannot help."""


def channel_info(channel: str, source_id: str) -> str:
    """Return what a channel binds a contact to, which it seals before the report has a ticket."""
    return f"{channel}|{source_id}"


def channel_in(info: str) -> str:
    """Return the channel that a contact is bound to, see `channel_info`; no code of a channel holds a stroke."""
    return info.partition("|")[0]


class Sealer:
    """Seals with the first of some public keys, and cannot open what it sealed.

    Args:
        keys: 32 bytes each, by key id; the first one seals.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self.keys = {key_id: X25519PublicKey.from_public_bytes(key) for key_id, key in keys.items()}
        self.current = next(iter(keys))

    @classmethod
    def from_text(cls, text: str, variable: str = PUBLIC_KEYS) -> Self:
        """Return the sealer that *variable* describes: ``id:base64,id2:base64``, the first is current.

        Raises:
            ContactKeysInvalid: With the entry that is wrong, by its number.
        """
        return cls(parse_public_keys(text, variable))

    def seal(self, info: str, plain: bytes) -> tuple[str, str]:
        """Return *plain* sealed and bound to *info*, in base64, and the id of the key; never the same text twice."""
        sealed = SUITE.encrypt(plain, self.keys[self.current], info.encode())
        return base64.b64encode(sealed).decode(), self.current

    def seal_contact(self, ticket_id: str, contact: Contact) -> tuple[str, str]:
        """Return a contact sealed for that ticket, in base64, and the id of the key."""
        return self.seal(ticket_id, contact.model_dump_json(exclude_none=True).encode())


class Opener:
    """Opens what was sealed with the public keys that belong to its private ones.

    Args:
        keys: Private keys, 32 bytes each, by key id.
        former: Keys of release 0.1.0, by which it sealed and opened (AES-256-GCM); 32 bytes each, by key id.
    """

    def __init__(self, keys: Mapping[str, bytes], former: Mapping[str, bytes] | None = None) -> None:
        self.keys = {key_id: X25519PrivateKey.from_private_bytes(key) for key_id, key in keys.items()}
        self.former = {key_id: AESGCM(key) for key_id, key in (former or {}).items()}

    @classmethod
    def from_text(cls, text: str, former: str = "") -> Self:
        """Return the opener that ``TINDAK_CONTACT_PRIVATE_KEYS`` and, unless empty, ``TINDAK_CONTACT_KEYS`` describe.

        Raises:
            ContactKeysInvalid: With the entry that is wrong, by its number.
        """
        return cls(parse_keys(text, PRIVATE_KEYS), parse_keys(former, FORMER_KEYS) if former else None)

    def open(self, info: str, sealed: str, key_id: str, scheme: SealScheme = SealScheme.HPKE) -> bytes:
        """Return what was sealed and bound to *info*.

        Raises:
            UnknownContactKey: The key is not at hand.
            ContactUnreadable: It is not what was sealed, or is bound to something else.
        """
        variable, keys = (FORMER_KEYS, self.former) if scheme is SealScheme.AES_256_GCM else (PRIVATE_KEYS, self.keys)
        if key_id not in keys:
            raise UnknownContactKey(key_id, variable)
        try:
            return self._decrypted(from_base64(sealed), key_id, scheme, info.encode())
        except (InvalidTag, ValueError):
            raise ContactUnreadable from None

    def _decrypted(self, raw: bytes, key_id: str, scheme: SealScheme, info: bytes) -> bytes:
        if scheme is SealScheme.AES_256_GCM:
            return self.former[key_id].decrypt(raw[:FORMER_NONCE_BYTES], raw[FORMER_NONCE_BYTES:], info)
        return SUITE.decrypt(raw, self.keys[key_id], info)

    def open_contact(
        self, ticket_id: str, sealed: str, key_id: str, scheme: SealScheme = SealScheme.HPKE, info: str | None = None
    ) -> Contact:
        """Return the contact of that ticket, which is bound to its id, or to *info* if a channel has sealed it.

        What a channel has sealed nobody has looked at yet: it must be a reporter as it might have come in the open, and
        is that channel's, whatever stands inside.
        Raises as `open` does, and ReporterUnreadable for ContactUnreadable if a channel has sealed it.
        """
        try:
            plain = self.open(ticket_id if info is None else info, sealed, key_id, scheme)
            if info is not None:
                return Contact.of(Reporter.model_validate_json(plain), channel_in(info))
            return Contact.model_validate_json(plain)
        except (ContactUnreadable, ValueError):
            raise (ContactUnreadable if info is None else ReporterUnreadable) from None
