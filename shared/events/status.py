"""What a channel may tell its reporter, published by routing on the channel's own topic; and who asks for it."""

from datetime import date
from typing import ClassVar

from shared.events.base import EventData, Instant


class StatusAsked(EventData):
    """Somebody has asked through ``channel`` where a ticket stands, under that channel's ``source_id``.

    It may be another channel than the one through which the report came, which alone is told.
    """

    TYPE: ClassVar[str] = "tindak.ticket.status_asked.v1"
    ticket_id: str
    tracking_id: str
    channel: str
    source_id: str
    asked_at: Instant


class TicketStatusChanged(EventData):
    """Where a ticket stands, for its reporter: all that may be said about it now, so that the last one says everything.

    ``version`` is that of the ticket's history; due times that become known or change are told under the same one
    again. ``due_at`` is when the answer is due, ``respond_due_at`` when a first one is; both are absent while they are
    not known, while they stand still, and once there is nothing to wait for. ``source_id`` is absent for tickets that
    release 0.1.0 has filed. ``asked_as`` is the source id of a question that it answers: then nothing has changed.
    """

    TYPE: ClassVar[str] = "tindak.ticket.status_changed.v1"
    ticket_id: str
    tracking_id: str
    source_id: str | None = None
    parent: str | None = None
    part: int | None = None
    version: int
    at: Instant
    state: str
    state_id: str
    state_en: str
    agency: str | None = None
    agency_name: str | None = None
    due_at: Instant | None = None
    due_on: date | None = None
    respond_due_at: Instant | None = None
    question: str | None = None
    answer: str | None = None
    final: bool | None = None
    note: str | None = None
    rating_wanted: bool
    reason: str | None = None
    reason_id: str | None = None
    reason_en: str | None = None
    message_id: str
    message_en: str
    asked_as: str | None = None
