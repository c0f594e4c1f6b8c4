"""Agencies, officers and reporters: each publishes its next command when the event comes that it reacts to."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from shared.delivery.outgoing import Outgoing
from shared.events import ComplaintAccepted, EventData, TicketRouted
from tindak.client.envelopes import update
from tindak.demo_story.scenarios import SCENARIOS, Reaction, scenario_of


@dataclass
class TicketProgress:
    """One ticket as the people of the demo see it.

    Args:
        accepted: Which complaint it is; None until its event comes, for there is no order between two topics.
        agency: Who has it.
        done: How many reactions of its scenario have happened.
        pending: Events that wait until the complaint is known.
    """

    accepted: ComplaintAccepted | None = None
    agency: str | None = None
    done: int = 0
    pending: list[EventData] = field(default_factory=list)

    @property
    def next_reaction(self) -> Reaction | None:
        """Return the next one; None after the last, and while the complaint is not known."""
        reactions = scenario_of(self.accepted.source_id) if self.accepted else ()
        return reactions[self.done] if self.done < len(reactions) else None

    def apply(self, data: EventData) -> list[tuple[Reaction, str]]:
        """Return the reactions that are due now, in order, with the source of each."""
        if isinstance(data, ComplaintAccepted):
            self.accepted = data
        self.pending.append(data)
        if self.accepted is None:
            return []
        events, self.pending = self.pending, []
        return [due for each in events if (due := self._due(self.accepted, each)) is not None]

    def _due(self, accepted: ComplaintAccepted, data: EventData) -> tuple[Reaction, str] | None:
        if isinstance(data, TicketRouted):
            self.agency = data.agency
        reaction = self.next_reaction
        if reaction is None or not isinstance(data, reaction.on):
            return None
        self.done += 1
        return reaction, reaction.by.format(agency=self.agency, channel=accepted.channel)


@dataclass
class People:
    """Everybody outside the services; ``tickets`` is by ticket id."""

    tickets: dict[str, TicketProgress] = field(default_factory=lambda: defaultdict(TicketProgress))

    def answer(self, data: EventData, now: datetime) -> list[Outgoing]:
        """Return the commands with which people react to *data*."""
        ticket_id = getattr(data, "ticket_id", None)
        if ticket_id is None:
            return []
        return [
            update(reaction.what.model_validate({**reaction.say, "ticket_id": ticket_id}), source, now)
            for reaction, source in self.tickets[ticket_id].apply(data)
        ]

    def complaint_of(self, ticket_id: str) -> ComplaintAccepted | None:
        """Return the complaint of a ticket, or None while nothing is known of it."""
        return self.tickets[ticket_id].accepted

    def has_scenario(self, ticket_id: str) -> bool:
        """Return whether a ticket has a scenario of its own, which is shown step by step."""
        accepted = self.complaint_of(ticket_id)
        return accepted is not None and accepted.source_id in SCENARIOS

    def outstanding(self) -> dict[str, list[str]]:
        """Return the reactions that have not happened yet: tracking ids by source id and type of event."""
        waiting: dict[str, list[str]] = defaultdict(list)
        for one in self.tickets.values():
            if one.accepted is not None and one.next_reaction is not None:
                waiting[f"{one.accepted.source_id}: {one.next_reaction.on.TYPE}"].append(one.accepted.tracking_id)
        return dict(waiting)
