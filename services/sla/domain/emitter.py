"""Builds the facts about one round of a clock: their topic, their common fields, and ids that survive redelivery."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.sla.domain.rounds import Round
from shared import topics
from shared.events import ClockFact, CompletionWindowExpired, Fact, FeedbackWindowExpired, SlaClock
from shared.events.catalogue import CATALOGUE
from shared.ids import occasion_id
from shared.values import value

TOPIC_OF = {entry.data: entry.topics[0] for entry in CATALOGUE if entry.published_by == "sla"}
TAKEN_BY_ROUTING = frozenset(entry.data for entry in CATALOGUE if topics.FOR_ROUTING in entry.topics)
OF_THE_AGENCY = (SlaClock.RESPOND, SlaClock.RESOLVE)
WINDOWS_EXPIRED = (FeedbackWindowExpired, CompletionWindowExpired)


@value
class ClockContext:
    """The ticket whose clock it is, and the two instants of a decision.

    Args:
        as_of: Up to when the passing of time counts.
        now: When the decision is made.
        parent, part: The ticket of which it is a part, and its number among the parts.
    """

    ticket_id: str
    tracking_id: str
    as_of: datetime
    now: datetime
    parent: str | None = None
    part: int | None = None


@dataclass(slots=True)
class FactEmitter:
    """Collects the facts about one round, in order."""

    context: ClockContext
    round: Round
    facts: list[Fact] = field(default_factory=list)

    @property
    def breach_id(self) -> str:
        """Return the id of the one breach that this round may have."""
        return occasion_id(self.context.ticket_id, f"breach|{self.round.clock}|{self.round.number}")

    def emit(
        self, kind: type[ClockFact], at: datetime | None = None, /, *, once: str | None = None, **data: Any
    ) -> None:
        """Add a fact.

        Args:
            kind: Type of the fact.
            at: When it happened; None for the moment of deciding.
            once: Name of an occasion that a round has once in its life, from which the event's id follows.
            data: The rest of the fact.
        """
        clock, number, context = self.round.clock, self.round.number, self.context
        fact = kind.of(
            {
                "ticket_id": context.ticket_id, "tracking_id": context.tracking_id, "clock": clock, "round": number,
                "parent": context.parent, "part": context.part, **data,
            }
        )  # fmt: skip
        occasion = f"{clock}|{number}|{once}" if once else None
        is_for_routing = kind in TAKEN_BY_ROUTING and (clock in OF_THE_AGENCY or kind in WINDOWS_EXPIRED)
        also_on = (topics.FOR_ROUTING,) if is_for_routing else ()
        self.facts.append(Fact(fact, TOPIC_OF[kind], context.ticket_id, at, occasion, also_on))
