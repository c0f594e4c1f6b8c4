"""Makes and checks the tokens of links by which a reporter answers without a password; it knows no clock."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from shared.ids import part_id
from shared.sealing_keys import ContactKeysInvalid, parse_keys
from shared.values import value

LINK_KEYS = "TINDAK_LINK_KEYS"
MAIL = "mail"
MAC_BYTES = 16
EXPIRY_BYTES = 4
TICKET_BYTES = 16
PART_MAX = 255
TOKEN_SYMBOLS_MAX = 70  # what is longer is none: a link must fit into a short message
# RFC 2104 section 5 and RFC 4868 ask for half of the hash; 96 bits, as IPsec had for long, leave room for a mailbox.
MAIL_MAC_BYTES = 12


class LinkInvalid(Exception):
    """A token is none of ours, or not for this purpose; the sentence quotes nothing of it."""


class LinkExpired(Exception):
    """A token was ours, and is over."""


class Purpose(StrEnum):
    """What a token is good for; under another purpose it is none."""

    TICKET = "ticket"
    FORM = "form"
    REPLY = "reply"
    BOUNCE = "bounce"


@value
class LinkKeys:
    """The keys that sign, by id; the first one signs, the others are known for as long as their links last."""

    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def from_text(cls, text: str) -> "LinkKeys":
        """Return the keys of a setting, ``id:base64,id2:base64`` of 32 bytes each.

        Raises:
            ContactKeysInvalid: It is of another form, or an id has more than one symbol: it stands in every link.
        """
        keys = parse_keys(text, LINK_KEYS)
        if long := next((key_id for key_id in keys if not (len(key_id) == 1 and key_id.isalnum())), None):
            raise ContactKeysInvalid(f"{LINK_KEYS}: the key id {long!r} is not one letter or digit")
        return cls(keys)

    def sign(self, purpose: Purpose, content: bytes, expires_at: datetime, bound_to: str = "") -> str:
        """Return a token of letters, digits, ``-`` and ``_``.

        Args:
            purpose: Under which it can be opened.
            content: Anybody can read it; nobody can change it.
            expires_at: Aware; whole seconds count.
            bound_to: The token that this one belongs to; it can be opened beside that one only.
        """
        key_id, key = next(iter(self.keys.items()))
        signed = content + int(expires_at.timestamp()).to_bytes(EXPIRY_BYTES)
        return key_id + _as_text(signed + _mac(key, key_id, purpose, bound_to, signed))

    def open(self, purpose: Purpose, token: str, now: datetime, bound_to: str = "") -> bytes:
        """Return the content of a token.

        Raises:
            LinkInvalid: It is forged or spelled otherwise, its key is gone, or it is for something else.
            LinkExpired: *now* is when it expires, or later.
        """
        key = self.keys.get(token[:1])
        whole = _from_text(token[1:]) if key and len(token) <= TOKEN_SYMBOLS_MAX else b""
        signed, mac = whole[:-MAC_BYTES], whole[-MAC_BYTES:]
        if key is None or len(signed) < EXPIRY_BYTES:
            raise LinkInvalid("not a link of ours")
        if not hmac.compare_digest(mac, _mac(key, token[:1], purpose, bound_to, signed)):
            raise LinkInvalid("not a link of ours")
        content, expiry = signed[:-EXPIRY_BYTES], signed[-EXPIRY_BYTES:]
        _refuse_expired(expiry, now)
        return content

    def sign_for_mail(self, purpose: Purpose, content: bytes, expires_at: datetime | None = None) -> str:
        """Return a token of lower-case letters and digits, which stays itself whatever a mail system does to case.

        Args:
            purpose: As in `sign`.
            content: As in `sign`.
            expires_at: Aware; whole seconds count. None: it never expires.
        """
        key_id, key = next(iter(self.keys.items()))
        signed = content + (int(expires_at.timestamp()).to_bytes(EXPIRY_BYTES) if expires_at else b"")
        whole = signed + _mac(key, key_id, purpose, MAIL, signed)[:MAIL_MAC_BYTES]
        return (key_id + base64.b32encode(whole).decode().rstrip("=")).lower()

    def open_from_mail(self, purpose: Purpose, token: str, bytes_: int, now: datetime | None = None) -> bytes:
        """Return the content of a token of `sign_for_mail`, in any case.

        Args:
            bytes_: Of the content.
            now: Aware, for a token that expires; None for one that never does.

        Raises:
            LinkInvalid, LinkExpired: As in `open`.
        """
        whole = _from_base32(token[1:]) if len(token) <= TOKEN_SYMBOLS_MAX else b""
        signed, mac = whole[:-MAIL_MAC_BYTES], whole[-MAIL_MAC_BYTES:]
        if len(signed) != bytes_ + (EXPIRY_BYTES if now else 0):
            raise LinkInvalid("not a link of ours")
        # Ids of keys may differ in case alone, of which nothing is left here.
        known = [key_id for key_id in self.keys if key_id.lower() == token[:1].lower()]
        wanted = [_mac(self.keys[key_id], key_id, purpose, MAIL, signed)[:MAIL_MAC_BYTES] for key_id in known]
        if not any(hmac.compare_digest(mac, each) for each in wanted):
            raise LinkInvalid("not a link of ours")
        if now is not None:
            _refuse_expired(signed[bytes_:], now)
        return signed[:bytes_]


@value
class LinkTarget:
    """What a link leads to: a ticket, or a part of it by its number from 1; 0 is the whole."""

    ticket_id: str
    part: int = 0

    @property
    def answered_id(self) -> str:
        """Return the id of the ticket, or of the part, that is answered."""
        return part_id(self.ticket_id, self.part) if self.part else self.ticket_id


def ticket_token(keys: LinkKeys, target: LinkTarget, expires_at: datetime) -> str:
    """Return the token of a link to *target*, of 51 symbols, the last of them a letter.

    Raises:
        ValueError: The ticket's id is no UUID, or the part's number is beyond 255.
    """
    content = UUID(target.ticket_id).bytes + bytes((target.part,))
    return keys.sign(Purpose.TICKET, content, expires_at)


def target_of(keys: LinkKeys, token: str, now: datetime) -> LinkTarget:
    """Return what a link leads to; raises as `LinkKeys.open` does."""
    content = keys.open(Purpose.TICKET, token, now)
    if len(content) != TICKET_BYTES + 1:
        raise LinkInvalid("not a link of ours")
    return LinkTarget(str(UUID(bytes=content[:TICKET_BYTES])), content[TICKET_BYTES])


def _refuse_expired(expiry: bytes, now: datetime) -> None:
    if now >= datetime.fromtimestamp(int.from_bytes(expiry), UTC):
        raise LinkExpired("the link is over")


def _mac(key: bytes, key_id: str, purpose: Purpose, bound_to: str, signed: bytes) -> bytes:
    said = "\0".join(("tindak.link", key_id, purpose, bound_to, "")).encode()
    return hmac.digest(key, said + signed, hashlib.sha256)[:MAC_BYTES]


def _as_text(whole: bytes) -> str:
    return base64.urlsafe_b64encode(whole).decode().rstrip("=")


def _from_text(text: str) -> bytes:
    """Return what *text* says; nothing if we would spell it otherwise, for base64 has spare bits at its end."""
    try:
        whole = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error):
        return b""
    return whole if _as_text(whole) == text else b""


def _from_base32(text: str) -> bytes:
    """Return what *text* says in any case; nothing if it says nothing, or we would spell it otherwise."""
    spelled = text.upper()
    try:
        whole = base64.b32decode(spelled.encode("ascii") + b"=" * (-len(spelled) % 8))
    except (UnicodeEncodeError, binascii.Error):
        return b""
    return whole if base64.b32encode(whole).decode().rstrip("=") == spelled else b""
