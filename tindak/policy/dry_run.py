"""Runs intake's and routing's live code on reports by a policy, without publishing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from services.intake.tooling import Recognised, Rules, load_intake, recognise
from services.intake.tooling import dry_run as intake_answer
from services.routing.tooling import RoutingHandler, TextModel
from services.routing.tooling import dry_run as routing_handler
from shared import topics
from shared.events import (
    Arrival,
    ComplaintAccepted,
    ComplaintRejected,
    ComplaintSubmitted,
    Event,
    TicketRouted,
    TriageRequested,
)
from tindak.waiting import progress

BATCH_MAX = 500  # as many as a service takes at once; the model is asked about so many together

Routed = TicketRouted | TriageRequested


@dataclass(frozen=True)
class DryRun:
    """Intake and routing by one policy, and by one model if there is one."""

    intake: Rules
    routing: RoutingHandler

    @classmethod
    def of(cls, policy_dir: Path, model: TextModel | None = None) -> "DryRun":
        """Return the dry run of the policy below *policy_dir*; raise PolicyInvalid if a service would refuse it."""
        with progress("Reading the policy", 1) as advance:
            made = cls(load_intake(policy_dir), routing_handler(policy_dir, model))
            advance(1)
        return made

    @property
    def version(self) -> str:
        """Return the version of the policy."""
        return self.routing.policy.version

    def answer(self, submitted: ComplaintSubmitted, at: datetime) -> ComplaintAccepted | ComplaintRejected:
        """Return intake's answer to a report that arrives at *at*, without its contact."""
        return intake_answer(self.intake, submitted, at)

    def recognise(self, submitted: ComplaintSubmitted) -> Recognised | None:
        """Return by which rule and words a report is sensitive; None for any other."""
        return recognise(self.intake, submitted)

    async def route(self, complaints: Sequence[ComplaintAccepted]) -> list[Routed]:
        """Return routing's decision on each of the complaints, in order."""
        decided: list[Routed] = []
        with progress("Routing reports", len(complaints)) as advance:
            for start in range(0, len(complaints), BATCH_MAX):
                batch = complaints[start : start + BATCH_MAX]
                decided += await self._route(batch)
                advance(len(batch))
        return decided

    async def _route(self, complaints: Sequence[ComplaintAccepted]) -> list[Routed]:
        events = [_event_of(complaint) for complaint in complaints]
        rules = await self.routing.prefetch([(None, event) for event in events])
        decisions = [
            rules.decide(None, event, Arrival(topics.ACCEPTED, 0, 0, event.time, event.time)) for event in events
        ]
        return [_first_of([fact.data for fact in decision.facts]) for decision in decisions]


def _event_of(complaint: ComplaintAccepted) -> Event:
    ticket = complaint.ticket_id
    return Event(
        id=ticket, source="/tindak/intake", time=complaint.accepted_at, data=complaint,
        subject=ticket, key=ticket,
    )  # fmt: skip


def _first_of(events: Sequence[Any]) -> Routed:
    return next(data for data in events if isinstance(data, TicketRouted | TriageRequested))
