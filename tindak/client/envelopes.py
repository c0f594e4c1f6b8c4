"""Builds the events that outsiders publish; what is wrong with their content is for the services to say."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.events import Command, ComplaintSubmitted, Event
from shared.events.envelope import encode, stamp
from shared.senders import sender_of


def submission(data: Mapping[str, Any], now: datetime) -> Outgoing:
    """Return a complaint as its channel publishes it.

    Args:
        data: The ``data`` of ``tindak.complaint.submitted.v1``, as it was given. A missing ``source_id`` is drawn and a
            missing ``submitted_at`` is *now*; nothing else is corrected: what is wrong, intake says.
        now: Aware, UTC.
    """
    whole = {"source_id": str(uuid4()), "submitted_at": stamp(now), **data}
    channel = whole.get("channel")
    key = str(whole["source_id"])
    envelope = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": f"/channels/{channel}",
        "type": ComplaintSubmitted.TYPE,
        "time": stamp(now),
        "datacontenttype": "application/json",
        "partitionkey": key,
        "data": whole,
    }
    return Outgoing(str(envelope["id"]), topics.submitted_topic(str(channel)), key, json.dumps(envelope).encode())


def update(command: Command, source: str, now: datetime) -> Outgoing:
    """Return what *source* (``/agencies/<code>``, ``/officers/<code>``, ``/channels/<code>``) asks of a ticket.

    Raises:
        ValueError: Nobody may ask for anything under that source.
    """
    sender = sender_of(source)
    if sender is None:
        raise ValueError(f"{source} is the source of no agency, officer or channel")
    ticket = command.ticket_id
    event = Event(id=str(uuid4()), source=source, time=now, data=command, subject=ticket, key=ticket)
    return Outgoing(event.id, sender.updates_topic, ticket, encode(event))
