"""Agencies, officers and reporters: each asks for what its next cue says, once it hears what the cue waits for."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from shared.delivery.outgoing import Outgoing
from shared.events import ComplaintAccepted, EventData, TicketRouted
from tindak.client.envelopes import update
from tindak.demo_story.script import CUES, Cue, cues_of


@dataclass
class Part:
    """One ticket as the cast knows it.

    Args:
        accepted: Which complaint it is; None until that is heard, for there is no order between two topics.
        agency: Who has it.
        played: How many of its cues have been played.
        unheard: What is kept until the complaint is known.
    """

    accepted: ComplaintAccepted | None = None
    agency: str | None = None
    played: int = 0
    unheard: list[EventData] = field(default_factory=list)

    @property
    def next_cue(self) -> Cue | None:
        """Return what is waited for, or None once everything has been done, or nothing is known yet."""
        cues = cues_of(self.accepted.source_id) if self.accepted else ()
        return cues[self.played] if self.played < len(cues) else None

    def hear(self, data: EventData) -> list[tuple[Cue, str]]:
        """Return the cues that are due by now, in order, with who plays each."""
        if isinstance(data, ComplaintAccepted):
            self.accepted = data
        self.unheard.append(data)
        if self.accepted is None:
            return []
        heard, self.unheard = self.unheard, []
        return [due for each in heard if (due := self.play(self.accepted, each)) is not None]

    def play(self, accepted: ComplaintAccepted, data: EventData) -> tuple[Cue, str] | None:
        """Return the next cue and who plays it, if that is what it waits for."""
        if isinstance(data, TicketRouted):
            self.agency = data.agency
        cue = self.next_cue
        if cue is None or not isinstance(data, cue.on):
            return None
        self.played += 1
        return cue, cue.by.format(agency=self.agency, channel=accepted.channel)


@dataclass
class Cast:
    """Everybody outside the services; ``parts`` is by ticket id."""

    parts: dict[str, Part] = field(default_factory=lambda: defaultdict(Part))

    def answer(self, data: EventData, now: datetime) -> list[Outgoing]:
        """Return what people ask for on hearing *data*."""
        ticket_id = getattr(data, "ticket_id", None)
        if ticket_id is None:
            return []
        return [
            update(cue.what.model_validate({**cue.say, "ticket_id": ticket_id}), source, now)
            for cue, source in self.parts[ticket_id].hear(data)
        ]

    def known(self, ticket_id: str) -> ComplaintAccepted | None:
        """Return the complaint of a ticket, or None while nothing is known of it."""
        return self.parts[ticket_id].accepted

    def is_storied(self, ticket_id: str) -> bool:
        """Return whether a ticket is told step by step."""
        accepted = self.known(ticket_id)
        return accepted is not None and accepted.source_id in CUES

    def unplayed(self) -> dict[str, list[str]]:
        """Return what is still waited for: tracking ids by source id and type of event."""
        waiting: dict[str, list[str]] = defaultdict(list)
        for part in self.parts.values():
            if part.accepted is not None and part.next_cue is not None:
                waiting[f"{part.accepted.source_id}: {part.next_cue.on.TYPE}"].append(part.accepted.tracking_id)
        return dict(waiting)
