"""Asks, in an officer's name, that deliveries are sent again or held back; notify decides."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from services.notify.tooling import DeliveryRow
from shared.events import ResendNotice
from shared.senders import sender_of
from tindak.client.envelopes import update
from tindak.client.kafka import Client
from tindak.console import read_settings
from tindak.tickets.updates import known_officer

Fits = Callable[[DeliveryRow], bool]


def source_of(officer: str) -> str:
    """Return the source under which an officer writes; raise Misuse if the policy at hand knows no such officer."""
    return f"/officers/{known_officer(officer)}"


def resendable(again: bool) -> Fits:
    """Return whether a delivery can be sent once more; *again*: or was sent, or given up long ago."""
    return lambda row: row.can_be_sent or (again and row.situation in ("sent", "failed"))


def is_open(row: DeliveryRow) -> bool:
    """Return whether a delivery can be held back."""
    return row.situation in ("waiting", "due")


async def publish(rows: Sequence[DeliveryRow], source: str, reason: str | None, timeout_seconds: float) -> None:
    """Ask for each delivery that it is sent; asked twice, it is sent once."""
    sender = sender_of(source)
    assert sender is not None, source  # noqa: S101  # commands write as an officer
    now = datetime.now(UTC)
    commands = [ResendNotice(ticket_id=row.ticket_id, delivery_id=row.delivery_id, reason=reason) for row in rows]
    if commands:
        async with Client(read_settings(timeout_seconds, sender.principal).kafka) as officer:
            await officer.publish([update(command, source, now) for command in commands])
