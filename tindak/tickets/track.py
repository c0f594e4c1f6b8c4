"""``tindak track``: where a report is, who has it, until when, and what happened; reads the topics from the start."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any

import typer

from shared import topics
from shared.events import ComplaintAccepted, Event, Tenure, TicketFact
from tindak.client.kafka import Client
from tindak.client.records import events_in
from tindak.console import local, read_settings, say, say_json, wait_for
from tindak.formatting import CONFIDENTIAL, by_whom, noted, sentence, span
from tindak.options import TIMEOUT_SECONDS, AsJson, Timeout
from tindak.tickets import archived
from tindak.tickets.lookup import Ticket, TicketArchived, find_ticket, part_of
from tindak.tickets.projection import TicketProjection, project_ticket

Parts = Sequence[tuple[Ticket, TicketProjection]]
Names = Mapping[str, str]  # tracking ids by ticket id

TICKET_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")

TOPICS = (topics.ACCEPTED, topics.TICKETS, topics.SLA, topics.WARNINGS, topics.BREACHES, topics.DELIVERIES)


def track(
    ticket: Annotated[str, typer.Argument(metavar="ID", help="Tracking id in any spelling, or ticket id.")],
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Show where a report is, who has it, until when, and what happened."""
    try:
        found, now, parts, names = wait_for(_track(ticket, timeout))
    except TicketArchived as ended:
        if as_json:
            say_json(archived.summary(ended.kept))
        else:
            say("\n".join(archived.lines(ended.kept)))
        return
    if as_json:
        whole = _summary(found, now) | {"follows_tracking_id": names.get(now.follows or "")}
        say_json(whole | {"parts": [_summary(part, of_part) for part, of_part in parts]})
    else:
        say("\n".join(lines(found, now, parts, names)))


async def _track(typed: str, timeout_seconds: float) -> tuple[Ticket, TicketProjection, Parts, Names]:
    async with Client(read_settings(timeout_seconds).kafka) as client:
        ticket = await find_ticket(client, typed)
        records = await client.read(TOPICS)
    events = list(events_in(records))
    now = project_ticket(ticket.id, events)
    parts = [part_of(ticket, part.number) for part in now.parts]
    return ticket, now, [(part, project_ticket(part.id, events)) for part in parts], tracking_ids(events)


def tracking_ids(events: Iterable[Event]) -> Names:
    """Return the tracking id of every ticket among the events, by ticket id."""
    return {
        event.data.ticket_id: event.data.tracking_id
        for event in events
        if isinstance(event.data, ComplaintAccepted | TicketFact)
    }


def lines(ticket: Ticket, now: TicketProjection, parts: Parts = (), names: Names = MappingProxyType({})) -> list[str]:
    """Return the whole story for people, who know other tickets by their tracking ids in *names*."""
    head = [f"{ticket.tracking_id}  {title_of(now)}".rstrip()]
    head.append(f"  ticket    {ticket.id}, from {ticket.channel}")
    head.append(f"  state     {now.state or 'not routed yet'}")
    head.append(f"  with      {now.agency or 'nobody'}")
    if now.follows:
        head.append(f"  follows   {names.get(now.follows, now.follows)}, which tells of the same matter")
    if now.members:
        head.append(f"  leads     {now.members} reports of the same matter")
    head += [
        f"  {'similar' if number == 1 else '':<9} {number}  {one.tracking_id}  {one.score:.2f}"
        for number, one in enumerate(now.similar, 1)
    ]
    head += [
        f"  part      {part.tracking_id}  {of_part.state or 'not opened yet'}, with {of_part.agency or 'nobody'}"
        for part, of_part in parts
    ]
    for clock, due_at in sorted(now.due.items(), key=lambda item: item[1]):
        late = "  OVERDUE" if clock in now.breaches else ""
        head.append(f"  {clock.value:<9} due {local(due_at)}{late}")
    head += [
        f"  {note:<9} {had(stay)}" for note, stay in zip(("had it", *[""] * len(now.stays)), now.stays, strict=False)
    ]
    happened = (
        TICKET_ID.sub(lambda found: names.get(found[0], found[0]), sentence(one.data)) + by_whom(one.data)
        for one in now.events
    )
    times = (local(one.time) for one in now.events)
    return [*head, "", *(f"  {at}  {what}" for at, what in zip(times, happened, strict=True))]


def title_of(now: TicketProjection) -> str:
    """Return the title of a report as it may be shown; empty while the report is not known."""
    if now.accepted is None:
        return ""
    return CONFIDENTIAL if now.accepted.confidential else now.accepted.title


def had(stay: Tenure) -> str:
    """Return how long an agency has had the ticket, and why it gave it back if it did."""
    if stay.until is None:
        return f"{stay.agency}, since {local(stay.since)}"
    because = f", declined{noted(stay.declined_because)}" if stay.declined_because else ""
    return f"{stay.agency}, {span((stay.until - stay.since).total_seconds())}{because}"


def _summary_of(event: Event) -> dict[str, Any]:
    author = event.data.author if isinstance(event.data, TicketFact) else None
    said = {"type": event.type, "time": event.time.isoformat(), "what": sentence(event.data)}
    return said if author is None else said | {"by": author.model_dump(mode="json")}


def _summary(ticket: Ticket, now: TicketProjection) -> dict[str, Any]:
    return {
        "ticket_id": ticket.id,
        "tracking_id": ticket.tracking_id,
        "channel": ticket.channel,
        "state": now.state,
        "agency": now.agency,
        "follows": now.follows,
        "members": now.members,
        "similar": [one.model_dump(mode="json") for one in now.similar],
        "stays": [stay.model_dump(mode="json", exclude_none=True) for stay in now.stays],
        "due": {clock.value: at.isoformat() for clock, at in now.due.items()},
        "overdue": sorted(clock.value for clock in now.breaches),
        "events": [_summary_of(event) for event in now.events],
    }
