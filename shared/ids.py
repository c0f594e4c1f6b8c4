"""Ids derived from what they name, so that a repeat gets the same id; nothing here is random, and nothing secret."""

import hashlib
from functools import lru_cache
from uuid import UUID, uuid5

NAMESPACE = UUID("6d3f2c5e-1d5b-5c0e-9a53-3f0b6f1c7a10")

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_SYMBOLS = CROCKFORD + "*~$=U"
UNSAYABLE = len(CHECK_SYMBOLS) - len(CROCKFORD)
FORGIVEN = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
TRACKING_SYMBOLS = 10
PAIRS = [first + second for first in CROCKFORD for second in CROCKFORD]
VARIANT_OF = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))  # RFC 9562: of that digit the two upper bits are 10
NAMESPACES_REMEMBERED_MAX = 1024  # the facts of one cause are named one after the other
OUTSIDE_CAUSES_REMEMBERED_MAX = 2048  # of a batch, each asked for at every step of its way


def part_id(ticket: str, number: int) -> str:
    """Return the id of the part with that number, from 1, into which a ticket is divided."""
    return str(uuid5(UUID(ticket), f"part|{number}"))


def event_id(cause_id: str, event_type: str, index: int) -> str:
    """Return the id of the *index*-th event of that type which the cause brought about."""
    return named(cause_id, f"{event_type}|{index}")


@lru_cache(maxsize=OUTSIDE_CAUSES_REMEMBERED_MAX)
def outside_cause_id(outsiders_id: str, ticket: str) -> str:
    """Return the cause id of an event that an outsider wrote about a ticket."""
    return named(outsiders_id, ticket)


def record_id(topic: str, partition: int, offset: int) -> str:
    """Return an id for a record that may have no usable one of its own."""
    return str(uuid5(NAMESPACE, f"{topic}/{partition}/{offset}"))


def occasion_id(ticket: str, occasion: str) -> str:
    """Return the id of something that time brings about at most once in a ticket's life."""
    return named(ticket, occasion)


def named(namespace: str, name: str) -> str:
    """Return the UUID of version 5 that *name* has in a *namespace*: what `uuid.uuid5` gives, in a quarter of the time.

    Raises:
        ValueError: *namespace* is no UUID in its usual spelling.
    """
    digest = hashlib.sha1(_bytes_of(namespace) + name.encode(), usedforsecurity=False).hexdigest()
    variant = VARIANT_OF[digest[16]]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


@lru_cache(maxsize=NAMESPACES_REMEMBERED_MAX)
def _bytes_of(namespace: str) -> bytes:
    within = bytes.fromhex(namespace.replace("-", ""))
    if len(within) != 16:
        raise ValueError(f"badly formed UUID {namespace!r}")
    return within


def tracking_id(ticket: str, attempt: int = 0) -> str:
    """Return the id that people read out: ten Crockford symbols and one that checks them, as ``K7QF-9D2MX-4Q``.

    Letters and digits only: a number that Crockford's check symbols ``*~$=U`` would check, which cannot be read out and
    break links, gives way to one that a letter checks.

    Args:
        ticket: Ticket id.
        attempt: 0 unless another ticket already holds the id; each further attempt gives another one.

    Source:
        Crockford base32, https://www.crockford.com/base32.html (check symbol: value modulo 37).
    """
    number = int(named(ticket, f"tracking|{attempt}").replace("-", ""), 16) >> (128 - 5 * TRACKING_SYMBOLS)
    if number % len(CHECK_SYMBOLS) >= len(CROCKFORD):
        number -= UNSAYABLE
    return _grouped(number)


def _grouped(number: int) -> str:
    symbols = "".join([PAIRS[number >> shift & 1023] for shift in range(5 * (TRACKING_SYMBOLS - 2), -1, -10)])
    whole = symbols + CHECK_SYMBOLS[number % len(CHECK_SYMBOLS)]
    return f"{whole[:4]}-{whole[4:9]}-{whole[9:]}"


def parse_tracking_id(text: str) -> str | None:
    """Return the tracking id that a person meant, or None if *text* can be none.

    Any case is accepted, with or without dashes and spaces; O is read as 0, I and L as 1. So are ids of release 0.1.0
    that end in one of ``*~$=U``. One mistaken symbol, or two neighbours that changed places, make it no id: 37 is
    prime, and greater than the number of symbols.
    """
    symbols = text.upper().translate(FORGIVEN)
    if len(symbols) != TRACKING_SYMBOLS + 1 or any(symbol not in CROCKFORD for symbol in symbols[:-1]):
        return None
    number = 0
    for symbol in symbols[:-1]:
        number = number * 32 + CROCKFORD.index(symbol)
    return _grouped(number) if CHECK_SYMBOLS[number % len(CHECK_SYMBOLS)] == symbols[-1] else None
