"""The open reports that routing found similar to a ticket's, numbered as ``tindak officer merge --into`` takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared import topics
from shared.events import ComplaintAccepted, Event
from tindak.client.kafka import Client
from tindak.client.records import events_in
from tindak.console import Failure, read_settings, say, say_json, wait_for
from tindak.formatting import noted
from tindak.options import Reply
from tindak.tickets.lookup import find_ticket
from tindak.tickets.projection import TicketProjection, project_ticket


@dataclass(frozen=True, slots=True)
class Similar:
    """A similar ticket as it is now."""

    tracking_id: str
    score: float
    history: TicketProjection

    def line(self, number: int) -> str:
        """Return it for people, with the number under which it is chosen."""
        now, title = self.history, self.history.accepted.title if self.history.accepted else ""
        state = f"{now.state or 'not routed yet'}, with {now.agency or 'nobody'}"
        return f"{number}  {self.tracking_id}  {self.score:.2f}  {state}{noted(title)}"

    def summary(self) -> dict[str, Any]:
        """Return it for scripts."""
        now = self.history
        return {"tracking_id": self.tracking_id, "score": self.score, "state": now.state, "agency": now.agency}


def show(ticket: str, reply: Reply) -> None:
    """Print the tickets that are similar to one."""
    tracking_id, found = wait_for(_read(ticket, reply.timeout_seconds))
    if reply.as_json:
        say_json({"tracking_id": tracking_id, "similar": [each.summary() for each in found]})
    elif found:
        say("\n".join(each.line(number) for number, each in enumerate(found, 1)))
        say(f"`tindak officer merge {tracking_id} --into 1` follows it together with the first.")
    else:
        say(f"{tracking_id}: no similar open report was found when it was filed.")


def numbered(ticket: str, number: int, timeout_seconds: float) -> str:
    """Return the tracking id of the similar ticket with this number, from 1.

    Raises:
        Failure: There is none with this number.
    """
    tracking_id, found = wait_for(_read(ticket, timeout_seconds))
    if not 1 <= number <= len(found):
        raise Failure(
            f"{tracking_id} has {len(found)} similar reports; `tindak officer merge {ticket} --show` lists them."
        )
    return found[number - 1].tracking_id


async def _read(typed: str, timeout_seconds: float) -> tuple[str, list[Similar]]:
    async with Client(read_settings(timeout_seconds).kafka) as client:
        ticket = await find_ticket(client, typed)
        records = await client.read([topics.ACCEPTED, topics.TICKETS])
    return ticket.tracking_id, similar_to(ticket.id, list(events_in(records)))


def similar_to(ticket_id: str, events: Sequence[Event]) -> list[Similar]:
    """Return the tickets that are similar to one, by the *events* of all tickets."""
    ids = {
        event.data.tracking_id: event.data.ticket_id for event in events if isinstance(event.data, ComplaintAccepted)
    }
    return [
        Similar(one.tracking_id, one.score, project_ticket(ids.get(one.tracking_id), events))
        for one in project_ticket(ticket_id, events).similar
    ]
