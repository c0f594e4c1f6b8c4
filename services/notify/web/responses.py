"""Says to routing what a reporter answered by a link, as the channel `links`."""

import asyncio
import hashlib
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

import structlog

from services.notify.domain.standing import Action
from services.notify.web.forms import SentForm
from shared import events
from shared.delivery.guard import Bug, guarded_call
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import HeldBack, Publisher, TransientError
from shared.events import Command, Event
from shared.events.envelope import encode
from shared.ids import named
from shared.senders import Role, Sender
from shared.topics import LINK_CHANNEL

LINKS = Sender(Role.CHANNEL, LINK_CHANNEL)
WAITING_MAX = 100

log = structlog.get_logger()


def command_of(form: SentForm, ticket_id: str) -> Command:
    """Return what *form* asks of a ticket."""
    match form.action:
        case Action.CONFIRM:
            return events.ConfirmTicket(ticket_id=ticket_id, rating=form.rating, comment=form.text or None)
        case Action.DISPUTE:
            return events.DisputeTicket(ticket_id=ticket_id, reason=form.text)
        case Action.REPLY:
            return events.ReplyToTicket(ticket_id=ticket_id, text=form.text)
        case Action.STOP:
            return events.StopMessages(ticket_id=ticket_id)
        case Action.STOP_ALL:
            return events.StopMessages(ticket_id=ticket_id, scope=events.MessageScope.ADDRESS)
        case Action.RESUME:
            return events.ResumeMessages(ticket_id=ticket_id)
        case Action.RESUME_ALL:
            return events.ResumeMessages(ticket_id=ticket_id, scope=events.MessageScope.ADDRESS)
        case _:
            assert_never(form.action)


def response(form: SentForm, ticket_id: str, nonce: bytes, now: datetime) -> Outgoing:
    """Return the event for what was sent from the page of that *nonce*: the same one however often it is sent."""
    content = hashlib.sha256(f"{form.action}|{form.rating}|{form.text}".encode()).hexdigest()
    event = Event(
        id=named(ticket_id, f"link|{nonce.hex()}|{content}"),
        source=LINKS.source,
        time=now,
        data=command_of(form, ticket_id),
        subject=ticket_id,
        key=ticket_id,
    )
    return Outgoing(event.id, LINKS.updates_topic, ticket_id, encode(event))


class ResponsePublisher:
    """Publishes responses, each acknowledged before anybody is thanked.

    Args:
        publisher: Where they go.
        within: What somebody waits for at most. What is not acknowledged by then may arrive all the same: sent once
            more it is the same event.
    """

    def __init__(self, publisher: Publisher, within: timedelta) -> None:
        self.publisher = publisher
        self.within = within
        self.waiting: set[asyncio.Task[HeldBack | Bug | None]] = set()

    async def publish(self, said: Outgoing) -> bool:
        """Return whether *said* is acknowledged."""
        if len(self.waiting) >= WAITING_MAX:
            return False
        task = asyncio.create_task(self.published(said))
        self.waiting.add(task)
        task.add_done_callback(self.waiting.discard)
        # Not cancelled when time is up: the producer would be left out of step.
        await asyncio.wait({task}, timeout=self.within.total_seconds())
        held = task.result() if task.done() else None
        if isinstance(held, Bug):
            log.error("a response cannot be published", error=held.error)
        return isinstance(held, dict) and not held

    async def published(self, said: Outgoing) -> HeldBack | Bug | None:
        """Return what was held back, nothing at best; None while the broker is out of reach."""
        try:
            return await guarded_call(partial(self.publisher.publish, [said]), TransientError)
        except TransientError:
            return None
