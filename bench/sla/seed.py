"""Tickets as sla stores them, by the hundred thousand: each is a copy of one that the rules have made."""

import copy
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from motor.motor_asyncio import AsyncIOMotorCollection

from services.sla.domain.rules import SlaRules
from services.sla.domain.ticket import Ticket, decide, tick
from services.sla.store import STATE, SlaStore
from shared.delivery.documents.document import Document
from shared.events import Arrival, ComplaintAccepted, DecidedBy, Event, Priority, TicketRouted, state_after
from shared.ids import tracking_id
from shared.sharding import shard_of
from shared.topics import PARTITIONS
from tests.builders import ticket_id

RESPOND_HOURS = 100
BATCH = 2000


def write_policy(shipped: Path, folder: Path, holiday: str | None = None) -> None:
    """Write a policy whose offices never close, so that a run may begin at any hour; *holiday* is a free date."""
    for source in shipped.glob("*.yaml"):
        (folder / source.name).write_bytes(source.read_bytes())
    sla = yaml.safe_load((shipped / "sla.yaml").read_text("utf-8"))
    sla["clocks"]["respond"] |= {"allowance": f"{RESPOND_HOURS} working_hours", "warn_at_percent": [50]}
    sla["clocks"]["resolve"] |= {"warn_at_percent": []}
    (folder / "sla.yaml").write_text(yaml.safe_dump(sla), "utf-8")
    calendars = yaml.safe_load((shipped / "calendars.yaml").read_text("utf-8"))
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for calendar in calendars["calendars"]:
        for name in ("seasons", "holidays", "added", "removed", "shifts"):
            calendar.pop(name, None)
        calendar["hours"] = {day: ["00:00-24:00"] for day in days}
        if holiday is not None:
            calendar["added"] = [{"date": datetime.fromisoformat(holiday).date(), "name": "Libur baru"}]
    (folder / "calendars.yaml").write_text(yaml.safe_dump(calendars), "utf-8")


def routed(ticket: str, at: datetime, version: int = 1) -> TicketRouted:
    """Return what routing says when an agency gets a ticket."""
    return TicketRouted(
        ticket_id=ticket, tracking_id=tracking_id(ticket), state="routed", version=version, at=at, agency="dishub",
        agency_name="Dinas Perhubungan", priority=Priority.NORMAL, classification="complaint", category="jalan", hop=1,
        decided_by=DecidedBy.RULE, explanation=(), accepted_at=at - timedelta(minutes=1), submitted_at=at,
    )  # fmt: skip


def accepted(ticket: str, at: datetime) -> ComplaintAccepted:
    """Return what intake says about a new report."""
    return ComplaintAccepted(
        ticket_id=ticket, tracking_id=tracking_id(ticket), channel="web", source_id=ticket, submitted_at=at,
        accepted_at=at, title="Lampu", body="Lampu padam", attachments=(), anonymous=False, confidential=False,
    )  # fmt: skip


def ticket_due(rules: SlaRules, due_at: datetime, now: datetime) -> Ticket:
    """Return a ticket whose respond clock is due at that instant, and of which all is said that is true by *now*."""
    ticket = ticket_id("web", "template")
    began_at = due_at - timedelta(hours=RESPOND_HOURS)
    state: Ticket | None = None
    for data in (accepted(ticket, began_at - timedelta(minutes=1)), routed(ticket, began_at)):
        event = Event(id=ticket, source="/tindak/bench", time=began_at, data=data)
        state = state_after(state, decide(state, event, Arrival("", 0, 0, began_at, began_at), rules))
    if state is None:
        raise AssertionError("a routed ticket has clocks")
    return tick(state, rules, now).state


async def plant(
    store: SlaStore, rules: SlaRules, name: str, dues: Iterable[tuple[datetime, int]], now: datetime
) -> int:
    """Insert so many tickets for each instant at which their respond clock is due; return how many."""
    planted = 0
    stream = copies(store, rules, name, dues, now)
    into: AsyncIOMotorCollection[Any] = store.collection
    while batch := list(islice(stream, BATCH)):
        await into.insert_many(batch, ordered=False)
        planted += len(batch)
    return planted


def copies(
    store: SlaStore, rules: SlaRules, name: str, dues: Iterable[tuple[datetime, int]], now: datetime
) -> Iterator[dict[str, Any]]:
    """Yield documents."""
    number = 0
    for due_at, count in dues:
        state = ticket_due(rules, due_at, now)
        applied = {ticket_id("a", name): None, ticket_id("b", name): None}
        raw = store.codec.encode(Document("template", 1, STATE.validate_python(state), applied, due_at=state.wakes_at))
        for _ in range(count):
            number += 1
            one = copy.copy(raw)
            ticket = ticket_id(name, str(number))
            one["_id"], one["slot"] = ticket, shard_of(ticket, PARTITIONS)
            one["state"] = raw["state"] | {"ticket_id": ticket, "tracking_id": tracking_id(ticket)}
            yield one


def utc_now() -> datetime:
    """Return the present, in milliseconds as the database keeps them."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
