"""``tindak reporter export|correct|erase``: what an officer does for a reporter who asks about their own data."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from shared import topics
from shared.events import (
    ComplaintAccepted,
    CorrectReporter,
    Event,
    ExportReporter,
    Reporter,
    ReporterExported,
    TicketFact,
    UpdateRefused,
)
from shared.seal import Contact, Opener, SealError
from shared.sealing_keys import as_text
from shared.senders import refusals_topic, sender_of
from tindak.client.answers import first
from tindak.client.envelopes import update
from tindak.client.kafka import Client, Start
from tindak.client.records import events_in
from tindak.client.sealing import sealer_at_hand
from tindak.console import Failure, read_settings, say_json, wait_for
from tindak.options import Reply
from tindak.tickets.lookup import Ticket, find_ticket
from tindak.tickets.updates import UpdateRequest, known_officer, send

KEY_ID = "export"
UNANSWERED = "are routing and notify running (`tindak run all`)?"


def source_of(officer: str) -> str:
    """Return the source under which an officer writes; raise Misuse if the policy at hand knows no such officer."""
    return f"/officers/{known_officer(officer)}"


def export(typed: str, reason: str, officer: str, timeout_seconds: float) -> None:
    """Print as one JSON object what is held of a ticket's reporter.

    Raises:
        Failure: It is refused, or nobody answers.
    """
    say_json(wait_for(_export(typed, reason, source_of(officer), timeout_seconds)))


async def _export(typed: str, reason: str, source: str, timeout_seconds: float) -> dict[str, Any]:
    key = X25519PrivateKey.generate()
    public_key = as_text({KEY_ID: key.public_key().public_bytes_raw()}).partition(":")[2]
    sender = sender_of(source)
    assert sender is not None, source  # noqa: S101  # commands write as an officer
    async with Client(read_settings(timeout_seconds).kafka) as reader:
        ticket = await find_ticket(reader, typed, or_unheard=True)
        asked = update(
            ExportReporter(ticket_id=ticket.id, reason=reason, public_key=public_key), source, datetime.now(UTC)
        )
        async with Client(read_settings(timeout_seconds, sender.principal).kafka) as officer:
            opened = _opened_by(Opener({KEY_ID: key.private_bytes_raw()}))
            async with officer.follow([topics.EXPORTS, refusals_topic(sender)], Start.LATEST) as answers:
                await officer.publish([asked])
                told: dict[str, Any] | UpdateRefused = await first(
                    answers, _either(opened, asked.id), timeout_seconds, UNANSWERED
                )
        if isinstance(told, UpdateRefused):
            raise Failure(f"Refused ({told.code}): {told.message_id} / {told.message_en}")
        history = list(events_in(await reader.read([topics.ACCEPTED, topics.TICKETS])))
    return {"ticket_id": ticket.whole, "tracking_id": ticket.tracking_id, **told, **_told_by_topics(ticket, history)}


def _either(
    opened: Callable[[Event], dict[str, Any] | None], asked: str
) -> Callable[[Event], dict[str, Any] | UpdateRefused | None]:
    def found(event: Event) -> dict[str, Any] | UpdateRefused | None:
        if isinstance(event.data, UpdateRefused) and event.cause_id == asked:
            return event.data
        return opened(event)

    return found


def _opened_by(opener: Opener) -> Callable[[Event], dict[str, Any] | None]:
    """Return a test for the answer that is sealed for our key, which no other answer is."""

    def opened(event: Event) -> dict[str, Any] | None:
        if not isinstance(event.data, ReporterExported):
            return None
        try:
            told: dict[str, Any] = json.loads(opener.open(event.data.ticket_id, event.data.sealed, KEY_ID))
        except SealError:
            return None
        return told

    return opened


def _told_by_topics(ticket: Ticket, events: list[Event]) -> dict[str, Any]:
    """Return the report and what happened to it, as an officer may read both: masked."""
    ours = [event for event in events if ticket.whole in (getattr(event.data, "parent", None), _ticket_of(event))]
    reports = [event.data for event in ours if isinstance(event.data, ComplaintAccepted)]
    once = {event.id: event for event in ours if isinstance(event.data, TicketFact)}
    return {
        "report": reports[0].model_dump(mode="json", exclude_none=True) if reports else None,
        "history": [
            {"type": event.type, **event.data.model_dump(mode="json", exclude_none=True)} for event in once.values()
        ],
    }


def _ticket_of(event: Event) -> str | None:
    ticket: str | None = getattr(event.data, "ticket_id", None)
    return ticket


def correct(typed: str, reason: str, officer: str, given: Reporter, reply: Reply) -> None:
    """Replace a reporter's contact by what is *given*, sealed before it leaves this process."""
    sealer, source = sealer_at_hand(), source_of(officer)

    async def found() -> Ticket:
        async with Client(read_settings(reply.timeout_seconds).kafka) as reader:
            return await find_ticket(reader, typed, or_unheard=True)

    ticket = wait_for(found())
    sealed, key_id = sealer.seal_contact(ticket.whole, Contact.of(given, ticket.channel or None))
    fields = {"reason": reason, "sealed": sealed, "key_id": key_id}
    send(UpdateRequest(CorrectReporter, typed, fields, {}, or_unheard=True), lambda _: source, reply)
