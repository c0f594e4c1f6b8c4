"""Admits messages to an address of a reporter: a limit over all tickets, and one message before the owner shows up."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta

from shared.values import replace, value

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADDRESS_LIMIT, ADDRESS_UNVERIFIED = "address_limit", "address_unverified"
UNDOTTED = frozenset({"gmail.com", "googlemail.com"})  # dots make no difference in front of these


@value
class AddressLimits:
    """How many messages one address gets over all tickets, and how long it is remembered after the last.

    Args:
        hourly_max: In any hour.
        daily_max: In any 24 hours.
    """

    hourly_max: int = 12
    daily_max: int = 30
    remembered_for: timedelta = timedelta(days=180)


@value
class AddressRecord:
    """What is remembered of an address; it does not hold the address.

    Args:
        is_verified: Whether somebody who can be reached there is known to have reported.
        introduced_by: The delivery that was the one message to an address that is not verified.
        admitted: When each delivery of the last 24 hours was admitted.
    """

    is_verified: bool = False
    introduced_by: str | None = None
    admitted: Mapping[str, datetime] = field(default_factory=dict)


@value
class Admitted:
    """The message may go out; *as_introduction* where it must be the one that says how to stop it."""

    as_introduction: bool = False


@value
class Barred:
    """The message may not go out."""

    why: str


Admission = Admitted | Barred


def admit(
    record: AddressRecord, delivery_id: str, limits: AddressLimits, now: datetime, *, is_verified: bool
) -> tuple[AddressRecord, Admission]:
    """Return what is remembered from now on, and whether a delivery may go to the address.

    A delivery that was admitted in the last 24 hours is admitted again and not counted twice, whoever died meanwhile.

    Args:
        record: What is remembered of the address.
        delivery_id: The same at each attempt.
        limits: Of the policy.
        now: Aware, UTC.
        is_verified: Whether the ticket's reporter is known to be reached there.
    """
    lately = {other: at for other, at in record.admitted.items() if at > now - DAY}
    known = replace(record, is_verified=record.is_verified or is_verified, admitted=lately)
    if not known.is_verified and known.introduced_by not in (None, delivery_id):
        return known, Barred(ADDRESS_UNVERIFIED)
    if delivery_id not in lately:
        if len(lately) >= limits.daily_max or sum(at > now - HOUR for at in lately.values()) >= limits.hourly_max:
            return known, Barred(ADDRESS_LIMIT)
        known = replace(known, admitted={**lately, delivery_id: now})
    if known.is_verified:
        return known, Admitted()
    return replace(known, introduced_by=delivery_id), Admitted(as_introduction=True)


def merged(records: Mapping[str, AddressRecord]) -> AddressRecord:
    """Return what is remembered of an address under several keys, the current one first."""
    admitted: dict[str, datetime] = {}
    for record in records.values():
        admitted |= record.admitted
    introduced = [record.introduced_by for record in records.values() if record.introduced_by]
    is_verified = any(record.is_verified for record in records.values())
    return AddressRecord(is_verified, introduced[0] if introduced else None, admitted)


def mailbox_of(address: str) -> str:
    """Return what all spellings have in common that reach the same mailbox: ``Siti+lapor@...`` as ``siti@...``."""
    local, at, domain = address.strip().lower().rpartition("@")
    plain = local.partition("+")[0] or local
    return f"{plain.replace('.', '') if domain in UNDOTTED else plain}{at}{domain}"
