"""Connects sla's topics with its rules, and counts what they decide."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache

from prometheus_client import Counter

from services.sla.domain.history import MOVING_CLOCKS
from services.sla.domain.rules import SlaRules
from services.sla.domain.ticket import Ticket, decide, ended_at, tick
from shared import topics
from shared.delivery.ports import Record
from shared.events import (
    Applied,
    Arrival,
    ClockBreached,
    ClockMet,
    ClockStopped,
    Decision,
    Event,
    Fact,
    Refused,
    SlaClock,
    UnreadableEvent,
)
from shared.policy.retention import Retention
from shared.process import metrics


class SlaHandler:
    """Complaints, tickets and the passing of time in; clocks, warnings and breaches out.

    Args:
        rules: The policy of the clocks; may be replaced between two batches.
    """

    service = "sla"
    topics = (topics.ACCEPTED, topics.TICKETS, topics.replay_topic("sla"))
    keeps_answers = False

    def __init__(self, rules: SlaRules) -> None:
        self.rules = rules
        self.retention: Retention | None = None

    def use_policy(self, rules: SlaRules) -> None:
        """Decide by *rules* from now on, also about clocks that run already."""
        self.rules = rules

    @property
    def repeats_within(self) -> timedelta | None:
        """Return after which time no applied event is repeated."""
        return self.retention.applied_ids if self.retention else None

    def hears(self, kind: str) -> bool:
        """Return whether it may move a clock."""
        return kind in MOVING_CLOCKS

    def key_of(self, event: Event) -> str:
        """Return the ticket that *event* concerns; every event on these topics names one."""
        ticket_id: str = getattr(event.data, "ticket_id")  # noqa: B009  # the catalogue's common type knows no field
        return ticket_id

    def decide(self, state: Ticket | None, event: Event, arrival: Arrival) -> Decision[Ticket]:
        """Return what follows from *event*."""
        decision = decide(state, event, arrival, self.rules)
        _count_clocks(decision.facts)
        return decision

    def refuse(self, record: Record, arrival: Arrival, fault: UnreadableEvent) -> Refused:
        """Return no answer: what cannot be read names no ticket whose clocks it could move."""
        return Refused()

    def due_at(self, state: Ticket) -> datetime | None:
        """Return when the passing of time may lead to more facts; None if never."""
        return state.wakes_at

    def expires_at(self, state: Ticket) -> datetime | None:
        """Return from when on nobody asks for a ticket that has ended; None for one that has not."""
        return self.retention.dropped_at(ended_at(state)) if self.retention else None

    def tick(self, state: Ticket, now: datetime) -> Applied[Ticket]:
        """Return what has followed from the passing of time up to *now*."""
        decision = tick(state, self.rules, now)
        _count_clocks(decision.facts)
        return decision


def _count_clocks(facts: Iterable[Fact]) -> None:
    """Count what the clocks say; a decision that is made again, after an outage or a lost save, is counted again."""
    for fact in facts:
        match fact.data:
            case ClockBreached(clock=clock, due_at=due_at, breached_at=breached_at):
                metrics.BREACH_LATENESS_SECONDS.labels(clock.value).observe((breached_at - due_at).total_seconds())
            case ClockMet(clock=clock, lateness_seconds=lateness_seconds):
                _ended(clock, "late" if lateness_seconds > 0 else "in_time").inc()
            case ClockStopped(clock=clock):
                _ended(clock, "stopped").inc()


@cache
def _ended(clock: SlaClock, how: str) -> Counter:
    return metrics.CLOCKS_ENDED.labels(clock.value, how)
