"""What routing hears and which rule decides; never a rule itself."""

from collections.abc import Sequence
from datetime import datetime

from services.routing.domain.decide import decide
from services.routing.domain.rules import RoutingPolicy
from services.routing.domain.state import State
from shared import topics
from shared.delivery.ports import Record
from shared.events import Arrival, Decision, Event, Fact, UnreadableEvent


class RoutingHandler:
    """Complaints, updates and clocks in; the ticket's history out.

    Args:
        policy: The city's rules; may be replaced between two batches.
    """

    service = "routing"
    topics = (
        topics.ACCEPTED,
        topics.UPDATES,
        topics.SLA,
        topics.WARNINGS,
        topics.BREACHES,
        topics.replay_topic("routing"),
    )
    keeps_answers = False

    def __init__(self, policy: RoutingPolicy) -> None:
        self.policy = policy

    def key_of(self, event: Event) -> str:
        """Return the ticket that *event* concerns; every event on these topics names one."""
        ticket_id: str = getattr(event.data, "ticket_id")  # noqa: B009  # the catalogue's common type knows no field
        return ticket_id

    def decide(self, state: State | None, event: Event, arrival: Arrival) -> Decision[State]:
        """Return what follows from *event*."""
        return decide(self.policy, state, event, arrival)

    def refuse(self, record: Record, arrival: Arrival, fault: UnreadableEvent) -> Sequence[Fact] | None:
        """Return None: what cannot be read names no ticket that could be answered about, so it is a dead letter."""
        return None

    def due_at(self, state: State) -> datetime | None:
        """Return None: nothing here moves with time alone; the clocks are sla's."""
        return None
