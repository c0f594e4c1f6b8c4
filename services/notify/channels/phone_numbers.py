"""Reads telephone numbers as reporters write them, and writes them as gateways want them."""

import re
from enum import StrEnum

INDONESIA = "62"
BAD, FOREIGN = "bad_number", "foreign_number"
SEPARATORS = re.compile(r"[\s().\-/\u2010-\u2015]+")
# E.164: at most 15 digits with the country's; no subscriber can be reached by fewer than eight.
NUMBER = re.compile(r"[1-9][0-9]{7,14}")
CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{4,31}")


class AddressForm(StrEnum):
    """How a gateway wants an address to be written."""

    E164 = "e164"
    """``+6281234567890``."""
    DIGITS = "digits"
    """``6281234567890``."""
    LOCAL = "local"
    """``081234567890``; Indonesian numbers only."""
    CHAT = "chat"
    """A chat id or the ``@name`` of a channel, as it is."""


class UnusableNumber(ValueError):
    """A text is no number, or none that the gateway can write to; it is a code and never quotes the text."""


def written(text: str, form: AddressForm) -> str:
    """Return *text* in *form*; raise UnusableNumber."""
    if form is AddressForm.CHAT:
        if not CHAT.fullmatch(text.strip()):
            raise UnusableNumber("bad_chat")
        return text.strip()
    digits = _digits(text)
    match form:
        case AddressForm.E164:
            return f"+{digits}"
        case AddressForm.DIGITS:
            return digits
        case AddressForm.LOCAL:
            if not digits.startswith(INDONESIA):
                raise UnusableNumber(FOREIGN)
            return f"0{digits.removeprefix(INDONESIA)}"


def _digits(text: str) -> str:
    """Return the number with its country's digits; one without them is Indonesian, with or without its leading 0."""
    plain = SEPARATORS.sub("", text)
    if plain.startswith(("+", "00")):
        digits = plain.removeprefix("+").removeprefix("00")
    elif plain.startswith("0"):
        digits = INDONESIA + plain[1:]
    elif plain.startswith("8"):
        digits = INDONESIA + plain
    else:
        digits = plain
    if digits.startswith(f"{INDONESIA}0"):  # +62 (0)812, as it stands on letterheads
        digits = INDONESIA + digits[3:]
    if not NUMBER.fullmatch(digits):
        raise UnusableNumber(BAD)
    return digits
