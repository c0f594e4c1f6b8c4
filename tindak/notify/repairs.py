"""Asks, in an officer's name, that deliveries are sent again or held back; notify decides."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from services.notify.tooling import DeliveryRow
from shared.events import Event, ResendNotice, UpdateRefused
from shared.senders import refusals_topic, sender_of
from shared.topics import TICKETS
from tindak.client.answers import first, first_of
from tindak.client.envelopes import update
from tindak.client.kafka import Client, Start
from tindak.console import read_settings
from tindak.tickets.updates import UNANSWERED, known_officer

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


async def publish(
    rows: Sequence[DeliveryRow], source: str, reason: str | None, timeout_seconds: float, *, wait: bool
) -> list[UpdateRefused]:
    """Ask for each delivery that it is sent; asked twice, it is sent once.

    Returns:
        What routing has refused; nothing unless its answers are waited for.

    Raises:
        Failure: Not every answer has come in time.
    """
    sender = sender_of(source)
    assert sender is not None, source  # noqa: S101  # commands write as an officer
    now = datetime.now(UTC)
    commands = [ResendNotice(ticket_id=row.ticket_id, delivery_id=row.delivery_id, reason=reason) for row in rows]
    events = [update(command, source, now) for command in commands]
    if not events:
        return []
    async with (
        Client(read_settings(timeout_seconds).kafka) as reader,
        Client(read_settings(timeout_seconds, sender.principal).kafka) as officer,
    ):
        if not wait:
            await officer.publish(events)
            return []
        async with (
            reader.follow([TICKETS], Start.LATEST) as history,
            officer.follow([refusals_topic(sender)], Start.LATEST) as own,
        ):
            await officer.publish(events)
            answered = _all_answered({event.id for event in events})
            return await first_of(
                first(history, answered, timeout_seconds, UNANSWERED), first(own, answered, timeout_seconds, UNANSWERED)
            )


def _all_answered(waiting: set[str]) -> Callable[[Event], list[UpdateRefused] | None]:
    """Return a test that gives all refusals once the last update is answered, wherever its answer stands."""
    refused: list[UpdateRefused] = []

    def answered(event: Event) -> list[UpdateRefused] | None:
        if event.cause_id in waiting:
            waiting.remove(event.cause_id)
            refused.extend([event.data] if isinstance(event.data, UpdateRefused) else [])
        return None if waiting else refused

    return answered
