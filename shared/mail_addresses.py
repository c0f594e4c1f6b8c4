"""Which texts are e-mail addresses that can be written to."""

import re
from email.errors import MessageError
from email.headerregistry import Address

BAD, NOT_ASCII = "bad_address", "address_not_ascii"
CHARACTERS_MAX = 254  # RFC 5321 section 4.5.3.1.3: a path of 256 less its angle brackets
LOCAL_PART_CHARACTERS_MAX = 64
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# Narrower than RFC 5321 section 4.1.2 on purpose: quoted local parts, address literals and domains of one label are
# mostly slips or attacks.
MAILBOX = re.compile(rf"(?P<local>{ATOM}(?:\.{ATOM})*)@{LABEL}(?:\.{LABEL})+")


class UnusableAddress(ValueError):
    """A text is no address, or none that we can write to; it is a code and never quotes the text."""


def header_address(text: str) -> Address:
    """Return the address that the standard library writes into a header for *text*, character by character the same.

    Raises:
        UnusableAddress: ``bad_address`` if to the parser of headers it is none, or another one; ``address_not_ascii``
            for one that only relays with SMTPUTF8 (RFC 6531) or an encoded domain could take.
    """
    if not text.isascii():
        raise UnusableAddress(NOT_ASCII)
    try:
        address = Address(addr_spec=text)
    # IndexError: a text that ends where the parser looks for more (Python 3.11).
    except (ValueError, MessageError, IndexError):
        raise UnusableAddress(BAD) from None
    if address.addr_spec != text:
        raise UnusableAddress(BAD)
    return address


def recipient_address(text: str) -> Address:
    """Return the address of somebody to be written to; raises as `header_address` does."""
    if text.isascii() and not _is_mailbox(text):
        raise UnusableAddress(BAD)
    # The parser of headers has the last word: to it `=?utf-8?q?a?=@warga.example` is an encoded word.
    return header_address(text)


def is_usable(text: str) -> bool:
    """Return whether *text* is an address that can be written to."""
    if "=?" not in text and _is_mailbox(text):
        return True  # without a look at the parser of headers, which would be the same: it takes 20 times as long
    try:
        recipient_address(text)
    except UnusableAddress:
        return False
    return True


def _is_mailbox(text: str) -> bool:
    found = MAILBOX.fullmatch(text)
    return found is not None and len(text) <= CHARACTERS_MAX and len(found["local"]) <= LOCAL_PART_CHARACTERS_MAX
