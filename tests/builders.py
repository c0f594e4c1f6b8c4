"""Builders with defaults, so that a test shows only what matters to it."""

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from services.intake.domain.ticket_ids import LOCAL_KEY, TicketIds
from shared import topics
from shared.events import Arrival, ComplaintAccepted, ComplaintSubmitted, Event, EventData
from shared.ids import tracking_id
from shared.senders import sender_of
from tests.fakes.handler_harness import NOON

IDS = TicketIds.from_text(LOCAL_KEY)
"""Those of the local profile, under which services run in tests."""

ticket_id = IDS.of
TICKET = ticket_id("web", "1")
TRACKING = tracking_id(TICKET)


def updates_topic_of(source: str) -> str:
    """Return the topic on which *source* alone says what it did or asks for."""
    sender = sender_of(source)
    assert sender is not None
    return sender.updates_topic


FROM_WEB, TO_WEB = topics.submitted_topic("web"), topics.answers_topic("web")
FROM_DISHUB = updates_topic_of("/agencies/dishub")


def event(data: EventData, *, id: str | None = None, at: datetime = NOON, source: str = "/tindak/test") -> Event:
    """Return *data* in an envelope; its id follows from its content unless one is given."""
    subject = getattr(data, "ticket_id", None)
    made = id or str(uuid5(NAMESPACE_URL, f"{data.TYPE}|{data.model_dump_json()}|{at.isoformat()}"))
    return Event(id=made, source=source, time=at, data=data, subject=subject, key=subject)


def arrival(now: datetime = NOON, topic: str = "tickets.events") -> Arrival:
    """Return how an event comes that is decided on at *now*, the moment of its arrival."""
    return Arrival(topic, 0, 0, arrived_at=now, now=now)


def submitted(**changes: Any) -> ComplaintSubmitted:
    """Return a plain complaint about a pothole."""
    plain = {
        "channel": "web",
        "source_id": "1",
        "submitted_at": NOON,
        "title": "Jalan berlubang",
        "body": "Jalan berlubang besar di depan Pasar Ciputat, sudah dua pengendara motor jatuh.",
    }
    return ComplaintSubmitted.model_validate(plain | changes)


def accepted(**changes: Any) -> ComplaintAccepted:
    """Return the same complaint as intake accepts it."""
    plain = {
        "ticket_id": TICKET,
        "tracking_id": TRACKING,
        "channel": "web",
        "source_id": "1",
        "submitted_at": NOON,
        "accepted_at": NOON,
        "title": "Jalan berlubang",
        "body": "Jalan berlubang besar di depan Pasar Ciputat, sudah dua pengendara motor jatuh.",
    }
    return ComplaintAccepted.model_validate(plain | changes)
