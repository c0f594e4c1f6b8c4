"""Says what became of a ticket's deliveries, a row each; holds no address, and nothing of what they tell."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, assert_never

from services.notify.domain.correspondence import Correspondence, Erased, Sealed
from services.notify.domain.deliveries import (
    REPORTER,
    Delivery,
    Due,
    Failed,
    Sending,
    Sent,
    Settled,
    Suppressed,
    Waiting,
    is_unsent,
)
from shared.values import value

FAILED, SUPPRESSED, SENT, WAITING, DUE, SENDING = "failed", "suppressed", "sent", "waiting", "due", "sending"


@value
class DeliveryRow:
    """One delivery.

    Args:
        situation: ``waiting``, ``due``, ``sending``, ``sent``, ``failed`` or ``suppressed``.
        why: Why it was suppressed, the error with which it failed, or what it waits for; None where nothing is known.
        attempts: So many were made; None where that is no longer known.
        at: When it was over; None if it is not.
        next_at: When something happens to it next; None if nothing does.
        can_be_sent: Whether it is over, was not sent, and is kept so that it could be.
    """

    ticket_id: str
    tracking_id: str | None
    delivery_id: str
    notice: str
    role: str
    agency: str | None
    channel: str | None
    situation: str
    planned_at: datetime
    why: str | None = None
    attempts: int | None = None
    at: datetime | None = None
    next_at: datetime | None = None
    can_be_sent: bool = False
    part: str | None = None
    repeats: str | None = None
    requested_by: str | None = None


@value
class Wanted:
    """Which deliveries of all tickets are looked for.

    Args:
        situation: ``failed``, ``suppressed`` (and could be sent yet), or ``waiting`` for all that is not over.
        agency: Code of the agency that the notice speaks of; None for any.
        since: Not those that were over before; of what is not over, not what was planned before. None for any.
        rows_max: So many at most, at least 1.
    """

    situation: str
    agency: str | None
    since: datetime | None
    rows_max: int

    def among(self, state: Correspondence) -> list[DeliveryRow]:
        """Return those of one ticket."""
        rows = waiting(state) if self.situation == WAITING else unsent(state)
        return [
            row
            for row in rows
            if self.situation in (WAITING, row.situation)
            and self.agency in (None, row.agency)
            and (self.since is None or (row.at or row.planned_at) >= self.since)
        ]


def history(state: Correspondence) -> list[DeliveryRow]:
    """Return all deliveries of a ticket that are kept, in the order in which they were planned."""
    whole = {each.id: each for each in (*state.unsent, *state.deliveries)}
    bare = [_of_settled(state, each) for each in state.settled if each.id not in whole]
    return sorted([*bare, *(_of_delivery(state, each) for each in whole.values())], key=lambda row: row.planned_at)


def unsent(state: Correspondence) -> list[DeliveryRow]:
    """Return the deliveries that failed or were held back and could be sent yet."""
    return [row for row in history(state) if row.can_be_sent]


def waiting(state: Correspondence) -> list[DeliveryRow]:
    """Return the deliveries that are not over, the next one first."""
    rows = (_of_delivery(state, each) for each in state.deliveries if not each.is_settled)
    return sorted(rows, key=lambda row: row.next_at or row.planned_at)


def contact_state(state: Correspondence) -> str:
    """Return ``known``, ``none``, ``erased``, or ``unreadable`` if that was why the last notice was held back."""
    if isinstance(state.contact, Erased):
        return "erased"
    if not isinstance(state.contact, Sealed):
        return "none"
    whys = [row.why for row in history(state) if row.role == REPORTER and row.at is not None]
    return "unreadable" if whys[-1:] == ["contact_unreadable"] else "known"


def _of_settled(state: Correspondence, settled: Settled) -> DeliveryRow:
    return DeliveryRow(
        **_about(state, settled),
        channel=settled.channel,
        situation=settled.outcome,
        why=settled.why,
        at=settled.at,
    )


def _of_delivery(state: Correspondence, delivery: Delivery) -> DeliveryRow:
    about = _about(state, delivery) | {
        "part": delivery.part,
        "repeats": delivery.repeats,
        "requested_by": delivery.requested_by,
        "can_be_sent": is_unsent(delivery.situation),
    }
    first = next(iter(delivery.channels), None)
    match delivery.situation:
        case Waiting(until):
            why = ", ".join(_lacks(state, delivery)) or None
            return DeliveryRow(**about, channel=first, situation=WAITING, attempts=0, next_at=until, why=why)
        case Due(at, attempt):
            return DeliveryRow(**about, channel=first, situation=DUE, attempts=attempt - 1, next_at=at)
        case Sending(until, attempt):
            return DeliveryRow(**about, channel=first, situation=SENDING, attempts=attempt, next_at=until)
        case Sent(at, attempt, channel):
            return DeliveryRow(**about, channel=channel, situation=SENT, attempts=attempt, at=at)
        case Failed(at, attempt, channel, error):
            return DeliveryRow(**about, channel=channel, situation=FAILED, attempts=attempt, at=at, why=error)
        case Suppressed(at, attempt, why):
            return DeliveryRow(**about, channel=first, situation=SUPPRESSED, attempts=attempt, at=at, why=why)
        case unknown:
            assert_never(unknown)


def _about(state: Correspondence, delivery: Delivery | Settled) -> dict[str, Any]:
    return {
        "ticket_id": state.ticket_id,
        "tracking_id": state.tracking_id,
        "delivery_id": delivery.id,
        "notice": delivery.notice,
        "role": delivery.role,
        "agency": delivery.agency,
        "planned_at": delivery.planned_at,
    }


def _lacks(state: Correspondence, delivery: Delivery) -> Iterable[str]:
    """Yield what a waiting delivery may wait for, by code."""
    if state.complaint is None:
        yield "report"
    if delivery.role == REPORTER and not isinstance(state.contact, Sealed):
        yield "contact"
    if delivery.awaited is not None:
        yield f"due time of the {delivery.awaited.clock.value} clock"
