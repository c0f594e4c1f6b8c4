"""Agencies, officers and reporters: each asks for what its next cue says, once it hears what the cue waits for."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from shared.delivery.outgoing import Outgoing
from shared.events import ComplaintAccepted, Event, TicketRouted
from tindak.demo_story.script import CUES, Cue, cues_of
from tindak.envelopes import update


@dataclass
class Part:
    """One ticket as the cast knows it: which complaint it is, who has it, and how far its cues are."""

    source_id: str
    channel: str
    tracking_id: str
    agency: str | None = None
    played: int = 0

    @property
    def next_cue(self) -> Cue | None:
        """Return what is waited for, or None once everything has been done."""
        cues = cues_of(self.source_id)
        return cues[self.played] if self.played < len(cues) else None


@dataclass
class Cast:
    """Everybody outside the services."""

    parts: dict[str, Part] = field(default_factory=dict)

    def answer(self, event: Event, now: datetime) -> Outgoing | None:
        """Return what somebody asks for on hearing *event*, or None."""
        data = event.data
        if isinstance(data, ComplaintAccepted):
            self.parts[data.ticket_id] = Part(data.source_id, data.channel, data.tracking_id)
        ticket_id = getattr(data, "ticket_id", "")
        part = self.parts.get(ticket_id)
        if part is None:
            return None
        if isinstance(data, TicketRouted):
            part.agency = data.agency
        cue = part.next_cue
        if cue is None or not isinstance(data, cue.on):
            return None
        part.played += 1
        source = cue.by.format(agency=part.agency, channel=part.channel)
        return update(cue.what.model_validate({**cue.say, "ticket_id": ticket_id}), source, now)

    def is_storied(self, ticket_id: str) -> bool:
        """Return whether a ticket is told step by step."""
        part = self.parts.get(ticket_id)
        return part is not None and part.source_id in CUES

    def unplayed(self) -> dict[str, list[str]]:
        """Return what is still waited for: tracking ids by source id and type of event."""
        waiting: dict[str, list[str]] = defaultdict(list)
        for part in self.parts.values():
            if part.next_cue is not None:
                waiting[f"{part.source_id}: {part.next_cue.on.TYPE}"].append(part.tracking_id)
        return dict(waiting)
