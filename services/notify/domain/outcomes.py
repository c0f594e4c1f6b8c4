"""How an attempt to send a message can end."""

from datetime import datetime, timedelta
from enum import StrEnum

from shared.values import value


@value
class Delivered:
    """The channel's provider took the message; *receipt_within* such a time it says if it did not arrive."""

    channel: str
    provider_id: str | None = None
    receipt_within: timedelta | None = None


@value
class Refused:
    """It cannot be delivered this way, today or later; *error* is a code without any address."""

    channel: str
    error: str


class Setback(StrEnum):
    """What an attempt failed at that may succeed later."""

    MESSAGE = "message"
    """This message or its recipient; the gateway is well."""
    GATEWAY = "gateway"
    """The gateway is out of reach, too slow, or failing; whether it has the message is unknown."""
    UNTAKEN = "untaken"
    """The same, but it has surely not taken the message: another gateway may be given it."""
    UNASKED = "unasked"
    """No gateway was asked: it is known to fail, or has too much to do."""


@value
class Deferred:
    """It could not be delivered now; *error* is a code without any address.

    Args:
        setback: What it failed at.
        wait_for: At least so long, the gateway wants to be left alone.
    """

    channel: str
    error: str
    setback: Setback = Setback.MESSAGE
    wait_for: timedelta = timedelta()


@value
class Withheld:
    """There is no way to reach the recipient."""

    why: str


@value
class Postponed:
    """Nothing was tried: there is no room for it before *until*, and *why* is a code."""

    why: str
    until: datetime


@value
class Untried:
    """Nothing was tried: the lease would have run out meanwhile, or the process is ending."""


HandedOver = Delivered | Refused | Deferred
Outcome = HandedOver | Withheld | Postponed | Untried
