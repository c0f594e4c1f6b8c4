"""The delivery of one notice to one recipient, and its states."""

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Literal

from shared.events import SlaClock
from shared.values import replace, value

REPORTER = "reporter"
CHANNEL = "channel-"
"""What the role of a channel begins with whose server is told where its tickets stand; its code follows."""


@value
class Waiting:
    """Waits at most until *until* for the contact or for a value that it shows."""

    until: datetime
    kind: Literal["waiting"] = "waiting"


@value
class Due:
    """To be sent at *at* or later, as attempt number *attempt* (from 1); so often in a row nobody could be asked."""

    at: datetime
    attempt: int
    unasked: int = 0
    kind: Literal["due"] = "due"


@value
class Sending:
    """Leased to a sender; without an outcome by *until* the attempt counts as lost. *unasked* as in `Due`."""

    until: datetime
    attempt: int
    unasked: int = 0
    kind: Literal["sending"] = "sending"


@value
class Sent:
    """The provider of *channel* took it.

    Args:
        receipt_by: Until when the provider may still say that it never arrived; None once it has said what became of
            it, or where it says nothing.
        delivered_at: When we heard that it has arrived; None as long as nobody says so.
    """

    at: datetime
    attempt: int
    channel: str
    provider_id: str | None = None
    receipt_by: datetime | None = None
    delivered_at: datetime | None = None
    kind: Literal["sent"] = "sent"


@value
class Failed:
    """It could not be delivered and is not tried again."""

    at: datetime
    attempt: int
    channel: str
    error: str
    kind: Literal["failed"] = "failed"


@value
class Suppressed:
    """It is not sent, on purpose; *attempt* is 0 if nothing was tried before."""

    at: datetime
    attempt: int
    why: str
    kind: Literal["suppressed"] = "suppressed"


Situation = Waiting | Due | Sending | Sent | Failed | Suppressed
# Tuples: a union would be made anew each time that somebody asks.
OVER = (Sent, Failed, Suppressed)
BEGUN = (Due, Sending)
BY_OFFICER, IN_DIGEST = "by_officer", "digest"
MAY_CHANGE = frozenset(
    {
        "no_channel", "no_address", "contact_unreadable", "too_many", "address_limit", "address_unverified",
        "stopped_all", BY_OFFICER,
    }
)  # fmt: skip
"""Why a delivery is suppressed for a reason that somebody can remove; for any other it stays suppressed."""


def is_settled(situation: Situation) -> bool:
    """Return whether *situation* is the last one of a delivery."""
    return isinstance(situation, OVER)


def is_unsent(situation: Situation) -> bool:
    """Return whether a delivery is over without having been sent, and could be sent yet."""
    return isinstance(situation, Failed) or (isinstance(situation, Suppressed) and situation.why in MAY_CHANGE)


def attempts_of(situation: Situation) -> int:
    """Return the attempt that *situation* speaks of; 0 before the first."""
    return 0 if isinstance(situation, Waiting) else situation.attempt


def unasked_of(situation: Situation) -> int:
    """Return how often in a row the attempt that *situation* speaks of was put off, for nobody could be asked."""
    return situation.unasked if isinstance(situation, BEGUN) else 0


@value
class Awaited:
    """The clock whose due time is shown; with *since*, only of a run that began then or later."""

    clock: SlaClock
    since: datetime | None = None


@value
class Wish:
    """What a delivery confirms that the reporter wants at the address that it goes to: no messages, or some again.

    Args:
        by_link: Whether it was said by a link, which only who reads there can have; else by the report's channel.
    """

    stops: bool
    by_link: bool = False


@value
class Delivery:
    """One notice for one recipient.

    Args:
        id: Follows from event, notice and role.
        notice: Its code.
        template: Name of its texts.
        role: ``reporter``, ``liaison``, ``agency_head``, an officer's role, or ``channel-<code>``.
        agency: Whose liaison or head that is, and which agency the notice speaks of; None if none has it.
        channels: In order of preference.
        urgent: May be sent in the quiet hours.
        planned_at: When it was decided that it is sent.
        awaited: The due time that it waits for.
        told: What it tells of the event, by name; empty once it is settled, unless it could be sent yet, or a receipt
            can change that it was.
        part: Ticket id of the part that it tells of; None for the whole.
        failed_ways: The channels by which it was sent and, as a receipt said, did not arrive.
        repeats: Id of the delivery for which it is sent once more; None for none.
        requested_by: Code of the officer who had it sent once more, or suppressed; None for nobody.
        wish: What holds at its address from when it may go there, over all tickets; None for nothing new.
    """

    id: str
    notice: str
    template: str
    role: str
    agency: str | None
    channels: tuple[str, ...]
    urgent: bool
    planned_at: datetime
    situation: Situation
    awaited: Awaited | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    part: str | None = None
    failed_ways: tuple[str, ...] = ()
    repeats: str | None = None
    requested_by: str | None = None
    wish: Wish | None = None

    @property
    def is_settled(self) -> bool:
        """Return whether nothing will happen to it any more, unless a receipt says that it did not arrive."""
        return isinstance(self.situation, OVER)

    @property
    def is_status(self) -> bool:
        """Return whether it tells a channel's server where a ticket stands."""
        return self.role.startswith(CHANNEL)

    def awaits_receipt(self, now: datetime) -> bool:
        """Return whether a receipt may still say that it did not arrive, so that its next way is tried."""
        situation = self.situation
        return isinstance(situation, Sent) and situation.receipt_by is not None and now < situation.receipt_by

    @property
    def attention_at(self) -> datetime | None:
        """Return when time must look at it again."""
        situation = self.situation
        if isinstance(situation, Due):
            return situation.at
        return None if isinstance(situation, OVER) else situation.until

    def without(self, names: Collection[str]) -> "Delivery":
        """Return it telling nothing that bears one of these names."""
        return replace(self, told={name: value for name, value in self.told.items() if name not in names})


@value
class Settled:
    """What is kept of a delivery that is over: what became of it, and whether it counts among those of a day.

    Args:
        outcome: ``sent``, ``failed`` or ``suppressed``.
        channel: None for what was suppressed.
        why: Why it was suppressed, or the error with which it failed.
        part: As in `Delivery`.
        delivered_at: When we heard that it has arrived.
    """

    id: str
    notice: str
    role: str
    agency: str | None
    planned_at: datetime
    outcome: Literal["sent", "failed", "suppressed"]
    at: datetime
    channel: str | None = None
    why: str | None = None
    part: str | None = None
    delivered_at: datetime | None = None

    @classmethod
    def of(cls, delivery: Delivery) -> "Settled | None":
        """Return what is kept of *delivery*; None if it is not over."""
        about = (delivery.id, delivery.notice, delivery.role, delivery.agency, delivery.planned_at)
        part = delivery.part
        match delivery.situation:
            case Sent(at=at, channel=channel, delivered_at=delivered_at):
                return cls(*about, "sent", at, channel, part=part, delivered_at=delivered_at)
            case Failed(at=at, channel=channel, error=error):
                return cls(*about, "failed", at, channel, error, part)
            case Suppressed(at=at, why=why):
                return cls(*about, "suppressed", at, why=why, part=part)
            case _:
                return None
